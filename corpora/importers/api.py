"""What importers share: an item is a document or something skipped, and extraction is a function handed in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from corpora.importers.identity import Parents
from corpora.model import Document

MAX_ITEM_BYTES = 32 << 20
"""Longest page, attachment or line that is read; what is longer is skipped, so that one item cannot fill memory."""

REMEDIES = {
    "attachment-format": "no text is read from this kind of attachment; convert it to PDF or DOCX",
    "broken-characters": "the text is not in the encoding of the file; save it as UTF-8",
    "broken-record": "the record cannot be parsed; correct it in the source",
    "damaged-file": "what follows cannot be read; fetch or save the file again",
    "duplicate-id": "an earlier document has the same id; the first is kept",
    "empty": "neither title nor text was found; check the page, or the field map",
    "extraction-failed": "the page could not be extracted; please report it with the page",
    "http-status": "the server did not answer 200; crawl the page again",
    "list-page": "a list of links is no document; nothing to do",
    "no-address": "the item has no usable http address; give one",
    "not-a-page": "neither a page nor an attachment with text; nothing to do",
    "older-capture": "the same address was captured again later; the newest is kept",
    "sitemap-elsewhere": "the index names a site map that does not lie beside it; save it there under this name",
    "too-large": f"longer than {MAX_ITEM_BYTES >> 20} MB; split it or leave it out",
    "too-many-cells": "the row has more cells than the header; quote the cells that hold the delimiter",
    "truncated": "the content ends before its stated length; fetch it again",
    "unchanged-capture": "a note that an address had not changed; the capture it refers to is imported",
    "unreadable": "the file cannot be read; check its rights",
}
"""Every reason for which an item is skipped → what to do about it."""


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """One item that became no document."""

    reason: str
    """A key of `REMEDIES`."""
    item: str
    """Name that finds it again in the source: address, file, line or row."""
    detail: str = ""


Item = Document | Skipped


class Problem(Protocol):
    """One thing that extraction met; those of `corpora.problems.CODES` are faults of the page."""

    @property
    def kind(self) -> str: ...  # noqa: D102 - this and the fields below are those of corpora.extract
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def detail(self) -> str: ...  # noqa: D102


class Link(Protocol):
    """A link with its words, its address absolute."""

    @property
    def url(self) -> str: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


class ExtractedText(Protocol):
    """What extraction tells about an attachment; unknown things are empty."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def body(self) -> str: ...  # noqa: D102
    @property
    def problems(self) -> Sequence[Problem]: ...  # noqa: D102


class Extracted(ExtractedText, Protocol):
    """What extraction tells about a page."""

    @property
    def column(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def agency(self) -> str: ...  # noqa: D102
    @property
    def region(self) -> str: ...  # noqa: D102
    @property
    def published(self) -> str: ...  # noqa: D102
    @property
    def expires(self) -> str: ...  # noqa: D102
    @property
    def effective(self) -> str: ...  # noqa: D102
    @property
    def doc_number(self) -> str: ...  # noqa: D102
    @property
    def site_name(self) -> str: ...  # noqa: D102
    @property
    def repealed(self) -> bool: ...  # noqa: D102
    @property
    def is_list(self) -> bool: ...  # noqa: D102
    @property
    def attachments(self) -> Sequence[Link]: ...  # noqa: D102


class ExtractPage(Protocol):
    """Extracts an HTML page from its bytes."""

    def __call__(self, content: bytes, *, url: str, content_type: str = "", http_charset: str = "") -> Extracted:
        """Return what the page says."""
        ...


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asked of an import, and the functions that do the extraction."""

    page: ExtractPage
    attachment: Callable[[bytes], ExtractedText]
    """Extracts a PDF, DOCX, XLSX or PPTX."""
    prepare: Callable[[], None] = lambda: None
    """Called once before pages are read; raises `CorpusError` when what reads them is not installed."""
    note: Callable[[Document, Sequence[Problem]], None] = lambda _, __: None
    """Told what was met on a page that becomes a document."""
    parents: Parents | None = None
    """Told which page names which attachment, and asked when the attachment comes."""
    site: str = ""
    """Host name for items that do not tell their own."""
    fields: Mapping[str, str] = {}
    """Column of the source → field of `Document`, `extra.NAME`, or `-` to leave the column out."""


class Reader(Protocol):
    """Reads one format."""

    def __call__(self, source: Path, options: Options) -> Iterator[Item]:
        """Yield documents and skipped items in the order of the source, one in memory at a time."""
        ...
