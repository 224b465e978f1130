"""Answer a request to one portal: a pure function from path to reply."""

import re
from urllib.parse import unquote

from corpora.demo.site import dirt, render, traps
from corpora.demo.site.addresses import Addresses, official
from corpora.demo.site.portal import Portal, canonical, media_type
from corpora.demo.site.reply import Reply, content, failure, redirect
from corpora.demo.site.robots import robots, sitemap
from corpora.model import Document

_SITEMAP = re.compile(r"/sitemap_([1-9][0-9]{0,5})\.xml")
_XML = "application/xml; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_HTML = "text/html; charset=utf-8"


def respond(portal: Portal, path: str, query: str = "", *, addresses: Addresses | None = None) -> Reply:
    """Return what the portal answers to GET `path?query`.

    `path` may be percent-encoded. Links name the official hosts unless other `addresses` are given.
    """
    addresses = official(portal.neighbours) if addresses is None else addresses
    path = unquote(path)
    if portal.traps and path.startswith(traps.FOLDERS):
        return traps.trap(path, query)
    document = portal.documents.get(f"{path}?{query}") or portal.documents.get(path)
    if document is not None:
        return _document(portal, document, addresses)
    if path == canonical(portal.layout, "/"):
        newest = max((document.published for document in portal.articles), default="")
        return content(render.home(portal, addresses), _HTML, newest)
    if shown := portal.listings.get(path):
        newest = max((entry.published for entry in shown.column.entries), default="")
        return content(render.listing(portal, shown, addresses), _HTML, newest)
    if path == "/robots.txt":
        return content(robots(portal, addresses).encode(), _PLAIN)
    if path == "/sitemap.xml" or _SITEMAP.fullmatch(path):
        part = _SITEMAP.fullmatch(path)
        listed = sitemap(portal, addresses, int(part[1]) if part else None)
        return content(listed.encode(), _XML) if listed else _missing()
    return _elsewhere(portal, path, addresses)


def _document(portal: Portal, document: Document, addresses: Addresses) -> Reply:
    kind = media_type(document)
    if kind:
        data = portal.attachment_bytes(document) if portal.attachment_bytes else None
        return content(data, kind, document.published) if data is not None else _missing()
    return content(
        render.page(portal, document, addresses), dirt.content_type(dirt.fault_of(document)), document.published
    )


def _elsewhere(portal: Portal, path: str, addresses: Addresses) -> Reply:
    """Return the redirect to where the path has gone, or how it was lost."""
    base = addresses[portal.site.id]
    if target := portal.aliases.get(path):
        return redirect(base + target)
    if lost := portal.gone.get(path):
        return failure(410, "410 页面已删除", "您访问的页面已经撤下。") if lost.status == 410 else _missing()
    bare = path.rstrip("/")
    if bare != path and bare in portal.documents:
        return redirect(base + bare)
    return _missing()


def _missing() -> Reply:
    return failure(404, "404 页面不存在", "您访问的页面不存在或者已经移走。")
