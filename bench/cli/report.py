"""`tongcha report`: write the reports of a run again."""

from pathlib import Path
from typing import Annotated

import typer

from bench.cli.exits import told
from bench.cli.options import Json, Lang


def report(
    folder: Annotated[Path, typer.Argument(help="Run folder that `tongcha run` wrote.")],
    lang: Lang = "zh",
    json: Json = False,
) -> None:
    """Write report.html, report.xlsx and report.md of a run folder, from its files alone."""
    from bench.cli.screen import print_json
    from bench.rescore import rescore, write_reports
    from bench.results import RunFolder

    with told():
        run = RunFolder(folder)
        summary = rescore(run)
        written = [str(path) for path in write_reports(run, summary, lang)]
        if json:
            print_json({"reports": written, "summary": summary})
        else:
            typer.echo("\n".join(written))
