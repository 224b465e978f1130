"""The HTML of a portal's pages, lists and front page."""

from functools import cache
from typing import Any

import jinja2

from corpora.demo.choice import pick
from corpora.demo.site import dirt, meta
from corpora.demo.site.addresses import Addresses, href
from corpora.demo.site.moves import path_of
from corpora.demo.site.portal import Column, Entry, Listing, Portal, canonical, media_type
from corpora.model import Document

_TOP = 8
"""Entries of a column on the front page."""


def page(portal: Portal, document: Document, addresses: Addresses) -> bytes:
    """Return the page of a document, in the encoding that its fault gives it."""
    fault = dirt.fault_of(document)
    here = path_of(document)
    column = next((one for one in portal.columns if one.name == document.column), None)
    year, month, day = document.published.split("-")
    original = portal.known.get(document.extra.get("mirror_of", ""))
    frame = _frame(portal, addresses, here)
    crumbs = [(column.name, _link(portal, addresses, here, f"{column.folder}index.html"))] if column else []
    html = _template(f"{portal.layout.template}/page.html").render(
        frame
        | {
            "charset": dirt.declared_charset(fault),
            "tags": meta.page_tags(portal.site, document),
            "head_title": portal.site.name if fault == "no_meta" else f"{document.title}_{portal.site.name}",
            "crumbs": crumbs,
            "title": document.title,
            "date": portal.layout.date.format(y=year, m=month, d=day, time=meta.time_of(document)),
            "source": portal.layout.source.format(document.agency),
            "original": _elsewhere(portal, addresses, original) if original else "",
            "paragraphs": document.body.split("\n"),
            "attachments": [
                (file.title, _link(portal, addresses, here, path_of(file)), media_type(file))
                for file in portal.attachments.get(document.id, ())
            ],
            "related": _related(portal, addresses, document, column),
            "beside": _beside(portal, addresses, document, column),
        }
    )
    return html.encode(dirt.encoding_of(fault))


def listing(portal: Portal, shown: Listing, addresses: Addresses) -> bytes:
    """Return one page of a column's list."""
    column = shown.column
    start = canonical(portal.layout, shown.folder)
    here = f"{shown.folder}index_{shown.number}.html" if shown.number else start

    def numbered(number: int) -> str:
        return _link(portal, addresses, here, f"{shown.folder}index_{number}.html" if number else start)

    pager = [("首页", numbered(0))]
    if shown.number:
        pager.append(("上一页", numbered(shown.number - 1)))
    if shown.number + 1 < shown.count:
        pager.append(("下一页", numbered(shown.number + 1)))
    pager.append(("尾页", numbered(shown.count - 1)))
    years = [(year, _link(portal, addresses, here, f"{column.folder}{year}/index.html")) for year in column.years]
    html = _template(f"{portal.layout.template}/list.html").render(
        _frame(portal, addresses, here)
        | {
            "tags": (*meta.site_tags(portal.site), *meta.column_tags(portal.site, column.name, column.kind)),
            "head_title": f"{column.name}_{portal.site.name}",
            "crumbs": [(column.name, _link(portal, addresses, here, f"{column.folder}index.html"))],
            "sections": [(f"{column.name} {shown.year}".strip(), "", _lines(portal, addresses, here, shown.entries))],
            "years": years,
            "pager": pager,
            "place": f"第{shown.number + 1}页 共{shown.count}页",
        }
    )
    return html.encode()


def home(portal: Portal, addresses: Addresses) -> bytes:
    """Return the front page: the newest entries of every column."""
    here = canonical(portal.layout, "/")
    sections = [
        (
            column.name,
            _link(portal, addresses, here, column.folder.rstrip("/")),
            _lines(portal, addresses, here, column.entries[:_TOP]),
        )
        for column in portal.columns
    ]
    html = _template(f"{portal.layout.template}/list.html").render(
        _frame(portal, addresses, here)
        | {
            "tags": meta.site_tags(portal.site),
            "head_title": f"{portal.site.name}网站首页",
            "crumbs": [],
            "sections": sections,
            "years": [],
            "pager": [],
            "place": "",
            "traps": "/traps/index.html" if portal.traps else "",
        }
    )
    return html.encode()


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("corpora.demo.site", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


def _frame(portal: Portal, addresses: Addresses, here: str) -> dict[str, Any]:
    """Return what every page of a portal shows round its content."""
    drawn = [pick(f"{portal.site.id}/hot/{turn}", portal.articles) for turn in range(6)] if portal.articles else []
    hot = {document.id: document for document in drawn}
    return {
        "site": portal.site,
        "code": meta.site_code(portal.site),
        "layout": portal.layout,
        "charset": "utf-8",
        "front": _link(portal, addresses, here, canonical(portal.layout, "/")),
        "nav": [
            (column.name, _link(portal, addresses, here, canonical(portal.layout, column.folder)))
            for column in portal.columns
        ],
        "hot": [(document.title, _link(portal, addresses, here, path_of(document))) for document in hot.values()],
        "friends": [(site.name, addresses[site.id] + "/") for site in portal.neighbours if site.id != portal.site.id],
        "traps": "",
    }


def _link(portal: Portal, addresses: Addresses, here: str, path: str) -> str:
    return href(portal.site, portal.layout, addresses, here, path or "/")


def _lines(portal: Portal, addresses: Addresses, here: str, entries: tuple[Entry, ...]) -> list[tuple[str, str, str]]:
    return [(entry.title, _link(portal, addresses, here, entry.path), entry.published) for entry in entries]


def _elsewhere(portal: Portal, addresses: Addresses, document: Document) -> str:
    """Return the address of a document of any site, with its host."""
    site = next(site for site in portal.neighbours if site.host == document.site)
    return addresses[site.id] + path_of(document)


def _related(portal: Portal, addresses: Addresses, document: Document, column: Column | None) -> list[tuple[str, str]]:
    """Return what the page points to: what it leads to, explains or replaces, then others of its column."""
    here = path_of(document)
    number = document.extra.get("explains")
    explained = [one for one in portal.known.values() if one.extra.get("doc_number") == number] if number else []
    replaced = portal.known.get(document.extra.get("supersedes", ""))
    found = [(one.title, _link(portal, addresses, here, path_of(one))) for one in portal.leads.get(document.id, ())]
    found += [(one.title, _elsewhere(portal, addresses, one)) for one in (*explained, replaced) if one]
    if column:
        chosen = dict.fromkeys(pick(f"{document.id}/related/{turn}", column.entries) for turn in range(4))
        found += [(entry.title, _link(portal, addresses, here, entry.path)) for entry in chosen if entry.path != here]
    return found


def _beside(
    portal: Portal, addresses: Addresses, document: Document, column: Column | None
) -> list[tuple[str, str, str]]:
    """Return the entries before and after the page in its column."""
    here = path_of(document)
    entries = column.entries if column else ()
    place = next((index for index, entry in enumerate(entries) if entry.path == here), None)
    if place is None:
        return []
    pairs = (("上一篇", place - 1), ("下一篇", place + 1))
    return [
        (word, entries[index].title, _link(portal, addresses, here, entries[index].path))
        for word, index in pairs
        if 0 <= index < len(entries)
    ]
