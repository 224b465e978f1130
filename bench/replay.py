"""Replay: put every query to an engine once, and lose no answer."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from bench.errors import ReplayError
from bench.experiment import EngineSpec, Replay
from bench.processes import EngineDiedError, EngineProcess, EngineSilentError
from bench.response import Response
from bench.results import append
from bench.worker import Asked, ReplayJob, replay
from indexers import registry
from indexers.pages import UNMAPPED
from queries.model import Query

GRACE_S = 5.0
"""How long after the timeout a hanging engine's process is ended."""

START_WITHIN_S = 600.0
"""How long an engine may take to open its index and answer the warm-up queries."""

MAX_STOPS_IN_A_ROW = 5
"""An engine that hangs or crashes on more queries in a row than this is not asked further."""


class ReplayFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a replay beyond its responses."""

    describe: dict[str, object]
    peak_memory_bytes: int
    baseline_memory_bytes: int


class Recorder:
    """Checks each response and acknowledges it by appending it to the engine's file."""

    def __init__(
        self,
        engine: str,
        stream: IO[bytes],
        sites: Mapping[str, str],
        queries: Iterable[Query],
        k: int,
        *,
        own_index: bool = False,
    ) -> None:
        self._engine = engine
        self._stream = stream
        self._sites = sites
        self._asked_site = {query.id: site_of(query) for query in queries}
        self._k = k
        self._own_index = own_index

    def record(self, line: bytes) -> None:
        """Append one encoded response. Raises `ReplayError` when its hits break the rules of an answer.

        A service with an index of its own may show pages that the corpus does not hold, and those of another site
        where it ignores which one was asked: that is what citizens see, and it is kept.
        """
        response = msgspec.json.decode(line, type=Response)
        ids = [hit.doc_id for hit in response.hits]
        mistake = ""
        if len(ids) > self._k:
            mistake = f"returned {len(ids)} hits where {self._k} were wanted,"
        elif len(set(ids)) < len(ids):
            twice = sorted({doc_id for doc_id in ids if ids.count(doc_id) > 1})
            mistake = f"returned document {twice[0]!r} more than once"
        elif unknown := [doc_id for doc_id in ids if doc_id not in self._sites and not self._may_be_unknown(doc_id)]:
            mistake = f"returned document {unknown[0]!r}, which the corpus does not hold"
        elif (
            not self._own_index
            and (site := self._asked_site[response.query_id])
            and (elsewhere := [doc_id for doc_id in ids if self._sites[doc_id] != site])
        ):
            mistake = f"returned document {elsewhere[0]!r} of site {self._sites[elsewhere[0]]!r} in place of {site!r}"
        if mistake:
            raise ReplayError(
                f"engine {self._engine!r} {mistake} for query {response.query_id!r}: its answers cannot be scored, "
                "mend the engine (its index may be of another corpus) and run again"
            )
        append(self._stream, line)

    def _may_be_unknown(self, doc_id: str) -> bool:
        return self._own_index and doc_id.startswith(UNMAPPED)


def replay_engine(
    spec: EngineSpec,
    index: Path,
    queries: Sequence[Query],
    left: Sequence[Query],
    settings: Replay,
    recorder: Recorder,
    on_response: Callable[[], None],
) -> ReplayFacts:
    """Put those of the queries that are left to the engine, in their order, and record a response for each.

    A query on which the engine hangs or crashes is recorded as `timeout` or `failed` and the engine starts anew with
    the next one. Raises `ReplayError` when the engine cannot be started or stops on several queries in a row.
    """
    left = list(left)
    stops = 0
    setup = registry.resolve(spec.use or spec.id, spec.options)
    patience_s = _patience_s(settings) + registry.longest_wait_s(setup)
    if registry.track(setup) == "own-index":
        settings = msgspec.structs.replace(settings, warmup=0)  # it is warm, and asking twice is a burden
    while True:
        asked_at = 0.0
        started = False
        describe: dict[str, object] = {}
        try:
            with EngineProcess(replay, _job(spec, index, left, queries, settings)) as process:
                while True:
                    kind, content = process.receive(within_s=patience_s if started else START_WITHIN_S)
                    if kind == "problem":
                        raise ReplayError(f"engine {spec.id!r} cannot answer: {content}")
                    if kind == "ready":
                        started, describe = True, content
                    elif kind == "asking":
                        asked_at = time.time()
                    elif kind == "response":
                        recorder.record(content)
                        left.pop(0)
                        stops = 0
                        on_response()
                    else:
                        return ReplayFacts(describe=describe, **content)
        except (EngineSilentError, EngineDiedError) as problem:
            if not started:
                raise ReplayError(f"engine {spec.id!r} did not start: {_reason(problem)}") from problem
            stops += 1
            if stops > MAX_STOPS_IN_A_ROW or not left:
                raise ReplayError(
                    f"engine {spec.id!r} stopped {stops} times in a row ({_reason(problem)}): "
                    "look into it, then run again to go on from there"
                ) from problem
            recorder.record(_stopped(left.pop(0), asked_at, problem))
            on_response()


def _job(spec: EngineSpec, index: Path, left: Sequence[Query], queries: Sequence[Query], settings: Replay) -> ReplayJob:
    return ReplayJob(
        use=spec.use or spec.id,
        options=spec.options,
        folder=str(index),
        queries=tuple(map(_asked, left)),
        warmup=tuple(map(_asked, queries[-settings.warmup :])) if settings.warmup else (),
        k=settings.k,
        timeout_s=settings.timeout_s,
        rate_per_s=settings.rate_per_s,
    )


def _asked(query: Query) -> Asked:
    return Asked(id=query.id, text=query.text, site=site_of(query))


def site_of(query: Query) -> str:
    """Return the host name of the one site that a query is asked in, or nothing when it is asked over all."""
    return "" if query.scope == "all" else query.scope


def _patience_s(settings: Replay) -> float:
    """Return how long an engine that answers may be silent: its timeout, some grace, and the timetable's gap."""
    return settings.timeout_s + GRACE_S + (1 / settings.rate_per_s if settings.rate_per_s else 0.0)


def _stopped(query: Query, asked_at: float, problem: Exception) -> bytes:
    """Return the response for a query on which the engine's process had to be ended, or ended itself."""
    return msgspec.json.encode(
        Response(
            query_id=query.id,
            outcome="timeout" if isinstance(problem, EngineSilentError) else "failed",
            scheduled_at=asked_at,
            started_at=asked_at,
            took_ms=(time.time() - asked_at) * 1000,
            detail=_reason(problem),
        )
    )


def _reason(problem: Exception) -> str:
    if isinstance(problem, EngineSilentError):
        return "no answer; its process was ended"
    return f"its process died ({problem})"
