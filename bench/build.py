"""Indexes: built once for each corpus and set-up, in a process of their own, and kept in the cache."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.errors import ReplayError
from bench.experiment import EngineSpec
from bench.processes import EngineDiedError, EngineProcess
from bench.results import IndexFacts
from bench.worker import BuildJob, build
from corpora.cache import cache_root
from indexers import registry
from indexers.cache import IndexCache


def build_or_reuse(
    spec: EngineSpec, corpus: str, corpus_hash: str, on_documents: Callable[[int], None], *, anew: bool = False
) -> tuple[Path, IndexFacts]:
    """Return the index folder of a set-up over a corpus and how it came about, building it if the cache has none.

    Raises `ReplayError` when the engine cannot index the corpus; nothing half-built is kept.
    """
    raise NotImplementedError
