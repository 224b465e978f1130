"""Hybrid: the lists of a lexical engine and of `dense`, fused by reciprocal rank (RRF).

Set-up: `lexical` is any engine id (`bm25s`), `dense` holds the options of that engine; each gives its best `k_each`
(100), and a page scores the sum of 1 / (`rrf_constant` + rank) over the lists that hold it, with the constant 60 of the
method's authors (Cormack, Clarke and Büttcher, SIGIR 2009). Nothing is weighted or tuned.

The fusion is `indexers.fusion`'s. It gives the numbers of ranx's `rrf`, as `tests/test_fusion.py` and
`tests/test_hybrid.py` check against ranx itself; ranx is not on the way of a query since importing it takes seconds and
its first fusion compiles for up to a minute.

Quirks:

- `dense` always finds something, so that this engine does (`limits`: `matches` is `nearest`).
- The lists are of `k_each` whatever `k` is, so that a smaller `k` is the beginning of a larger one. More hits
  than the two lists hold together there never are; with `k` above `k_each` there may be fewer than `k`.
- Within one site both members search that site, and ranks are counted in it. The order of its pages can so differ from
  the order that they have among all (`limits`: `site_order` is `ranks within the site`).
- Of equal sums the better rank comes first, then the lexical list.
- The members answer one after the other: the time is the sum of theirs, and mostly that of encoding the query.
- Dense vectors are made while the pages are read, so that progress is theirs; the lexical index follows in the end.
"""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec

from corpora.model import Document
from indexers import registry
from indexers.api import Hit, Index
from indexers.engines.dense import DISTRIBUTIONS as DENSE_DISTRIBUTIONS
from indexers.engines.dense import Engine as DenseEngine
from indexers.engines.dense import Options as DenseOptions
from indexers.engines.dense import missing as dense_lacks
from indexers.errors import MissingPackageError, OptionsError
from indexers.fusion import RRF_K, fuse
from indexers.made_by import forget_made_by, read_made_by, write_made_by

DISTRIBUTIONS = DENSE_DISTRIBUTIONS
COMPARED_BY_DEFAULT = False
"""Encoding a corpus takes minutes to hours."""


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the hybrid engine."""

    lexical: str = "bm25s"
    """Id of the engine that finds words."""
    dense: DenseOptions = DenseOptions()
    k_each: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    rrf_constant: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = RRF_K


SETUPS = {"": Options()}


def missing(options: Options) -> str:
    """Return what the members lack on this machine."""
    try:
        registry.resolve(options.lexical)
    except MissingPackageError as error:
        return f"the engine {options.lexical!r}, which is not installed: {str(error).partition(': ')[2]}"
    return dense_lacks(options.dense)


def check_options(options: Options) -> None:
    """Raise what `resolve` raises for an unknown member, and `OptionsError` for one that cannot be one."""
    name = options.lexical
    if name in ("hybrid", "dense", "dense-hnsw"):
        raise OptionsError(f"engine 'hybrid': lexical = {name!r} is no engine for words: name one such as 'bm25s'")
    setup = registry.resolve(name)
    if registry.track(setup) == "own-index" or setup.server:
        raise OptionsError(f"engine 'hybrid': {name!r} does not index pages in a folder: name one that does")


class Engine:
    """A folder with the index of each member."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._open_members: dict[str, Index] | None = None

    def build(self, documents: Iterable[Document]) -> None:
        """Build the dense index while the pages are read and put on disk, then the lexical one from there."""
        self.close()
        self._folder.mkdir(parents=True, exist_ok=True)
        forget_made_by(self._folder)
        members = self._members()
        try:
            with tempfile.TemporaryFile(prefix="pages-", dir=self._folder) as spool:
                members["dense"].build(_kept(documents, spool))
                members["lexical"].build(_read(spool))
        finally:
            for member in members.values():
                member.close()
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents with the highest sum of reciprocal ranks."""
        if k < 1:
            return []
        lists = {name: member.search(text, self._options.k_each, site) for name, member in self._open().items()}
        return fuse(lists, "rrf", rrf_constant=self._options.rrf_constant)[:k]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values: that of the members, and how they are fused."""
        options = self._options
        described = {}
        for name, member in self._members().items():
            described[name] = member.describe()
            member.close()
        limits: dict[str, Any] = {}
        versions: dict[str, str] = {}
        for name in ("lexical", "dense"):
            limits |= described[name].get("limits", {})
            versions |= described[name].get("versions", {})
        limits.pop("min_characters", None)  # what is too short for words still has a vector
        return {
            "engine": "hybrid",
            **described,
            "fusion": {"method": "rrf", "constant": options.rrf_constant, "k_each": options.k_each},
            "ties": "the better rank, then the lexical list, then document order",
            "limits": {**limits, "site_order": "ranks within the site", "hits": 2 * options.k_each},
            "versions": versions,
        }

    def close(self) -> None:
        """Close both indexes."""
        for member in (self._open_members or {}).values():
            member.close()
        self._open_members = None

    def _members(self) -> dict[str, Index]:
        """Return both members, unopened; the lexical one first, which so comes first among equals."""
        lexical = registry.resolve(self._options.lexical)
        return {
            "lexical": registry.create(lexical, self._folder / "lexical"),
            "dense": DenseEngine(self._options.dense, self._folder / "dense"),
        }

    def _open(self) -> dict[str, Index]:
        if self._open_members is None:
            read_made_by(self._folder, self.describe())
            self._open_members = self._members()
        return self._open_members


def _kept(documents: Iterable[Document], spool: BinaryIO) -> Iterator[Document]:
    """Hand the documents on and keep them for a second reading."""
    encode = msgspec.json.Encoder().encode
    for document in documents:
        spool.write(encode(document) + b"\n")
        yield document


def _read(spool: BinaryIO) -> Iterator[Document]:
    spool.seek(0)
    decode = msgspec.json.Decoder(Document).decode
    for line in spool:
        yield decode(line)
