"""`tongcha engines`: which engines there are, and whether one keeps its promises here."""

from typing import Annotated, Any

import typer

from bench.cli.exits import MISTAKE, told
from bench.cli.options import EngineOptions, Json

app = typer.Typer(help="List the engines, and check one.", invoke_without_command=True)


@app.callback()
def engines(context: typer.Context, json: Json = False) -> None:
    """List the engines: installed or not, versions, and how to install the others."""
    if context.invoked_subcommand:
        return
    from bench.cli.screen import print_json, print_words
    from indexers import registry

    with told():
        states = registry.status()
        if json:
            print_json(states)
            return
        rows = [
            [
                state.id,
                _state(state.installed, state.server),
                ", ".join(state.setups) if state.installed else "",
                ", ".join(f"{name} {version}" for name, version in state.versions.items()) or state.install,
                state.summary,
            ]
            for state in states
        ]
        header = ["engine", "state", "set-ups", "versions, or how to install", "what it is"]
        print_words(header, rows)
        if not all(state.installed for state in states):
            typer.echo("Install a missing engine with its line above, then list again.")
        if any(state.installed and state.server for state in states):
            typer.echo("How to start a server and say where it is: docs/servers.md; then: tongcha engines check NAME")


@app.command()
def check(
    engine: Annotated[str, typer.Argument(help="Engine id, as `tongcha engines` lists it.", metavar="NAME")],
    option: EngineOptions = None,
    query: Annotated[
        str, typer.Option(help="What to ask a portal's own search; others are asked by the suite.", metavar="TEXT")
    ] = "身份证",
    json: Json = False,
) -> None:
    """See whether an engine works here and keeps every promise; ends with 1 when it breaks one.

    Reaches its server where it has one and leaves nothing there. A portal's own search is asked one question.
    """
    from bench.cli.options import engine_options
    from indexers import registry

    options = engine_options(option)
    with told():
        setup = registry.resolve(engine, options)
        if registry.track(setup) == "own-index":
            _ask_once(setup, query, json=json)
        else:
            _check_promises(setup, json=json)


def _check_promises(setup: Any, *, json: bool) -> None:
    import tempfile
    from pathlib import Path

    from bench.cli.screen import Screen, print_json
    from indexers import registry
    from indexers.conformance import CHECKS, verdicts

    found = []
    with tempfile.TemporaryDirectory(prefix="tongcha-") as folder, Screen() as screen:
        index = registry.create(setup, Path(folder) / "described")
        described = index.describe()  # a server that is not there is told once, not for every promise
        index.close()
        progress = screen.phase(f"{setup.id} · promises", len(CHECKS))
        for verdict in verdicts(lambda place: registry.create(setup, place), Path(folder)):
            found.append(verdict)
            progress(len(found))
    broken = [verdict for verdict in found if verdict.broken]
    if json:
        kept = [{"promise": one.promise, "claim": one.claim, "broken": one.broken} for one in found]
        print_json({"engine": setup.id, "describe": described, "promises": kept})
    else:
        for one in found:
            typer.echo(f"{'BROKEN' if one.broken else 'kept  '}  {one.claim}")
            if one.broken:
                typer.echo(f"        {one.promise}: {one.broken}")
        versions = ", ".join(f"{name} {version}" for name, version in described.get("versions", {}).items())
        typer.echo(f"{setup.id} ({versions}): {len(found) - len(broken)} of {len(found)} promises kept")
    if broken:
        raise typer.Exit(MISTAKE)


def _ask_once(setup: Any, query: str, *, json: bool) -> None:
    import tempfile
    from pathlib import Path

    from bench.cli.screen import print_json
    from corpora.model import Document
    from indexers import registry
    from indexers.pages import write_pages

    with tempfile.TemporaryDirectory(prefix="tongcha-") as folder:
        no_pages: list[Document] = []
        write_pages(Path(folder), no_pages)
        portal = registry.create(setup, Path(folder))
        try:
            hits = portal.search(query, 10)
        finally:
            portal.close()
    if json:
        print_json({"engine": setup.id, "query": query, "hits": hits})
        return
    for rank, hit in enumerate(hits, 1):
        typer.echo(f"{rank:2}  {hit.published or '-':10}  {hit.title}  {hit.url}")
    typer.echo(f"{setup.id}: {len(hits)} results for {query}")


def _state(installed: bool, server: str) -> str:
    if not installed:
        return "missing"
    return f"needs {server}" if server else "installed"
