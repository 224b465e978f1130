"""一网通查: many sites' searchers behind one query, asked at the same time, with a deadline.

A member that is dead or late costs its own results and nothing else: the answer of the others is given and flagged as
partial. Each member has one thread, so that it is never asked twice at once; while it is stuck on an earlier query it
counts as late. What a member waits of its own accord, so as not to be a burden, does not count against the deadline.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from queue import SimpleQueue
from typing import Any, Literal

import msgspec

from indexers.api import Hit, Polite, Searcher
from indexers.errors import BlockedError, SearchError, SearchTimeoutError, UnsupportedError
from indexers.fusion import BY_RANK, Method, Norm, fuse

Lack = Literal["late", "blocked", "unsupported", "failed"]

_SHOWN = 80
"""Characters of a member's error that the remark on a partial answer shows."""
_LOOK_EVERY_S = 0.2
"""How often a polite member is looked at for what it has waited since."""


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A member whose results an answer lacks, and why."""

    member: str
    lack: Lack
    detail: str


class Federation:
    """A searcher over the searchers of many sites; what its members hold may overlap.

    `members` are searchers by the host name of their site. Without a `site` all are asked for `k_each` hits each, which
    are fused; with one, only that member is. Members are never given a site: each searches what it holds. Members of
    one engine have `comparable` scores, which then decide between equal fused ones.
    """

    def __init__(
        self,
        members: Mapping[str, Searcher],
        *,
        method: Method = "rrf",
        norm: Norm = "min-max",
        deadline_s: float = 5.0,
        k_each: int = 100,
        comparable: bool = False,
    ) -> None:
        self._members = dict(members)
        self._method: Method = method
        self._norm: Norm = norm
        self._deadline_s = deadline_s
        self._k_each = k_each
        self._comparable = comparable
        self._last_asked = 0
        self._lanes: dict[str, _Lane] = {}
        self._asked = 0
        self._partial = 0
        self._waited_s = 0.0
        self._lacked: Counter[tuple[str, Lack]] = Counter()
        self.last_missing: tuple[Missing, ...] = ()
        """Members whose results the last answer lacks, in the order of the members."""

    @property
    def last_partial(self) -> str:
        """What the last answer lacks, in one line; empty when every member that was asked answered."""
        if not self.last_missing:
            return ""
        named = "; ".join(f"{one.member} {one.lack} ({one.detail[:_SHOWN]})" for one in self.last_missing)
        return f"partial: {len(self.last_missing)} of {self._last_asked} sites missing: {named}"

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the best `k` of what the members find before the deadline, each document once.

        Raises the members' kind of `SearchError` when none of those asked answered. A site that no member has finds
        nothing.
        """
        self.last_missing, self._waited_s = (), 0.0
        # Pages that name no site make a member "" of their own, which an empty `site` must not single out.
        asked = {name: searcher for name, searcher in self._members.items() if site in ("", name)}
        self._last_asked = len(asked)
        if k < 1 or not asked:
            return []
        # Over all sites the depth is the same for every k: normalised scores depend on it, and so would the order.
        depth = max(k, self._k_each) if site else self._k_each
        lists, self.last_missing = self._ask(asked, text, depth)
        self._asked += 1
        self._partial += bool(self.last_missing)
        self._lacked.update((one.member, one.lack) for one in self.last_missing)
        if not lists:
            raise _nobody_answered(self.last_missing)
        return fuse(lists, self._method, self._norm, comparable=self._comparable)[:k]

    def waited_s(self) -> float:
        """Return how much earlier the last answer had been there without the members' own waits, in seconds."""
        return self._waited_s

    def describe(self) -> dict[str, Any]:
        """Return how members are asked and fused, what each says of itself, and how many answers lacked which."""
        lacked: dict[str, dict[str, int]] = {}
        for (member, lack), times in sorted(self._lacked.items()):
            lacked.setdefault(member, {})[lack] = times
        return {
            "engine": "federation",
            **describe_fusion(self._method, self._norm, self._deadline_s, self._k_each, comparable=self._comparable),
            "members": {name: searcher.describe() for name, searcher in self._members.items()},
            "answers": {"asked": self._asked, "partial": self._partial, "lacked": lacked},
        }

    def close(self) -> None:
        """Close the members, each in its own thread; one that is stuck for longer than the deadline is left behind."""
        lanes, self._lanes = self._lanes, {}
        closing = [lane.submit(self._members[name].close) for name, lane in lanes.items()]
        for lane in lanes.values():
            lane.end()
        for name in self._members.keys() - lanes.keys():
            self._members[name].close()
        wait(closing, timeout=self._deadline_s)

    def _ask(
        self, asked: Mapping[str, Searcher], text: str, depth: int
    ) -> tuple[dict[str, list[Hit]], tuple[Missing, ...]]:
        """Return the lists of the members that answered in time, and which did not."""
        futures = {name: self._lane(name).submit(_search(searcher, text, depth)) for name, searcher in asked.items()}
        self._wait(asked, futures)
        lists: dict[str, list[Hit]] = {}
        missing: list[Missing] = []
        for name, future in futures.items():
            # Cancelled, a query that a stuck member did not begin is never put to it.
            if future.cancel() or not future.done():
                missing.append(Missing(member=name, lack="late", detail=f"no answer within {self._deadline_s:g} s"))
                continue
            problem = future.exception()
            if problem is None:
                lists[name] = future.result()
            else:
                missing.append(Missing(member=name, lack=_lack(problem), detail=_one_line(problem)))
        return lists, tuple(missing)

    def _wait(self, asked: Mapping[str, Searcher], futures: Mapping[str, Future[list[Hit]]]) -> None:
        """Wait until every member has answered or has used up the deadline, its own waits left out."""
        begun = time.monotonic()
        pending = dict(futures)
        needed_s = 0.0
        while pending:
            used_s = {name: time.monotonic() - begun - _waited_s(asked[name], pending[name]) for name in pending}
            for name in [name for name in pending if pending[name].done() or used_s[name] >= self._deadline_s]:
                needed_s = max(needed_s, min(used_s[name], self._deadline_s))
                del pending[name]
            left_s = [max(0.0, self._deadline_s - used_s[name]) for name in pending]
            if any(isinstance(asked[name], Polite) for name in pending):
                left_s.append(_LOOK_EVERY_S)
            wait(pending.values(), timeout=min(left_s, default=0.0), return_when=FIRST_COMPLETED)
        self._waited_s = max(0.0, time.monotonic() - begun - needed_s)

    def _lane(self, name: str) -> "_Lane":
        if name not in self._lanes:
            self._lanes[name] = _Lane(name)
        return self._lanes[name]


class _Lane:
    """One thread that does one thing after the other.

    Not a ThreadPoolExecutor: Python joins the threads of those before it exits, and would wait for a hanging member.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        threading.Thread(target=self._work, name=f"member {name}", daemon=True).start()

    def submit(self, call: Callable[[], Any]) -> "Future[Any]":
        future: Future[Any] = Future()
        self._jobs.put((future, call))
        return future

    def end(self) -> None:
        self._jobs.put(None)

    def _work(self) -> None:
        while job := self._jobs.get():
            future, call = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as problem:
                future.set_exception(problem)
            else:
                future.set_result(result)


def describe_fusion(method: Method, norm: Norm, deadline_s: float, k_each: int, *, comparable: bool) -> dict[str, Any]:
    """Return how answers are fused, as `describe()` shows it."""
    return {
        "ranking": {"name": method} if method in BY_RANK else {"name": method, "normalisation": norm},
        "deadline_s": deadline_s,
        "k_each": k_each,
        "ties": f"better rank, {'higher own score, ' if comparable else ''}order of the sites",
    }


def _search(searcher: Searcher, text: str, depth: int) -> Callable[[], list[Hit]]:
    return lambda: searcher.search(text, depth)


def _waited_s(searcher: Searcher, future: Future[list[Hit]]) -> float:
    """Return how long a member has waited of its own accord for this query; nothing before it has begun with it."""
    return searcher.waited_s() if isinstance(searcher, Polite) and (future.running() or future.done()) else 0.0


def _lack(problem: BaseException) -> Lack:
    if isinstance(problem, BlockedError):
        return "blocked"
    if isinstance(problem, UnsupportedError):
        return "unsupported"
    return "late" if isinstance(problem, (SearchTimeoutError, TimeoutError, CancelledError)) else "failed"


def _nobody_answered(missing: tuple[Missing, ...]) -> SearchError:
    """Return the error of an answer that lacks every member: of their common kind if they have one."""
    first = missing[0]
    among = f" (first of {len(missing)} sites)" if len(missing) > 1 else ""
    text = f"no site answered: {first.member} {first.lack}, {first.detail}{among}"
    kinds = {one.lack for one in missing}
    if len(kinds) > 1:
        return SearchError(text)
    return _ERRORS[first.lack](text)


_ERRORS: Mapping[Lack, type[SearchError]] = {
    "late": SearchTimeoutError,
    "blocked": BlockedError,
    "unsupported": UnsupportedError,
    "failed": SearchError,
}


def _one_line(problem: BaseException) -> str:
    text = " ".join(str(problem).split())
    return text if isinstance(problem, SearchError) and text else f"{type(problem).__name__}: {text}"
