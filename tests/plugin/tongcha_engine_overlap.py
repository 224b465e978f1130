"""Overlap: how many of the query's words a page holds, nothing else (plugin of the test suite).

Set-up: the words of title and body, each counted once; a word that is also in the title counts `title_boost` times.
Quirks: frequent words count as much as rare ones, and long pages win. Equal scores keep document order.
"""

import importlib.metadata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from corpora.model import Document
from indexers.api import Hit
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.segment import Analyzer

DISTRIBUTIONS = ("tongcha-engine-overlap",)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the overlap engine."""

    title_boost: int = 2


SETUPS = {"": Options(), "flat": Options(title_boost=1)}


class Page(msgspec.Struct):
    """A page as this engine keeps it."""

    id: str
    url: str
    title: str
    site: str
    weights: dict[str, int]


class Engine:
    """A file of pages and their words in `folder`."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._file = folder / "pages.json"
        self._analyze = Analyzer()
        self._pages: list[Page] | None = None

    def build(self, documents: Iterable[Document]) -> None:
        """Write the words of every page."""
        self.close()
        pages = []
        for document in documents:
            weights = dict.fromkeys(self._analyze(document.body), 1)
            weights.update(dict.fromkeys(self._analyze(document.title), self._options.title_boost))
            pages.append(Page(document.id, document.url, document.title, document.site, weights))
        forget_made_by(self._folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._file.write_bytes(msgspec.json.encode(pages))
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` pages, of all sites or one, that share most words with the query."""
        words = set(self._analyze(text))
        if not words:
            return []
        pages = [page for page in self._open() if site in ("", page.site)]
        scored = [(sum(page.weights.get(word, 0) for word in words), page) for page in pages]
        matching = [(score, page) for score, page in scored if score]
        matching.sort(key=lambda pair: -pair[0])
        return [Hit(doc_id=p.id, url=p.url, title=p.title, score=float(score)) for score, p in matching[: max(k, 0)]]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values."""
        return {
            "engine": "overlap",
            "tokenizer": self._analyze.describe(),
            "fields": {"title": float(self._options.title_boost), "body": 1.0},
            "ranking": {"name": "number of shared words"},
            "ties": "document order",
            "versions": {name: importlib.metadata.version(name) for name in DISTRIBUTIONS},
        }

    def close(self) -> None:
        """Forget the pages."""
        self._pages = None

    def _open(self) -> list[Page]:
        if self._pages is None:
            read_made_by(self._folder, self.describe())
            self._pages = msgspec.json.decode(self._file.read_bytes(), type=list[Page])
        return self._pages
