"""`tongcha engines`: which engines there are."""

import typer

from bench.cli.exits import told
from bench.cli.options import Json


def engines(json: Json = False) -> None:
    """List the engines: installed or not, versions, and how to install the others."""
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
                "installed" if state.installed else "missing",
                ", ".join(state.setups) if state.installed else "",
                ", ".join(f"{name} {version}" for name, version in state.versions.items()) or state.install,
                state.summary,
            ]
            for state in states
        ]
        header = ["engine", "state", "set-ups to compare", "versions, or how to install", "what it is"]
        print_words(header, rows)
        if not all(state.installed for state in states):
            typer.echo("Install a missing engine with its line above, then list again.")
