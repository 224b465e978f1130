"""What runs in an engine's own process: building its index, or answering queries and timing the answers.

Each engine works in a process of its own, so that memory is its own, a crash ends nothing else, and a hanging search
can be ended. Messages to the parent are tuples whose first item says what they are.
"""

import multiprocessing
import multiprocessing.connection
import os
import threading
import time
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import msgspec

from bench.process_memory import peak_memory_bytes
from bench.response import Outcome, Response
from corpora.model import Document
from corpora.store import open_corpus
from indexers import registry
from indexers.api import Hit, OnServer, PartialSearcher, Polite, Searcher
from indexers.errors import BlockedError, SearchTimeoutError, UnsupportedError

_REPORT_EVERY_S = 0.1


class BuildJob(msgspec.Struct, frozen=True, kw_only=True):
    """Index a corpus with an engine into an empty folder."""

    use: str
    options: dict[str, Any]
    corpus: str
    folder: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is asked, and under which id the answer is kept."""

    id: str
    text: str
    site: str = ""
    """Host name of the one site to search; all sites when empty."""


class ReplayJob(msgspec.Struct, frozen=True, kw_only=True):
    """Put queries to a built engine."""

    use: str
    options: dict[str, Any]
    folder: str
    queries: tuple[Asked, ...]
    warmup: tuple[Asked, ...]
    k: int
    timeout_s: float
    rate_per_s: float | None


def build(job: BuildJob, parent: Connection) -> None:
    """Build an index. Sends ("indexed", documents) now and then, then ("built", facts) or ("problem", text)."""
    _end_with_parent()
    try:
        engine = registry.create(registry.resolve(job.use, job.options), Path(job.folder))
        documents = open_corpus(job.corpus)
        started = time.perf_counter()
        engine.build(_counted(documents, parent))
        build_s = time.perf_counter() - started
        facts: dict[str, Any] = {"build_s": build_s}
        if isinstance(engine, OnServer):
            facts["bytes"] = engine.stored_bytes()
        engine.close()
    except Exception as problem:
        parent.send(("problem", _one_line(problem)))
    else:
        if "bytes" not in facts:
            facts["peak_memory_bytes"] = peak_memory_bytes()
        parent.send(("built", facts))


def replay(job: ReplayJob, parent: Connection) -> None:
    """Answer the queries in order.

    Sends ("ready", description) once warmed up, ("asking", query id) before and ("response", JSON) after each query,
    then ("done", facts); ("problem", text) when the engine cannot be opened.
    """
    _end_with_parent()
    baseline = peak_memory_bytes()
    try:
        engine = registry.create(registry.resolve(job.use, job.options), Path(job.folder))
        for asked in job.warmup:
            _ask(engine, asked, job.k)
        parent.send(("ready", engine.describe()))
    except Exception as problem:
        parent.send(("problem", _one_line(problem)))
        return
    encode = msgspec.json.Encoder().encode
    epoch = time.time() - time.perf_counter()
    first = time.perf_counter()
    for position, asked in enumerate(job.queries):
        parent.send(("asking", asked.id))
        due = _wait_for(first, position, job.rate_per_s)
        started = time.perf_counter()
        outcome, hits, detail = _ask(engine, asked, job.k)
        waited_s = _waited_s(engine)
        first += waited_s  # the timetable waits, too
        took_s = time.perf_counter() - started - waited_s
        if started + took_s - due > job.timeout_s and outcome in ("answered", "empty"):
            outcome, hits, detail = "timeout", [], f"answered after {started + took_s - due:.1f} s"
        response = Response(
            query_id=asked.id,
            outcome=outcome,
            hits=tuple(hits),
            scheduled_at=epoch + due,
            started_at=epoch + started,
            took_ms=took_s * 1000,
            detail=detail,
        )
        parent.send(("response", encode(response)))
    engine.close()
    on_server = isinstance(engine, OnServer)  # the memory of a client says nothing of its server
    memory = {"peak_memory_bytes": 0 if on_server else peak_memory_bytes(), "baseline_memory_bytes": baseline}
    parent.send(("done", memory))


def _ask(engine: Searcher, asked: Asked, k: int) -> tuple[Outcome, list[Hit], str]:
    try:
        hits = engine.search(asked.text, k, asked.site)
    except UnsupportedError as problem:
        return "unsupported", [], _one_line(problem)
    except BlockedError as problem:
        return "blocked", [], _one_line(problem)
    except (SearchTimeoutError, TimeoutError) as problem:
        return "timeout", [], _one_line(problem)
    except Exception as problem:
        return "failed", [], _one_line(problem)
    return ("answered" if hits else "empty"), hits, engine.last_partial if isinstance(engine, PartialSearcher) else ""


def _waited_s(engine: Searcher) -> float:
    """Return how long the last search waited out of politeness: no citizen waits for that."""
    return float(engine.waited_s()) if isinstance(engine, Polite) else 0.0


def _wait_for(first: float, position: int, rate_per_s: float | None) -> float:
    """Return when the query is due, having waited for it; in a closed loop that is now."""
    if rate_per_s is None:
        return time.perf_counter()
    due = first + position / rate_per_s
    while (left := due - time.perf_counter()) > 0:
        time.sleep(left)
    return due


def _counted(documents: Iterable[Document], parent: Connection) -> Iterator[Document]:
    told = time.perf_counter()
    number = 0
    for number, document in enumerate(documents, 1):
        yield document
        if (now := time.perf_counter()) - told > _REPORT_EVERY_S:
            parent.send(("indexed", number))
            told = now
    parent.send(("indexed", number))


def _one_line(problem: BaseException) -> str:
    text = " ".join(str(problem).split())
    return text if type(problem).__module__.startswith("indexers.") and text else f"{type(problem).__name__}: {text}"


def _end_with_parent() -> None:
    """End this process when its parent is gone, however that ended: nobody would read what it does."""
    guardian = multiprocessing.parent_process()
    if guardian is not None:
        sentinel = guardian.sentinel

        def wait() -> None:
            multiprocessing.connection.wait([sentinel])
            os._exit(1)

        threading.Thread(target=wait, daemon=True).start()
