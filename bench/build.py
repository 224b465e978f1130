"""Indexes: built once for each corpus and set-up, in a process of their own, and kept in the cache."""

import contextlib
import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from bench.errors import ReplayError
from bench.experiment import EngineSpec
from bench.machine import machine
from bench.processes import EngineDiedError, EngineProcess
from bench.results import IndexFacts
from bench.worker import BuildJob, build
from corpora.cache import cache_root
from corpora.store import Corpus, build_once
from indexers import registry
from indexers.api import OnServer
from indexers.cache import IndexCache, IndexRecord
from indexers.errors import IndexerError
from indexers.made_by import FILE as MADE_BY
from indexers.pages import write_pages
from indexers.registry import EngineSetup

PAGES_FORM = 1
"""Raise it when canonical URLs, or the file of them, take another form."""


def build_or_reuse(
    spec: EngineSpec, corpus: str, corpus_hash: str, on_documents: Callable[[int], None], *, anew: bool = False
) -> tuple[Path, IndexFacts]:
    """Return the index folder of a set-up over a corpus and how it came about, building it if the cache has none.

    `anew` builds it even so. Raises `ReplayError` when the engine cannot index the corpus; nothing half-built is kept.
    """
    setup = registry.resolve(spec.use or spec.id, spec.options)
    cache = IndexCache(cache_root() / "indexes")
    key = cache.key(corpus_hash, setup)
    if anew or (setup.server and _is_lost(setup, cache.folder(key))):
        _drop(setup, cache, key)
    record = cache.find(key)
    reused = record is not None
    if record is None:
        temporary = cache.begin(key)
        try:
            measured = _build(spec, setup, corpus, temporary, on_documents)
            cache.commit(
                key,
                temporary,
                IndexRecord(
                    engine=setup.id,
                    options=registry.without_secrets(setup.id, msgspec.to_builtins(setup.options)),
                    versions=registry.versions(setup),
                    corpus_hash=corpus_hash,
                    built_at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                    machine=machine(),
                    **measured,
                ),
            )
        except BaseException:
            _drop_from_server(setup, temporary)
            cache.discard(temporary)
            raise
        record = cache.find(key)
        if record is None:
            raise ReplayError(f"engine {spec.id!r}: its index {cache.folder(key)} vanished: run again")
    return cache.folder(key), IndexFacts(
        build_s=record.build_s,
        bytes=record.bytes or 0,
        peak_memory_bytes=record.peak_memory_bytes or 0,
        built_at=record.built_at,
        reused=reused,
    )


def pages_folder(corpus: Corpus, corpus_hash: str) -> Path:
    """Return a folder that tells which document of the corpus a URL names, made once for each corpus."""
    return build_once(cache_root() / "pages" / f"{PAGES_FORM}-{corpus_hash[:16]}", lambda to: write_pages(to, corpus))


def _is_lost(setup: EngineSetup, folder: Path) -> bool:
    """Return whether a server does not hold the index any longer that the folder names."""
    index = registry.create(setup, folder)
    try:
        return isinstance(index, OnServer) and (folder / MADE_BY).is_file() and not index.is_there()
    finally:
        index.close()


def _drop(setup: EngineSetup, cache: IndexCache, key: str) -> None:
    _drop_from_server(setup, cache.folder(key))
    cache.drop(key)


def _drop_from_server(setup: EngineSetup, folder: Path) -> None:
    if not setup.server:
        return
    index = registry.create(setup, folder)
    try:
        if isinstance(index, OnServer) and folder.is_dir():
            with contextlib.suppress(IndexerError):  # a server that is gone holds nothing of ours
                index.drop()
    finally:
        index.close()


def _build(
    spec: EngineSpec, setup: EngineSetup, corpus: str, folder: Path, on_documents: Callable[[int], None]
) -> dict[str, Any]:
    """Build in a process of its own and return what was measured: documents, build_s, peak_memory_bytes."""
    job = BuildJob(use=setup.id, options=spec.options, corpus=corpus, folder=str(folder))
    documents = 0
    try:
        with EngineProcess(build, job) as process:
            while True:
                kind, content = process.receive()
                if kind == "indexed":
                    documents = content
                    on_documents(content)
                elif kind == "built":
                    return {"documents": documents, **content}
                else:
                    raise ReplayError(f"engine {spec.id!r} cannot index the corpus: {content}")
    except EngineDiedError as problem:
        raise ReplayError(f"engine {spec.id!r} cannot index the corpus: its process died ({problem})") from problem
