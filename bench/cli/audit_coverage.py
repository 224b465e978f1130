"""`tongcha audit-coverage`: which of a portal's own pages its search finds at all."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bench.cli.exits import told
from bench.cli.options import EngineOptions, Json, Lang

if TYPE_CHECKING:
    from bench.experiment import EngineSpec


def audit_coverage(
    corpus: Annotated[str, typer.Argument(help="Corpus folder or 'demo'.")],
    engine: Annotated[
        str, typer.Option(help="Engine id, as `tongcha engines` or the experiment file names it.", metavar="ID")
    ] = "",
    experiment: Annotated[
        Path | None,
        typer.Option(help="Experiment file whose engines have options, such as a live portal's.", show_default=False),
    ] = None,
    option: EngineOptions = None,
    preset: Annotated[
        Literal["full", "inspection"],
        typer.Option(help="inspection: titles only, as the inspection of government websites looks for them."),
    ] = "full",
    probe: Annotated[
        list[str] | None,
        typer.Option(help="title, number or sentence; repeat or separate by commas. Default: all.", metavar="KIND"),
    ] = None,
    first: Annotated[
        int | None,
        typer.Option(
            help="Results among which the page must be. [default: 10; a live portal's first page when inspected]",
            min=1,
            show_default=False,
        ),
    ] = None,
    size: Annotated[int, typer.Option(help="Pages to draw.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Decides which pages are drawn.")] = 2026,
    site: Annotated[str, typer.Option(help="Draw pages of this site only.", metavar="HOST")] = "",
    all_sites: Annotated[
        bool, typer.Option("--all-sites", help="Search all sites (一网通查), not the page's own (站内搜索).")
    ] = False,
    as_of: Annotated[str, typer.Option(help="Day from which ages count. [default: newest date in the corpus]")] = "",
    timeout_s: Annotated[
        float | None,
        typer.Option(
            help="An answer later than this is none. [default: the experiment's, or 10]", min=0.001, show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write. [default: coverage-NAME-ENGINE]", show_default=False)
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask anew in a new folder beside the old one.")] = False,
    retry_blocked: Annotated[
        bool, typer.Option("--retry-blocked", help="Ask again what was blocked when an audit goes on.")
    ] = False,
    lang: Lang = "zh",
    json: Json = False,
) -> None:
    """Search for a sample of the pages themselves, by title, document number and a distinctive sentence.

    Prints the share that the first results show, by column, age and format, with 95 % intervals. A killed audit goes on
    where it was when the same command is given again.
    """
    from bench.cli.options import engine_options
    from bench.cli.screen import Screen, print_json, print_table
    from bench.coverage import audit
    from bench.coverage_asking import Asking
    from bench.coverage_files import coverage_table, write_coverage
    from bench.coverage_sample import KINDS, probe_kinds
    from bench.errors import CoverageError
    from bench.experiment import folder_name
    from bench.results import fresh_folder
    from corpora.audit.meta import iso_date
    from corpora.store import open_corpus

    if experiment and option:
        raise typer.BadParameter("give either --experiment, which has the engine's options, or --option")
    options = engine_options(option)
    if preset == "inspection" and probe:
        raise typer.BadParameter("--preset inspection searches for titles: leave --probe out, or the preset")
    with told():
        if as_of and not iso_date(as_of):
            raise CoverageError(f"--as-of {as_of!r} is no date: write it as 2026-06-30")
        spec, usual_timeout_s = _spec(engine, experiment, options)
        opened = open_corpus(corpus)
        asking = Asking(
            preset=preset,
            kinds=("title",) if preset == "inspection" else probe_kinds(probe or KINDS),
            first=first or 0,
            size=size,
            seed=seed,
            as_of=as_of,
            site=site,
            own_site=not all_sites,
            timeout_s=timeout_s or usual_timeout_s,
        )
        folder = out or Path(f"coverage-{folder_name(opened.card.name)}-{spec.id}")
        folder = fresh_folder(folder) if fresh else folder
        with Screen() as screen:
            found = audit(opened, corpus, spec, asking, folder, screen, retry_blocked=retry_blocked)
        written = write_coverage(folder, found, lang)
        if json:
            shown = {
                name: getattr(found, name) for name in found.__struct_fields__ if name not in ("probed", "describe")
            }
            print_json({**shown, "written": [str(path) for path in written]})
            return
        typer.echo(
            f"{found.corpus}, {found.engine}: {found.drawn} of {found.pages} pages, {len(found.probed)} searches, "
            + ("each on the page's own site" if asking.own_site else "over all sites")
        )
        print_table(coverage_table(found))
        if silent := found.drawn - len({one.probe.doc_id for one in found.probed}):
            typer.echo(f"pages with nothing to search for: {silent}")
        odd = {outcome: count for outcome, count in found.outcomes.items() if outcome not in ("answered", "empty")}
        if odd:
            typer.echo("without an answer: " + ", ".join(f"{count} {outcome}" for outcome, count in odd.items()))
        if found.partial:
            typer.echo(f"partial answers: {found.partial}")
        if found.unmapped:
            typer.echo(f"results that the corpus does not hold: {found.unmapped} of {found.shown}")
        typer.echo("\n".join(str(path) for path in written))


def _spec(engine: str, path: Path | None, options: dict[str, Any]) -> "tuple[EngineSpec, float]":
    """Return the engine to audit, with options from the command or the experiment file, and the timeout in seconds."""
    from bench.errors import CoverageError
    from bench.experiment import EngineSpec, Replay, read_experiment
    from indexers import registry

    if path is None:
        if not engine:
            raise CoverageError("name what to audit: --engine ID, or --experiment FILE for a live portal")
        if registry.track_of(engine) == "own-index" and not options:
            raise CoverageError(
                f"engine {engine!r} needs options, such as an address: give them by --option, or describe it in an "
                "experiment file and give --experiment FILE"
            )
        return EngineSpec(id=engine, options=options), Replay().timeout_s
    experiment, _ = read_experiment(path, to_run=False)
    specs = {item if isinstance(item, str) else item.id: item for item in experiment.engines}
    if not engine and len(specs) == 1:
        engine = next(iter(specs))
    if engine not in specs:
        named = ", ".join(specs) or "none"
        raise CoverageError(f"{path} names no engine {engine!r}: choose --engine from {named}")
    chosen = specs[engine]
    return EngineSpec(id=chosen) if isinstance(chosen, str) else chosen, experiment.replay.timeout_s
