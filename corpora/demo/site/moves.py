"""Which pages moved and which were taken down, and where they are still linked from."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from corpora.demo.choice import pick
from corpora.model import Document

_FEW = 20
"""Sites with fewer pages have moved and lost none."""


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a list still names although its page was taken down."""

    site: str
    path: str
    status: Literal[404, 410]
    title: str
    column: str
    published: str


def path_of(document: Document) -> str:
    """Return the path under which the document's address is served, with the query string where it has one."""
    parts = urlsplit(document.url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def moved(documents: Sequence[Document]) -> dict[str, str]:
    """Return old path → present path for about one page of a site in a hundred, at least one."""
    return {_old_path(document): path_of(document) for document in _drawn(documents, "/moved", least=1)}


def gone(documents: Sequence[Document]) -> tuple[Gone, ...]:
    """Return the addresses of a site that lead nowhere any more: by turns 404 and 410, at least one of each.

    Each is the first version of a page that was put online again under its present address.
    """
    statuses: tuple[Literal[404, 410], Literal[404, 410]] = (404, 410)
    return tuple(
        Gone(
            site=document.site,
            path=_first_version(path_of(document)),
            status=statuses[number % 2],
            title=f"{document.title}（更正前）",
            column=document.column,
            published=document.published,
        )
        for number, document in enumerate(_drawn(documents, "/gone", least=2))
    )


def _drawn(documents: Sequence[Document], salt: str, least: int) -> Iterable[Document]:
    if len(documents) < _FEW:
        return []
    order = sorted(documents, key=lambda document: sha256((document.id + salt).encode()).digest())
    return order[: max(least, round(len(documents) / 100))]


def _old_path(document: Document) -> str:
    year, month, day = (int(part) for part in document.published.split("-"))
    number = pick(document.id + "/old", range(10_000_000))
    return f"/art/{year}/{month}/{day}/art_{document.published[:4]}_{number:07}.html"


def _first_version(path: str) -> str:
    stem, dot, suffix = path.partition("?")[0].rpartition(".")
    return f"{stem}_v1{dot}{suffix}" if dot else f"{suffix.rstrip('/')}_v1"
