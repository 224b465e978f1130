"""Options that several verbs share."""

import tomllib
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Lang = Annotated[Literal["zh", "en"], typer.Option(help="Language of the report.")]
Runs = Annotated[str, typer.Option("--runs", help="Folder that holds run folders.", metavar="DIR")]
Measures = Annotated[
    list[str] | None,
    typer.Option("--measure", "-m", help="Measure such as nDCG@10, P(rel=2)@5 or map; repeat for more.", metavar="M"),
]
EngineOptions = Annotated[
    list[str] | None,
    typer.Option("--option", "-o", help="Option of the engine, such as k1=0.9; repeat for more.", metavar="KEY=VALUE"),
]


def engine_options(given: Iterable[str] | None) -> dict[str, Any]:
    """Return what `--option key=value` says; a value is TOML (`2`, `true`, `{ a = "b" }`), else text as it stands.

    Raises a usage error for what has no `=`.
    """
    options: dict[str, Any] = {}
    for one in given or ():
        key, equals, value = one.partition("=")
        if not equals or not key.strip():
            raise typer.BadParameter(f"--option {one!r}: write it as key=value")
        try:
            options[key.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            options[key.strip()] = value
    return options
