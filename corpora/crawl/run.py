"""Run a crawl in a process of its own, and tell how far it is."""

import contextlib
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import msgspec

from corpora.crawl.plan import Plan, check
from corpora.errors import CrawlError

MODULES = {"scrapy": "crawl", "warcio": "crawl"}
"""Module → extra that brings it."""

_LEAVE_S = 10.0
"""How long a crawler that was told to stop may take."""

Told = Callable[[int, int, int], None]
"""Is told how many addresses are finished, how many wait, and how many were refused."""


def require(plan: Plan) -> None:
    """Raise `CrawlError` with the line that installs what this plan needs and is missing."""
    needed = MODULES | ({"redis": "crawl-shared"} if plan.frontier else {})
    for module, extra in needed.items():
        if find_spec(module) is None:
            raise CrawlError(f"crawling needs the package '{module}': pip install 'tongcha[{extra}]'")


def crawl(plan: Plan, folder: Path, told: Told = lambda done, waiting, refused: None) -> None:
    """Crawl into a folder until nothing is left to fetch; a crawl that was stopped or killed goes on.

    Twisted's reactor runs once in a process, and a crawler must be stoppable at any moment: so it gets a process, which
    ends with this one. Raises `CrawlError` when it cannot start or ends early.
    """
    from corpora.crawl.child import LOG, Order, Word

    require(check(plan))
    command = [sys.executable, "-P", "-m", "corpora.crawl.child"]  # -P: no modules from the working directory
    # A session of its own keeps Ctrl-C from it: it is told by the end of its input, and stops between two changes.
    process = subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    if process.stdin is None or process.stdout is None:
        raise CrawlError("the crawler has no pipes")
    last = Word()
    try:
        process.stdin.write(msgspec.json.encode(Order(plan=plan, folder=str(folder))) + b"\n")
        process.stdin.flush()
        for line in process.stdout:
            last = msgspec.json.decode(line, type=Word)
            told(last.done, last.waiting, last.refused)
    except BrokenPipeError:
        pass  # it died at once; its code says so below
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
    if last.mistake:
        raise CrawlError(last.mistake)
    if not last.finished:
        raise CrawlError(
            f"the crawler ended early (code {process.returncode}): see {folder / LOG}; the same command goes on"
        )
