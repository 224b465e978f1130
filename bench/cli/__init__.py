"""The command line: `tongcha`. One file a verb; the only place that prints or exits."""

import io
import sys

from bench.cli.app import app

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; characters that the terminal's encoding lacks are shown as `?`, never as a failure."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()
