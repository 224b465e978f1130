"""One portal as a tree of addresses: its pages, lists, redirects and lost pages, found by path."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import msgspec

from corpora.demo.model import Site
from corpora.demo.page import Page
from corpora.demo.site.layouts import Layout, layout_of
from corpora.demo.site.moves import Gone, gone, moved, path_of
from corpora.errors import CorpusFormatError
from corpora.model import Document

AttachmentBytes = Callable[[Document], bytes | None]
"""Makes the file of an attachment; None when it has none for this document."""

MEDIA_TYPES = {
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
PER_PAGE = 20
MANY = 60
"""A column with more entries than this also has a list for each year."""

SLUGS = {
    "要闻动态": "ywdt",
    "部门动态": "bmdt",
    "咨询投诉": "zxts",
    "市民来信": "smlx",
    "个人办事": "grbs",
    "法人办事": "frbs",
}
"""Column → folder, where several columns share the first folder of their pages; others are numbered."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a list."""

    title: str
    path: str
    published: str


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column (栏目) with its entries, newest first."""

    name: str
    kind: str
    folder: str
    """Begins and ends with a slash."""
    entries: tuple[Entry, ...]

    @property
    def years(self) -> tuple[str, ...]:
        """The years that have a list of their own, newest first."""
        found = sorted({entry.published[:4] for entry in self.entries}, reverse=True)
        return tuple(found) if len(self.entries) > MANY else ()


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list."""

    column: Column
    number: int
    """From 0."""
    count: int
    """How many pages the list has."""
    folder: str
    year: str = ""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The lines on this page."""
        chosen = [entry for entry in self.column.entries if entry.published.startswith(self.year)]
        return tuple(chosen[self.number * PER_PAGE : (self.number + 1) * PER_PAGE])


class Portal(msgspec.Struct, frozen=True, kw_only=True):
    """A site with everything that it serves, by path."""

    site: Site
    neighbours: tuple[Site, ...]
    """All sites, this one too."""
    layout: Layout
    columns: tuple[Column, ...]
    documents: dict[str, Document]
    listings: dict[str, Listing]
    """By canonical path."""
    aliases: dict[str, str]
    """Path → canonical path: other spellings of a folder, and moved pages."""
    moved: dict[str, str]
    gone: dict[str, Gone]
    attachments: dict[str, tuple[Document, ...]]
    """Id of a document → its attachments."""
    leads: dict[str, tuple[Document, ...]]
    """Id of a special subject (专题) → what it leads to on its site."""
    known: Mapping[str, Document]
    """Every document of every site by id, for links between them."""
    articles: tuple[Document, ...]
    """The documents that are pages and no files."""
    attachment_bytes: AttachmentBytes | None
    traps: bool


def portals(
    pages: Iterable[Page],
    sites: Sequence[Site],
    *,
    attachment_bytes: AttachmentBytes | None = None,
    traps: bool = False,
) -> tuple[Portal, ...]:
    """Return a portal for each site; without `attachment_bytes` attachments are neither served nor linked.

    Raises `CorpusFormatError` when two pages of a site have one path.
    """
    pages = tuple(pages)
    known = {page.document.id: page.document for page in pages}
    by_host: defaultdict[str, list[Document]] = defaultdict(list)
    for document in known.values():
        if attachment_bytes is not None or not is_attachment(document):
            by_host[document.site].append(document)
    return tuple(
        _portal(site, tuple(sites), by_host[site.host], known, _leads(pages, site), attachment_bytes, traps=traps)
        for site in sites
    )


def is_attachment(document: Document) -> bool:
    """Return whether the document is a file rather than a page."""
    return media_type(document) != ""


def media_type(document: Document) -> str:
    """Return the Content-Type of an attachment, or an empty string for a page."""
    return MEDIA_TYPES.get(PurePosixPath(urlsplit(document.url).path).suffix.lower(), "")


def canonical(layout: Layout, folder: str) -> str:
    """Return the path under which a site serves a folder."""
    return f"{folder}index.html" if layout.index_named else folder


def _portal(
    site: Site,
    sites: tuple[Site, ...],
    documents: Sequence[Document],
    known: Mapping[str, Document],
    leads: dict[str, tuple[Document, ...]],
    attachment_bytes: AttachmentBytes | None,
    *,
    traps: bool,
) -> Portal:
    layout = layout_of(site)
    by_path: dict[str, Document] = {}
    for document in documents:
        other = by_path.setdefault(path_of(document), document)
        if other is not document:
            raise CorpusFormatError(f"documents {other.id!r} and {document.id!r} have one address, {document.url}")
    attachments: defaultdict[str, list[Document]] = defaultdict(list)
    listed = []
    for document in documents:
        parent = known.get(document.extra.get("attachment_of", ""))
        if parent is not None and parent.site == document.site:
            attachments[parent.id].append(document)
        else:
            listed.append(document)
    old = moved(listed)
    lost = gone(listed)
    columns = _columns(listed, {new: path for path, new in old.items()}, lost)
    listings: dict[str, Listing] = {}
    aliases = dict(old)
    _alias(aliases, layout, "/")
    for path in by_path:
        if path.endswith("/index.html"):
            folder = path.removesuffix("index.html")
            aliases |= {folder: path, folder.rstrip("/"): path}
    for column in columns:
        for year in ("", *column.years):
            folder = f"{column.folder}{year}/" if year else column.folder
            _alias(aliases, layout, folder)
            total = sum(entry.published.startswith(year) for entry in column.entries)
            count = -(-total // PER_PAGE)
            for number in range(count):
                path = f"{folder}index_{number}.html" if number else canonical(layout, folder)
                listings[path] = Listing(column=column, number=number, count=count, folder=folder, year=year)
    return Portal(
        site=site,
        neighbours=sites,
        layout=layout,
        columns=columns,
        documents=by_path,
        listings=listings,
        aliases=aliases,
        moved=old,
        gone={one.path: one for one in lost},
        attachments={parent: tuple(files) for parent, files in attachments.items()},
        leads=leads,
        known=known,
        articles=tuple(document for document in documents if not is_attachment(document)),
        attachment_bytes=attachment_bytes,
        traps=traps,
    )


def _leads(pages: Sequence[Page], site: Site) -> dict[str, tuple[Document, ...]]:
    """Return for each special subject of a site the guides and policies of the site that it names."""
    here = [page for page in pages if page.document.site == site.host]
    guides = {page.links.item: page.document for page in here if page.links.item}
    policies = {page.links.policy: page.document for page in here if page.links.policy}
    return {
        page.document.id: (
            *(guides[item] for item in page.links.mentions if item in guides),
            *(policies[policy] for policy in page.links.policies if policy in policies),
        )
        for page in here
        if page.document.kind == "专题"
    }


def _alias(aliases: dict[str, str], layout: Layout, folder: str) -> None:
    """Add the other spellings of a folder: with and without `index.html` and the last slash."""
    target = canonical(layout, folder)
    for spelling in (folder, f"{folder}index.html", folder.rstrip("/")):
        if spelling and spelling != target:
            aliases[spelling] = target


def _columns(documents: Sequence[Document], old: Mapping[str, str], lost: Sequence[Gone]) -> tuple[Column, ...]:
    """Return the columns in the order in which their first documents come."""
    grouped: defaultdict[str, list[Document]] = defaultdict(list)
    for document in documents:
        grouped[document.column].append(document)
    first = {name: _first_folder(members) for name, members in grouped.items()}
    shared = Counter(first.values())
    columns = []
    for name, members in grouped.items():
        slug = SLUGS.get(name) or "lm" + sha256(name.encode()).hexdigest()[:6]
        alone = first[name] != "/" and shared[first[name]] == 1
        entries = [
            Entry(
                title=document.title, path=old.get(path_of(document), path_of(document)), published=document.published
            )
            for document in members
        ]
        entries += [
            Entry(title=one.title, path=one.path, published=one.published) for one in lost if one.column == name
        ]
        entries.sort(key=lambda entry: entry.path)
        entries.sort(key=lambda entry: entry.published, reverse=True)
        columns.append(
            Column(
                name=name,
                kind=members[0].kind,
                folder=first[name] if alone else f"{first[name]}{slug}/",
                entries=tuple(entries),
            )
        )
    return tuple(columns)


def _first_folder(documents: Sequence[Document]) -> str:
    """Return the first folder of the paths, the commonest where they differ, with slashes round it."""
    paths = [path_of(document).partition("?")[0] for document in documents]
    folders = Counter(path.split("/")[1] if path.count("/") > 1 else "" for path in paths)
    first = folders.most_common(1)[0][0]
    return f"/{first}/" if first else "/"
