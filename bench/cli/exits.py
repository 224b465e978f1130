"""How commands end: one line for a user's mistake, and the exit codes."""

import contextlib
import os
import sys
from collections.abc import Iterator

import typer

MISTAKE = 1
INTERRUPTED = 130


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn what a command raises into a line on standard error and an exit code; a user sees no traceback.

    With TONGCHA_DEBUG set, the traceback of an error that tongcha did not foresee is shown.
    """
    from bench.errors import BenchError
    from corpora.errors import CorpusError
    from indexers.errors import IndexerError
    from queries.errors import QuerySetError

    try:
        yield
    except (BenchError, CorpusError, IndexerError, QuerySetError) as problem:
        _say(str(problem))
        raise typer.Exit(MISTAKE) from problem
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nothing more to say to it
        raise typer.Exit(MISTAKE) from None
    except OSError as problem:
        _say(f"{problem.filename or 'system'}: {problem.strerror or problem}: check the path, its rights and the disk")
        raise typer.Exit(MISTAKE) from problem
    except KeyboardInterrupt:
        _say("interrupted; run the same command again to go on")
        raise typer.Exit(INTERRUPTED) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as problem:
        if os.environ.get("TONGCHA_DEBUG"):
            raise
        _say(f"unforeseen {type(problem).__name__}: {problem}: please report it, with TONGCHA_DEBUG=1 for the details")
        raise typer.Exit(MISTAKE) from problem


def _say(text: str) -> None:
    for line in text.splitlines():
        typer.echo(f"tongcha: {line}", err=True)
