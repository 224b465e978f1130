"""The address that a link is written with: official or loopback, absolute or relative."""

import posixpath
from collections.abc import Iterable, Mapping

from corpora.demo.model import Site
from corpora.demo.site.layouts import Layout

Addresses = Mapping[str, str]
"""Site id → scheme and host, such as `http://127.0.0.1:8101`."""


def official(sites: Iterable[Site]) -> dict[str, str]:
    """Return the addresses that the documents' own URLs have."""
    return {site.id: f"https://{site.host}" for site in sites}


def href(site: Site, layout: Layout, addresses: Addresses, here: str, path: str) -> str:
    """Return a link from the page at `here` to another path of the same site, in the way of its layout."""
    if layout.links == "absolute":
        return addresses[site.id] + path
    if layout.links == "root":
        return path
    target, mark, query = path.partition("?")
    start = posixpath.dirname(here.partition("?")[0])
    short = posixpath.relpath(target, start)
    if target.endswith("/"):
        short += "/"
    # Portals write ./ before what lies beside the page; a name with a colon would read as a scheme without it.
    return (short if short.startswith(".") else f"./{short}") + mark + query
