"""The addresses that are still to fetch, for one crawler: in its state file."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from corpora.crawl.limits import patterns
from corpora.crawl.plan import Entry, Plan
from corpora.crawl.state import State

Refused = list[tuple[Entry, str]]


class Frontier(Protocol):
    """What hands out addresses, each once; what was handed out and not finished when a crawler dies comes again."""

    joins: bool
    delay_of: Callable[[str], float] | None
    """Whether it is in the state file, so that one transaction can hold a page and its entry."""

    def begin(self, turn: int, finished: bool) -> int:
        """Return the turn that this crawl is in, the next one where the last is `finished` and this one begins anew."""

    def add(self, entries: Iterable[Entry]) -> Refused:
        """Take in addresses that were not seen yet; return those beyond a limit with the reason."""

    def take(self, busy: Mapping[str, int]) -> tuple[Entry, float] | None:
        """Return the next address and how many seconds to wait with it; `busy` counts requests under way by host."""

    def finish(self, entry: Entry, found: Sequence[Entry]) -> Refused:
        """Strike off an address and take in what it led to."""

    def retry(self, entry: Entry, delay_s: float) -> None:
        """Put an address back for later."""

    def counts(self) -> tuple[int, int]:
        """Return how many addresses wait or are under way, and how many are finished."""

    def close(self) -> None:
        """Give back what is not finished."""


class LocalFrontier:
    """A frontier of one crawler, nearest pages first, the host with the fewest requests under way before others."""

    joins = True
    delay_of: Callable[[str], float] | None = None  # Scrapy's downloader keeps the delay of a crawler on its own

    def __init__(self, state: State, plan: Plan, clock: Callable[[], float] = time.time) -> None:
        self._state = state
        self._plan = plan
        self._clock = clock
        self._waiting: Counter[str] = Counter()
        self._taken = 0
        self._done = 0

    def begin(self, turn: int, finished: bool) -> int:
        """Return the turn, and hand out again what a killed crawler had under way."""
        if finished or not turn:
            self._state.begin(turn + 1)
        connection = self._state.connection
        connection.execute("UPDATE frontier SET state = 'waiting' WHERE state = 'taken'")
        connection.execute("UPDATE frontier SET not_before = 0")
        self._waiting = Counter(
            dict(connection.execute("SELECT host, count(*) FROM frontier WHERE state = 'waiting' GROUP BY host"))
        )
        self._done = connection.execute("SELECT count(*) FROM frontier WHERE state = 'done'").fetchone()[0]
        return turn + 1 if finished or not turn else turn

    def add(self, entries: Iterable[Entry]) -> Refused:
        """Take in addresses that were not seen yet; return those beyond a limit with the reason."""
        connection = self._state.connection
        refused: Refused = []
        for entry in entries:
            if connection.execute("SELECT 1 FROM frontier WHERE key = ?", (entry.key,)).fetchone():
                continue
            counted = patterns(entry, self._plan)
            full = next((why for name, most, why in counted if most and self._seen(name) >= most), "")
            if full:
                refused.append((entry, full))
                continue
            connection.executemany(
                "INSERT INTO patterns VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET seen = seen + 1",
                [(name,) for name, _, _ in counted],
            )
            connection.execute(
                "INSERT INTO frontier VALUES (?, ?, ?, 'waiting', 0, ?)",
                (entry.key, entry.host, entry.depth, msgspec.msgpack.encode(entry)),
            )
            self._waiting[entry.host] += 1
        return refused

    def take(self, busy: Mapping[str, int]) -> tuple[Entry, float] | None:
        """Return the next address that may be asked for now; None while there is none such."""
        if self._plan.max_pages and self._done + self._taken >= self._plan.max_pages:
            return None
        hosts = [host for host, waiting in self._waiting.items() if waiting > 0]
        for host in sorted(hosts, key=lambda host: busy.get(host, 0)):
            if busy.get(host, 0) >= self._plan.per_host:
                return None
            row = self._state.connection.execute(
                "SELECT record FROM frontier WHERE host = ? AND state = 'waiting' AND not_before <= ? "
                "ORDER BY depth, key LIMIT 1",
                (host, self._clock()),
            ).fetchone()
            if row is not None:
                entry = msgspec.msgpack.decode(row[0], type=Entry)
                self._state.connection.execute("UPDATE frontier SET state = 'taken' WHERE key = ?", (entry.key,))
                self._waiting[host] -= 1
                self._taken += 1
                return entry, 0.0
        return None

    def finish(self, entry: Entry, found: Sequence[Entry]) -> Refused:
        """Strike off an address and take in what it led to."""
        self._state.connection.execute("UPDATE frontier SET state = 'done' WHERE key = ?", (entry.key,))
        self._taken -= 1
        self._done += 1
        return self.add(found)

    def retry(self, entry: Entry, delay_s: float) -> None:
        """Put an address back for later."""
        self._state.connection.execute(
            "UPDATE frontier SET state = 'waiting', not_before = ?, record = ? WHERE key = ?",
            (self._clock() + delay_s, msgspec.msgpack.encode(entry), entry.key),
        )
        self._taken -= 1
        self._waiting[entry.host] += 1

    def counts(self) -> tuple[int, int]:
        """Return how many addresses wait or are under way, and how many are finished."""
        waiting = self._waiting.total()
        if self._plan.max_pages and self._done + self._taken >= self._plan.max_pages:
            waiting = 0  # they stay where they are; the summary counts them
        return waiting + self._taken, self._done

    def left(self) -> int:
        """Return how many addresses were not asked for."""
        return self._waiting.total()

    def close(self) -> None:
        """Give back what is not finished; here the next `begin` does that."""

    def _seen(self, name: str) -> int:
        row = self._state.connection.execute("SELECT seen FROM patterns WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else int(row[0])
