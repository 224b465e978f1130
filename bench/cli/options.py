"""Options that several verbs share."""

from typing import Annotated, Literal

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Lang = Annotated[Literal["zh", "en"], typer.Option(help="Language of the report.")]
Runs = Annotated[str, typer.Option("--runs", help="Folder that holds run folders.", metavar="DIR")]
Measures = Annotated[
    list[str] | None,
    typer.Option("--measure", "-m", help="Measure such as nDCG@10, P(rel=2)@5 or map; repeat for more.", metavar="M"),
]
