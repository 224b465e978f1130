"""The command line: `tongcha`. One file a verb; the only place that prints or exits."""

from bench.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line."""
    app()
