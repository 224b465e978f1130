"""The typer application that the verbs hang on; importing it imports no verb's heavy parts."""

from typing import Annotated

import typer

from bench.cli import audit_coverage, corpus, engines, queries, report, run, score

app = typer.Typer(
    name="tongcha",
    help="通查: measure whether search on Chinese government portals lets citizens find it, fast, and right.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from bench.machine import version

        typer.echo(f"tongcha {version()}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.command("run")(run.run)
app.command("score")(score.score)
app.command("report")(report.report)
app.command("audit-coverage")(audit_coverage.audit_coverage)
app.add_typer(corpus.app, name="corpus")
app.add_typer(engines.app, name="engines")
app.add_typer(queries.app, name="queries")
