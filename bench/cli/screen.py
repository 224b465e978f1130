"""What commands show: progress on standard error, results on standard output."""

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from bench.report import notes, tables
from bench.report.words import Words
from bench.summary import Summary

_PIPE_WIDTH = 220
_TELL_EVERY_S = 60.0
"""How often a phase is told of where there is no terminal to draw a bar on."""
_ONE_TABLE_WIDTH = 170
_SPEED_OVER_S = 300.0
"""The time left is told from this much of the past; engines that encode move on only every few seconds."""


class Screen:
    """Progress bars for the phases of a run, and notes between them; plain lines where there is no terminal."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            speed_estimate_period=_SPEED_OVER_S,
            console=self._console,
            disable=not self._console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def phase(self, name: str, total: int | None, done: int = 0) -> Callable[[int], None]:
        """Show a bar for a phase."""
        task = self._progress.add_task(name, total=total, completed=done)
        if self._console.is_terminal or total is None:
            return lambda completed: self._progress.update(task, completed=completed, total=total or completed)
        self.note(name)
        told = time.monotonic()

        def tell(completed: int) -> None:
            nonlocal told
            if time.monotonic() - told > _TELL_EVERY_S:
                told = time.monotonic()
                self.note(f"{name}: {completed} of {total}")

        return tell

    def progress(self, name: str) -> Callable[[int, int, str], None]:
        """Show a bar whose end moves; it is told how much is done, how much there is, and a remark."""
        if not self._console.is_terminal:
            self.note(name)
        task = self._progress.add_task(name, total=None)

        def show(completed: int, total: int, remark: str) -> None:
            self._progress.update(task, completed=completed, total=total, description=f"{name}, {remark}")

        return show

    def note(self, text: str) -> None:
        """Show a line."""
        self._console.print(escape(text), highlight=False)


def print_json(value: Any) -> None:
    """Print a record or builtin as JSON on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_facts(facts: Mapping[str, Any], *, json: bool) -> None:
    """Print named facts as JSON, or a line each without the empty ones."""
    if json:
        print_json(facts)
    else:
        sys.stdout.write("".join(f"{name}: {value}\n" for name, value in facts.items() if value))


def print_summary(summary: Summary, written: Iterable[Path]) -> None:
    """Print the final table with the sentences that it needs, and where the reports are."""
    words = Words("en")
    console = _console()
    console.print()
    console.print(escape(f"{summary.name}: {notes.lead(summary, words)}"), highlight=False)
    table = tables.final(summary, words)
    if console.width >= _ONE_TABLE_WIDTH:
        print_table(table)
    else:
        headlines = 1 + len(notes.means(summary, words))
        print_table(_columns(table, range(headlines)))
        print_table(_columns(table, [0, *range(headlines, len(table.header))]))
    for name, meaning in notes.means(summary, words):
        console.print(escape(f"{name}: {meaning}; 0-100 with 95 % interval"), style="dim", highlight=False)
    for name, groups in tables.tied(summary, words):
        console.print(escape(f"{words('tied')}, {name}: {groups}"), highlight=False)
    for warning in notes.warnings(summary, words):
        console.print(escape(warning), style="yellow", highlight=False)
    console.print()
    for path in written:
        console.print(escape(str(path)), highlight=False)


def print_table(table: tables.Table) -> None:
    """Print a table; all columns but the first are numbers."""
    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for place, name in enumerate(table.header):
        drawn.add_column(escape(name), justify="right" if place else "left", no_wrap=True)
    for row in table.rows:
        drawn.add_row(*map(escape, row))
    _console().print(drawn)


def print_words(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of words, broken over lines where the terminal is narrow."""
    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for name in header:
        drawn.add_column(escape(name))
    for row in rows:
        drawn.add_row(*map(escape, row))
    _console().print(drawn, highlight=False)


def _columns(table: tables.Table, places: Sequence[int]) -> tables.Table:
    def chosen(row: list[str]) -> list[str]:
        return [row[place] for place in places]

    return tables.Table(header=chosen(table.header), rows=[chosen(row) for row in table.rows])


def _console() -> Console:
    """Return standard output as rich sees it, wide where it goes into a file or pipe."""
    return Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)
