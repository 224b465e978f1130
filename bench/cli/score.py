"""`tongcha score`: score a run folder again, or any TREC run file."""

import contextlib
import gc
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli.exits import told
from bench.cli.options import Json, Measures

Ties = Literal["rank", "trec_eval"]


def score(
    folder: Annotated[
        Path | None, typer.Argument(help="Run folder that `tongcha run` wrote.", show_default=False)
    ] = None,
    qrels: Annotated[Path | None, typer.Option(help="TREC qrels file.", metavar="FILE")] = None,
    run: Annotated[Path | None, typer.Option(help="TREC run file, or ranx run as .json.", metavar="FILE")] = None,
    measure: Measures = None,
    ties: Annotated[
        Ties,
        typer.Option(help="Equal scores in a run file: keep the file's order, or document id descending as trec_eval."),
    ] = "rank",
    mean_only: Annotated[bool, typer.Option("--mean-only", help="Print only the means.")] = False,
    digits: Annotated[int, typer.Option(help="Decimals of printed values.", min=1, max=17)] = 4,
    json: Json = False,
) -> None:
    """Score a run folder from its files alone, or a TREC run file against TREC qrels.

    For files, prints trec_eval's lines: measure, query and value separated by tabs, the means (query `all`) last.
    Queries that the run misses score 0, as with trec_eval -c.
    """
    if bool(qrels) != bool(run) or bool(folder) == bool(run):
        raise typer.BadParameter("give either a run folder, or both --qrels and --run")
    with told():
        if qrels and run:
            with _without_collection():
                _score_files(qrels, run, measure or (), ties, mean_only=mean_only, digits=digits, json=json)
        elif folder:
            _score_folder(folder, measure or (), json=json)


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Spare a short command, whose objects live to its end, the fifth of its time that collecting garbage takes."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _score_files(
    qrels: Path, run: Path, names: Sequence[str], ties: Ties, *, mean_only: bool, digits: int, json: bool
) -> None:
    from bench.measure_names import chosen_measures, parse_measures
    from bench.measures import evaluate
    from bench.ranx_json import read_ranx_json
    from bench.trec import read_run
    from bench.trec_eval_lines import format_trec_eval
    from queries.trec import read_qrels

    parse_measures(names)  # a mistyped name is told before large files are read
    judgments = read_qrels(qrels)
    read = read_ranx_json if run.suffix == ".json" else read_run
    highest = int(judgments.select("grade").max().item())
    scores = evaluate(judgments, read(run, ties), chosen_measures(names, highest))
    if json:
        from bench.cli.screen import print_json

        values = {} if mean_only else {"queries": scores.by_query()}
        print_json({"mean": {str(measure): value for measure, value in scores.mean().items()}, **values})
    else:
        lines = format_trec_eval(scores, per_query=not mean_only, digits=digits)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    if scores.unjudged_queries:
        typer.echo(
            f"tongcha: {scores.unjudged_queries} queries of {run} have no judgments in {qrels} and are left out",
            err=True,
        )


def _score_folder(folder: Path, measures: Sequence[str], *, json: bool) -> None:
    from bench.cli.screen import print_json, print_summary
    from bench.rescore import rescore
    from bench.results import RunFolder

    summary = rescore(RunFolder(folder), measures)
    if json:
        print_json(summary)
    else:
        print_summary(summary, [folder / "scores.parquet"])
