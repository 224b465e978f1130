"""`tongcha audit-coverage`: which of a portal's own pages its search finds at all."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli.exits import told
from bench.cli.options import Json


def audit_coverage(
    corpus: Annotated[str, typer.Argument(help="Corpus folder or 'demo'.")],
    engine: Annotated[str, typer.Option(help="Engine id, as `tongcha engines` lists it.", metavar="ID")],
    preset: Annotated[
        Literal["full", "inspection"],
        typer.Option(help="inspection: titles only, as the inspection of government websites looks for them."),
    ] = "full",
    probe: Annotated[
        list[str] | None,
        typer.Option(help="title, number or sentence; repeat or separate by commas. Default: all.", metavar="KIND"),
    ] = None,
    first: Annotated[int, typer.Option(help="Results among which the page must be.", min=1)] = 10,
    size: Annotated[int, typer.Option(help="Pages to draw.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Decides which pages are drawn.")] = 2026,
    site: Annotated[str, typer.Option(help="Draw pages of this site only.", metavar="HOST")] = "",
    all_sites: Annotated[
        bool, typer.Option("--all-sites", help="Search all sites (一网通查), not the page's own (站内搜索).")
    ] = False,
    as_of: Annotated[str, typer.Option(help="Day from which ages count. [default: newest date in the corpus]")] = "",
    timeout_s: Annotated[float, typer.Option(help="An answer later than this is none.", min=0.001)] = 10.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write. [default: coverage-NAME-ENGINE]", show_default=False)
    ] = None,
    json: Json = False,
) -> None:
    """Search for a sample of the pages themselves, by title, document number and a distinctive sentence.

    Prints the share that the first results show, by column, age and format, with 95 % intervals.
    """
    from bench.cli.screen import Screen, print_json, print_table
    from bench.coverage import Asking, audit
    from bench.coverage_files import coverage_table, write_coverage
    from bench.coverage_sample import KINDS, probe_kinds
    from bench.errors import CoverageError
    from bench.experiment import EngineSpec
    from corpora.audit.meta import iso_date
    from corpora.store import open_corpus
    from indexers import registry

    if preset == "inspection" and probe:
        raise typer.BadParameter("--preset inspection searches for titles: leave --probe out, or the preset")
    with told():
        if as_of and not iso_date(as_of):
            raise CoverageError(f"--as-of {as_of!r} is no date: write it as 2026-06-30")
        setup = registry.resolve(engine)  # a mistyped id is told before a large corpus is read
        if registry.track(setup) == "own-index":
            raise CoverageError(
                f"engine {engine!r} answers from an index of its own: only engines that index can be audited yet"
            )
        opened = open_corpus(corpus)
        asking = Asking(
            preset=preset,
            kinds=("title",) if preset == "inspection" else probe_kinds(probe or KINDS),
            first=first,
            size=size,
            seed=seed,
            as_of=as_of,
            site=site,
            own_site=not all_sites,
            timeout_s=timeout_s,
        )
        with Screen() as screen:
            found = audit(opened, corpus, EngineSpec(id=engine), asking, screen)
        written = write_coverage(out or Path(f"coverage-{found.corpus}-{engine}"), found)
        if json:
            shown = {
                name: getattr(found, name) for name in found.__struct_fields__ if name not in ("probed", "describe")
            }
            print_json({**shown, "written": [str(path) for path in written]})
            return
        typer.echo(
            f"{found.corpus}, {engine}: {found.drawn} of {found.pages} pages, {len(found.probed)} searches, "
            + ("each on the page's own site" if asking.own_site else "over all sites")
        )
        print_table(coverage_table(found))
        if silent := found.drawn - len({one.probe.doc_id for one in found.probed}):
            typer.echo(f"pages with nothing to search for: {silent}")
        odd = {outcome: count for outcome, count in found.outcomes.items() if outcome not in ("answered", "empty")}
        if odd:
            typer.echo("without an answer: " + ", ".join(f"{count} {outcome}" for outcome, count in odd.items()))
        partial = sum(one.detail.startswith("partial:") for one in found.probed)
        if partial:
            typer.echo(f"partial answers: {partial}")
        typer.echo("\n".join(str(path) for path in written))
