"""Which document of the corpus a URL names, for services that answer from an index of their own.

A service shows URLs. Those that name a document, by their canonical form, become hits of that document; others are
kept under an id of their own, so that they take their rank and can be counted.
"""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import msgspec

from corpora.errors import InvalidURLError
from corpora.files import write_whole
from corpora.model import Document
from corpora.urls import canonical

FILE = "pages.json"
UNMAPPED = "unmapped:"
"""Beginning of the id of a hit that names no document; the page's canonical URL follows."""


class Page(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of a document."""

    doc_id: str
    url: str
    title: str


def write_pages(folder: Path, documents: Iterable[Document]) -> None:
    """Write which document each canonical URL names into `folder`; of two with one URL the first is named."""
    pages: dict[str, Page] = {}
    for document in documents:
        try:
            pages.setdefault(canonical(document.url), Page(document.id, document.url, document.title))
        except InvalidURLError:
            continue  # without a URL of its own it cannot be found by one
    with write_whole(folder / FILE) as stream:
        stream.write(msgspec.json.encode(pages))


def read_pages(folder: Path) -> dict[str, Page]:
    """Return canonical URL → page as `write_pages` left them; nothing when the folder has none."""
    try:
        return msgspec.json.decode((folder / FILE).read_bytes(), type=dict[str, Page])
    except FileNotFoundError:
        return {}


def unmapped_id(url: str, title: str = "") -> str:
    """Return the id of a hit that names no document; it holds no white space, so that TREC files can have it.

    >>> unmapped_id("http://www.linlan.gov.example/a/index.html")
    'unmapped:https://linlan.gov.example/a'
    """
    try:
        return UNMAPPED + canonical(url)
    except InvalidURLError:
        return UNMAPPED + quote(url or title, safe=":/?=&%")
