"""What a crawl of the portals should find, for comparing it with what a crawler found."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from corpora.demo.site.dirt import fault_of
from corpora.demo.site.moves import Gone
from corpora.demo.site.portal import Portal, is_attachment


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """One page or attachment that can be reached from a front page."""

    id: str
    """Document id."""
    site: str
    """Host name."""
    url: str
    """The official one, wherever the page is served."""
    title: str
    published: str
    column: str
    agency: str
    fault: str = ""
    """A name of `dirt.FAULTS`; empty for a clean page and for attachments."""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """An old address that lists still name; it redirects to the present one."""

    site: str
    old: str
    url: str


class Lost(msgspec.Struct, frozen=True, kw_only=True):
    """An address that lists still name and that answers with an error."""

    site: str
    url: str
    status: Literal[404, 410]


def ground_truth(portals: Iterable[Portal]) -> tuple[Truth, ...]:
    """Return every document that the portals serve, in site order, with the facts that an extractor should find."""
    return tuple(
        Truth(
            id=document.id,
            site=document.site,
            url=document.url,
            title=document.title,
            published=document.published,
            column=document.column,
            agency=document.agency,
            fault="" if is_attachment(document) else fault_of(document),
        )
        for portal in portals
        for document in portal.documents.values()
    )


def moved(portals: Iterable[Portal]) -> tuple[Moved, ...]:
    """Return the moved pages, with official addresses."""
    return tuple(
        Moved(site=host, old=f"https://{host}{old}", url=f"https://{host}{new}")
        for portal in portals
        for host in (portal.site.host,)
        for old, new in portal.moved.items()
    )


def gone(portals: Iterable[Portal]) -> tuple[Lost, ...]:
    """Return the addresses that lead nowhere, the official ones."""
    return tuple(_lost(one) for portal in portals for one in portal.gone.values())


def _lost(one: Gone) -> Lost:
    return Lost(site=one.site, url=f"https://{one.site}{one.path}", status=one.status)
