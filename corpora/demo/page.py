"""The page: a document with the links to the knowledge that labels are derived from."""

import msgspec

from corpora.demo.model import Agency, Site
from corpora.model import Document


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is about, by id. It stays outside the document, so that no engine can index it."""

    item: str = ""
    """The item that this guide is for."""
    agency: str = ""
    """The agency that this organisation page presents."""
    policy: str = ""
    explains: str = ""
    policies: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    aspects: tuple[str, ...] = ()
    group: str = ""
    mirror_of: str = ""
    attachment_of: str = ""
    dataset: str = ""
    topic: str = ""
    contains: tuple[str, ...] = ()
    """Ids of the pages that this digest sums up."""
    wrong: tuple[str, ...] = ()
    """Facts (`fee`, `days` …) that this page tells differently from the guide of the place."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One composed page."""

    document: Document
    links: Links


def office_name(agency: Agency, site: Site) -> str:
    """Return the agency's full name at the level of the site."""
    office = agency.at.get(home(site.id))
    if office is not None and office.name:
        return office.name
    return site.place + (agency.city if "/" in site.region else agency.province)


def home(site_id: str) -> str:
    """Return the site that presents the agencies working behind a site: three provincial portals have none."""
    return "yunchuan" if site_id in ("zwfw", "rst", "ybj") else site_id
