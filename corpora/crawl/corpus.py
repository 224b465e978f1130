"""From crawled pages to a corpus: every page once, with the facts that extraction finds in it."""

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

import msgspec

from corpora.card import Card, write_card
from corpora.crawl.limits import ATTACHMENTS
from corpora.crawl.listings import Listings
from corpora.crawl.state import Link, Page
from corpora.crawl.summary import INDEX, canonical_or_same, mark_built
from corpora.crawl.warc import Place, read
from corpora.crawl.work import WARC
from corpora.errors import CrawlError
from corpora.extract import Extracted, extract
from corpora.extract.attachments import attachment_text
from corpora.files import ContentHash, existing, read_jsonl, write_whole
from corpora.model import Document
from corpora.problems import FILE as PROBLEMS
from corpora.problems import Problem, noted
from corpora.store import write_corpus

_MOST = 0.9
"""Share of a host's pages that must name one official host for it to be believed."""
_LEAST = 3

Tick = Callable[[int], None]


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the pages."""

    documents: int
    lists: int
    """Pages that list others; they are no documents."""
    doubles: int
    """Pages that another address shows as well."""
    unread: int
    """Pages and files in which no text was found."""
    unlinked: int
    """Attachments that no page names; they are documents of their own."""
    official: dict[str, str]
    """Host that was crawled → official address that its pages name, where that is believed."""


class _Draft(msgspec.Struct, frozen=True, kw_only=True):
    document: Document
    named: str = ""
    """The address in the Url tag."""
    attachment: bool = False
    is_list: bool = False
    problems: tuple[Problem, ...] = ()
    """Without id and address, which come with the document."""
    titled: bool = True
    """It has an ArticleTitle tag, and so is sure of its title, and of being an article."""


class _Parent(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    text: str
    document: Document


def build_corpus(
    folders: Sequence[Path], target: Path, *, trust_url_meta: bool = False, name: str = "", tick: Tick = lambda _: None
) -> Built:
    """Write the corpus of the pages in one or several crawl folders; the copy checked last counts.

    With `trust_url_meta`, documents of a host get the official host that nearly all of its pages name in their Url tag,
    for crawls of mirrors and test systems. Raises `CrawlError` when a folder holds no finished crawl.
    """
    builder = _Builder(trust_url_meta=trust_url_meta)
    with tempfile.TemporaryFile() as spool:
        builder.extract(folders, spool, tick)
        spool.seek(0)
        content = ContentHash()
        written = Counter[str]()

        def documents() -> Iterator[Document]:
            for document in builder.documents(spool):
                content.add(document)
                written["documents"] += 1
                builder.hosts.add(document.site)
                yield document
            builder.require(written["documents"], folders)  # before anything is replaced

        with write_whole(target / PROBLEMS) as stream:
            builder.problems = stream
            write_corpus(target, documents(), Card(name=name or target.resolve().name))
    card = Card(
        name=name or target.resolve().name,
        version=content.hexdigest()[:12],
        source=f"crawled from {', '.join(sorted(builder.hosts))}; last checked {builder.last}",
    )
    write_card(target, card)
    for folder in folders:
        mark_built(folder)
    return builder.built(written["documents"])


class _Builder:
    """The two passes: extract every page and count what its host is officially called, then name and link."""

    def __init__(self, *, trust_url_meta: bool) -> None:
        self._trust = trust_url_meta
        self._parents: dict[str, _Parent] = {}
        self._votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._official: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._listings = Listings()
        self.hosts: set[str] = set()
        self.problems: IO[bytes] | None = None
        """Where the problems of pages go that become documents."""
        self.last = ""

    def extract(self, folders: Sequence[Path], spool: IO[bytes], tick: Tick) -> None:
        """Read every page once, in the order of canonical addresses, and put drafts into the spool."""
        chosen, redirects = self._choose(folders)
        encoder = msgspec.msgpack.Encoder()
        for number, (_, folder, page) in enumerate(chosen, 1):
            draft = self._draft(folder, page, redirects)
            if draft is not None:
                packed = encoder.encode(draft)
                spool.write(len(packed).to_bytes(4, "big") + packed)
            tick(number)
        for base, votes in self._votes.items():
            best, agreed = votes.most_common(1)[0]
            if best and agreed >= _LEAST and agreed >= _MOST * votes.total():
                self._official[base] = best

    def documents(self, spool: IO[bytes]) -> Iterator[Document]:
        """Yield the documents under their final addresses, each address once."""
        seen: set[str] = set()
        decoder = msgspec.msgpack.Decoder(_Draft)
        while head := spool.read(4):
            draft = decoder.decode(spool.read(int.from_bytes(head, "big")))
            document = self._named(draft.document)
            if draft.attachment:
                document = self._linked(draft.document, document)
            elif (listed := self._listed(draft, document)) is not None:
                document = listed
            else:
                continue
            if document.id in seen:
                self._counts["doubles"] += 1
                continue
            seen.add(document.id)
            self._note(draft, document)
            yield document

    def _note(self, draft: _Draft, document: Document) -> None:
        if self.problems is None:
            return
        for problem in draft.problems:
            whole = msgspec.structs.replace(problem, doc_id=document.id, url=document.url)
            self.problems.write(msgspec.json.encode(whole) + b"\n")

    def require(self, documents: int, folders: Sequence[Path]) -> None:
        """Raise `CrawlError` when there is not one document."""
        if not documents:
            raise CrawlError(f"{', '.join(map(str, folders))}: no document was found: see refused.jsonl there")

    def built(self, documents: int) -> Built:
        """Return what became of the pages."""
        counts = {name: self._counts[name] for name in ("lists", "doubles", "unread", "unlinked")}
        return Built(documents=documents, official=dict(sorted(self._official.items())), **counts)

    def _choose(self, folders: Sequence[Path]) -> tuple[list[tuple[str, Path, Page]], dict[str, str]]:
        best: dict[str, tuple[str, Path, Page]] = {}
        redirects: dict[str, str] = {}
        for folder in folders:
            path = existing(folder / INDEX)
            if path is None:
                raise CrawlError(f"{folder} holds no finished crawl ({INDEX} is not there): crawl into it first")
            for _, page in read_jsonl(path, Page, CrawlError):
                if page.target:
                    redirects[page.url] = page.target
                if page.status != 200 or page.sitemap or not page.warc:
                    continue
                other = best.get(page.canonical)
                if other is None:
                    best[page.canonical] = (page.canonical, folder, page)
                    continue
                self._counts["doubles"] += other[2].url != page.url
                if _better(page, other[2]):
                    best[page.canonical] = (page.canonical, folder, page)
        return [best[form] for form in sorted(best)], redirects

    def _draft(self, folder: Path, page: Page, redirects: Mapping[str, str]) -> _Draft | None:
        kind, content = read(folder / WARC, Place(file=page.warc, offset=page.offset, end=0))
        self.last = max(self.last, page.checked[:10])
        if _is_attachment(page):
            found = attachment_text(content)
            if not found.body.strip():
                self._counts["unread"] += 1
                return None
            return _Draft(document=Document(id="", url=page.url, title=found.title, body=found.body), attachment=True)
        read_page = extract(content, url=page.url, content_type=kind)
        document = _document(page, read_page)
        named = read_page.meta.get("Url", "")
        self._vote(page.url, named)
        for link in read_page.attachments:
            form = canonical_or_same(link.url, redirects)
            self._parents.setdefault(form, _Parent(url=page.url, text=link.text, document=_without_body(document)))
        problems = tuple(noted(read_page.problems, "", ""))
        titled = bool(read_page.meta.get("ArticleTitle"))
        if read_page.is_list or (read_page.column and not titled):
            links = (Link(url=canonical_or_same(link.url, redirects), text=link.text) for link in read_page.links)
            here = urlsplit(page.canonical).netloc
            # Other sites are linked by their names, which read like titles of their front pages.
            self._listings.note(read_page.column, (link for link in links if urlsplit(link.url).netloc == here))
        return _Draft(document=document, named=named, is_list=read_page.is_list, problems=problems, titled=titled)

    def _listed(self, draft: _Draft, document: Document) -> Document | None:
        """Return the document with what its lists say where it says nothing itself; None when it is none."""
        form = canonical_or_same(draft.document.url)
        is_list, title = draft.is_list, document.title
        if not draft.titled:
            article = self._listings.is_article(form)
            is_list = is_list if article is None else not article
            title = self._listings.title(form) or title
        if is_list:
            self._counts["lists"] += 1
            return None
        if not title or not document.body:
            self._counts["unread"] += 1
            return None
        return msgspec.structs.replace(document, title=title, column=document.column or self._listings.column(form))

    def _vote(self, url: str, named: str) -> None:
        """Count what official address a page names for its host; a Url tag is believed only where its path is right."""
        if not (self._trust and named):
            return
        ours, theirs = urlsplit(url), urlsplit(named)
        same = (ours.path or "/", ours.query) == (theirs.path or "/", theirs.query)
        base = f"{theirs.scheme}://{theirs.netloc}"
        self._votes[f"{ours.scheme}://{ours.netloc}"][base if same and theirs.scheme in ("http", "https") else ""] += 1

    def _named(self, document: Document) -> Document:
        url = self._address(document.url)
        return msgspec.structs.replace(document, id=document_id(url), url=url, site=urlsplit(url).hostname or "")

    def _address(self, url: str) -> str:
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        return self._official.get(base, base) + url[len(base) :] if url.startswith(base) else url

    def _linked(self, crawled: Document, document: Document) -> Document:
        parent = self._parents.get(canonical_or_same(crawled.url))
        if parent is None:
            self._counts["unlinked"] += 1
            return msgspec.structs.replace(document, title=document.title or _file_name(document.url))
        of = parent.document
        return msgspec.structs.replace(
            document,
            title=document.title or parent.text or _file_name(document.url),
            column=of.column,
            kind=of.kind,
            agency=of.agency,
            region=of.region,
            published=of.published,
            extra={"attachment_of": document_id(self._address(parent.url))},
        )


def document_id(url: str) -> str:
    """Return the id of the document at an address: the same for every spelling of it, and in every crawl."""
    return hashlib.sha256(canonical_or_same(url).encode()).hexdigest()[:16]


def _document(page: Page, found: Extracted) -> Document:
    extra = {"doc_number": found.doc_number, "effective": found.effective}
    return Document(
        id="",
        url=page.url,
        title=found.title,
        body=found.body,
        column=found.column,
        kind=found.kind,
        agency=found.agency,
        region=found.region,
        published=found.published,
        expires=found.expires,
        extra={name: value for name, value in extra.items() if value},
    )


def _without_body(document: Document) -> Document:
    return msgspec.structs.replace(document, body="")


def _better(page: Page, other: Page) -> bool:
    """Return whether a page is the one to keep: the later copy of an address, the shorter of two addresses."""
    if page.url == other.url:
        return page.checked > other.checked
    return (len(page.url), page.url) < (len(other.url), other.url)


def _is_attachment(page: Page) -> bool:
    suffix = PurePosixPath(urlsplit(page.url).path).suffix.lower()
    kind = page.type.partition(";")[0].strip().lower()
    if kind.startswith("text/html"):
        return False
    return suffix in ATTACHMENTS or (kind.startswith("application/") and not kind.endswith("xml"))


def _file_name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).stem
