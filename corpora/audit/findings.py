"""The finding: one thing that is wrong, and the pages that show it."""

from typing import Literal

import msgspec

from corpora.model import Document

Kind = Literal["meta", "stale", "dead", "title", "copies", "encoding", "facts", "dates"]
KINDS: tuple[Kind, ...] = ("facts", "dates", "copies", "title", "stale", "dead", "meta", "encoding")
"""Every class of findings, in the order in which reports show them: what harms citizens most comes first."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page that takes part in a finding, with what it says."""

    doc_id: str = ""
    site: str = ""
    url: str = ""
    title: str = ""
    agency: str = ""
    published: str = ""
    said: str = ""
    """The sentence of the page that the finding is about, word by word."""
    value: str = ""
    """What was read in it, such as `10元`."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong. Codes and values are data; the words around them belong to the reports."""

    kind: Kind
    code: str
    """What exactly, within the class: `fee`, `title-missing`, `http-404` …"""
    site: str = ""
    """The site it is counted for: that of the first page."""
    subject: str = ""
    """What it is about: an item, a title, a column, an address."""
    region: str = ""
    detail: str = ""
    pages: tuple[Shown, ...] = ()


def shown(document: Document, *, said: str = "", value: str = "") -> Shown:
    """Return a document as a finding shows it."""
    return Shown(
        doc_id=document.id,
        site=document.site,
        url=document.url,
        title=document.title,
        agency=document.agency,
        published=document.published,
        said=said,
        value=value,
    )
