"""`tongcha run`: index, replay, score and report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli.exits import MISTAKE, told
from bench.cli.options import Json, Lang, Runs

if TYPE_CHECKING:
    from bench.experiment import Experiment


def run(
    experiment: Annotated[
        Path | None, typer.Argument(help="Experiment file; without one, the bundled experiment.", show_default=False)
    ] = None,
    corpus: Annotated[
        str | None, typer.Option(help="Corpus folder (tongcha or BEIR format) or 'demo'.", metavar="DIR")
    ] = None,
    queries: Annotated[
        str | None, typer.Option(help="Query set folder (tongcha, BEIR or TREC format) or 'demo'.", metavar="DIR")
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(help="Engine id; repeat or separate by commas. Default: every installed one.", metavar="ID"),
    ] = None,
    split: Annotated[str, typer.Option(help="Which qrels/SPLIT.tsv of a BEIR folder.", metavar="SPLIT")] = "",
    name: Annotated[str, typer.Option(help="Name of the run folder.", metavar="NAME")] = "",
    runs: Runs = "runs",
    fresh: Annotated[bool, typer.Option("--fresh", help="Measure anew in a new folder beside the old one.")] = False,
    reindex: Annotated[bool, typer.Option("--reindex", help="Build indexes anew even if cached.")] = False,
    lang: Lang = "zh",
    json: Json = False,
) -> None:
    """Compare engines: index the corpus, replay the queries, score, and write the run folder with its report.

    A killed run goes on where it was when the same command is given again.
    """
    from bench.cli.screen import Screen, print_json, print_summary
    from bench.rescore import rescore, write_reports
    from bench.run import run as run_experiment

    if experiment and (corpus or queries or engine or split):
        raise typer.BadParameter(
            "give either an experiment file, or --corpus, --queries, --engine and --split; "
            "several engines are --engine A --engine B, or --engine A,B"
        )
    if bool(corpus) != bool(queries):
        raise typer.BadParameter("--corpus and --queries go together")
    with told():
        chosen, content = _experiment(experiment, corpus, queries, tuple(engine or ()), split, name)
        with Screen() as screen:
            folder = run_experiment(chosen, content, Path(runs), screen, fresh=fresh, reindex=reindex)
            screen.note("scoring")
            summary = rescore(folder)
        reports = write_reports(folder, summary, lang)
        if json:
            print_json(summary)
        else:
            print_summary(summary, [*reports, folder.folder])
        if not summary.finished:
            raise typer.Exit(MISTAKE)


def _experiment(
    path: Path | None, corpus: str | None, queries: str | None, engines: tuple[str, ...], split: str, name: str
) -> "tuple[Experiment, bytes]":
    from bench.experiment import (
        bundled_experiment,
        folder_name,
        make_experiment,
        read_experiment,
        renamed,
        to_toml,
    )

    named = tuple(part.strip() for item in engines for part in item.split(",") if part.strip())
    if path:
        chosen, content = read_experiment(path)
        return (renamed(chosen, name) if name else chosen), content
    if corpus and queries:
        made = make_experiment(name or folder_name(Path(corpus).resolve().name), corpus, queries, named, split)
        return made, to_toml(made)
    chosen, content = bundled_experiment()
    if named or name:
        chosen = make_experiment(name or chosen.name, chosen.corpus, chosen.queries, named)
        content = to_toml(chosen)
    return chosen, content
