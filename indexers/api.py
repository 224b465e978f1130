"""The protocol between the benchmark and a search engine."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import msgspec

from corpora.model import Document


class Hit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One result. Its rank is its position in the list; the score is kept for the record only."""

    doc_id: str
    url: str = ""
    title: str = ""
    score: float | None = None
    published: str = ""
    """ISO day that the engine shows for the page, where it shows one."""
    pinned: bool = False
    """True when editors have put it there (置顶), not the ranking."""


@runtime_checkable
class Searcher(Protocol):
    """Anything that answers queries: an embedded library, a server, a live portal."""

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return at most `k` hits, best first, each document once; an empty list when nothing matches.

        `text` is what a citizen typed and is never query syntax. With a `site`, a host name as in `Document.site`, the
        hits are the best `k` of that site (站内搜索), in the order they have among all; without one, of all sites
        (一网通查). Raises a `SearchError` when there is no answer: an `UnsupportedError` from a searcher that cannot
        restrict to a site.
        """
        ...

    def describe(self) -> dict[str, Any]:
        """Return what a reader must know to judge the set-up: tokenizer, fields with boosts, ranking, versions."""
        ...

    def close(self) -> None:
        """Release files and connections; closing twice is allowed."""
        ...


@runtime_checkable
class PartialSearcher(Protocol):
    """A searcher, such as one over many sites, whose answer may lack a part and still is one."""

    @property
    def last_partial(self) -> str:
        """What the last answer lacks and why, in one line; empty when it is whole."""
        ...


@runtime_checkable
class Index(Searcher, Protocol):
    """A searcher that indexes our corpus."""

    def build(self, documents: Iterable[Document]) -> None:
        """Index the documents, read once and in order, replacing what the index held."""
        ...


@runtime_checkable
class Polite(Protocol):
    """A searcher that waits between its requests, so as not to be a burden."""

    def waited_s(self) -> float:
        """Return how long the last search waited of its own accord, in seconds."""
        ...


@runtime_checkable
class OnServer(Protocol):
    """An index that a server holds; its folder holds only what names it there."""

    def place(self) -> str:
        """Return the server's address without credentials, so that two servers are told apart; it is shown nowhere."""
        ...

    def is_there(self) -> bool:
        """Return whether the server still holds the index that the folder names. Raises when there is no server."""
        ...

    def stored_bytes(self) -> int:
        """Return what the index takes on the server, in bytes; 0 where the server does not tell."""
        ...

    def drop(self) -> None:
        """Remove the index that the folder names from the server, if there is one, and forget its name."""
        ...


class EngineModule(Protocol):
    """What an engine file offers: its docstring, `Options`, `Engine`, and named set-ups of it."""

    __doc__: str | None
    DISTRIBUTIONS: tuple[str, ...]
    """Installed distributions whose versions identify the engine; empty when it comes with Python."""
    SETUPS: dict[str, msgspec.Struct]
    """Set-ups worth comparing: suffix of the engine id (`""` for the plain one) → options."""
    Options: type[msgspec.Struct]

    # Not every module has these; `indexers.registry` knows what their absence means:
    # COMPARED_BY_DEFAULT = False    runs only where it is named
    # SERVER = "OpenSearch"          the server that must run; it runs only where it is named, and is `OnServer`
    # TRACK = "own-index"            a service that answers from an index of its own; `Engine` is only a `Searcher`
    # SECRET_OPTIONS = ("url", …)    options that no file or text may hold, unless they say `env:NAME`
    # missing(options)               what this machine lacks that Python does not import, with the line that installs it
    #                                ("Lucene's jars: apt install liblucene8-java"); empty when nothing; starts nothing
    # check_options(options)         raises `OptionsError` for what the shape of the options cannot show to be wrong
    # longest_wait_s(options)        how long one search of a `Polite` engine may wait

    def Engine(self, options: Any, folder: Path) -> Index:  # noqa: N802 - a class in every engine file
        """Construct without touching disk or network; `folder` is where the index lives."""
        ...
