"""One page's bytes to what it says."""

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from corpora.extract import body, facts, lines
from corpora.extract import title as titles
from corpora.extract.encoding import decode
from corpora.extract.lines import Reading
from corpora.extract.meta import Tags
from corpora.extract.model import Extracted, Link, Problem, ProblemKind
from corpora.extract.regions import region

MOST_BYTES = 20_000_000
"""Larger pages are refused: no article needs them."""

_FILES = (".pdf", ".doc", ".docx", ".wps", ".xls", ".xlsx", ".et", ".ppt", ".pptx", ".ofd", ".zip", ".rar", ".7z")
_NOT_HTML = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "a zip archive or an Office file"),
    (b"\xd0\xcf\x11\xe0", "an old Office file"),
)
_OWN_SITE = re.compile(r"^(?:转自|来自)?(?:本网站?|本站|本网讯|网站|原创|本单位|本部门|本局|本级)[:：\s]*")
_SITE_SUFFIX = re.compile(r"(?:政府)?(?:门户)?(?:官方)?(?:网站?|官网|政务网)$|政府信息公开(?:平台|专栏|目录)?$")
_ISSUER = re.compile(
    r"^([\u4e00-\u9fff（） ]{4,60}?(?:局|厅|委员会|委|办公室|办公厅|政府|中心|联合会|院|部|署|处))\s*关于"
)
_LIST_LINK = 8
_LIST_LINES = 5


def extract(content: bytes, *, url: str, content_type: str = "", http_charset: str = "") -> Extracted:
    """Return what a page says: its standard meta tags first, then what its lines show, then weaker signs.

    Never raises, whatever the bytes: what is missing, dirty, repaired or guessed is listed in `problems`.
    """
    refusal = _refusal(content)
    if refusal:
        return Extracted(url=url, problems=(refusal,))
    text, charset, problems = decode(content, content_type, http_charset)
    tree = lines.parse(text.replace("\0", ""))
    if tree is None:
        nothing = Problem(kind="unreadable", subject="page", detail="no markup and no text in it")
        return Extracted(url=url, charset=charset, problems=(*problems, nothing))
    tags = Tags(tree)
    tags.check_site()
    base = next((found for element in tree.iter("base") if (found := element.get("href"))), "")
    page = _Page(url, tree, lines.read(tree), tags)
    links = _links(page.reading, _joined(url, base) or url)
    return Extracted(
        url=url,
        title=page.title,
        body=page.body,
        column=page.column(),
        kind=tags.value("ColumnType"),
        source=page.source,
        agency=page.agency(),
        published=page.published,
        doc_number=page.doc_number,
        region=page.region(),
        effective=page.effective,
        expires=page.expires,
        repealed=page.repealed,
        site_name=tags.value("SiteName"),
        is_list=page.is_list(),
        charset=charset,
        links=links,
        attachments=tuple(link for link in links if _is_file(link)),
        meta=tags.found,
        problems=(*problems, *tags.problems),
    )


class _Page:
    """The fields of one page, worked out in the order in which they need one another."""

    def __init__(self, url: str, tree: Any, reading: Reading, tags: Tags):
        self.url, self.reading, self.tags = url, reading, tags
        self.article = body.find(reading)
        start, end = self.article.start, self.article.end
        self.title = self._title()
        self.body = body.text(reading.lines[start:end], self.title)
        if self.article.unbounded and self.article.prose >= body.ENOUGH:
            self.body = body.by_library(tree) or self.body
        if not self.body:
            self._met("missing", "body", "no running text")
        self.around = facts.surroundings(reading.lines, start, end, self.title)
        self.signed = facts.signed(self.around, self.body)
        self.published = self._published()
        self.source = tags.value("ContentSource") or facts.source(self.around)
        self.doc_number = facts.doc_number(self.around, self.body, self.title)
        self.effective, self.expires = facts.validity(self.around, self.body, self.signed or self.published)
        self.repealed = facts.repealed(self.around, self.title)

    def column(self) -> str:
        if found := self.tags.value("ColumnName"):
            return found
        self.tags.missing("ColumnName")
        found = titles.column(self.reading.lines, self.title)
        if found:
            self._met("guessed", "column", f"{found!r} from the breadcrumb trail")
        return found

    def agency(self) -> str:
        """Return the source when it names somebody, else the issuer that a label, the title or the site names."""
        named = _OWN_SITE.sub("", self.source).strip()
        if named:
            if named != self.source:
                self._met("repaired", "ContentSource", f"{self.source!r} read as {named!r}")
            return named
        issuer = _ISSUER.match(self.title)
        found = facts.agency(self.around) or (issuer[1].strip() if issuer else "")
        found = found or _SITE_SUFFIX.sub("", self.tags.value("SiteName"))
        if found:
            what = f"{self.source!r} names nobody" if self.source else "no source"
            self._met("guessed", "agency", f"{what}: taken as {found!r}")
        return found

    def region(self) -> str:
        code = "".join(self.tags.found.get("SiteIDCode", "").split())
        names = (self.agency(), self.title, self.tags.value("SiteName"))
        return region(names, code, _host(self.url) or _host(self.tags.value("Url")))

    def is_list(self) -> bool:
        """Say whether the page has no article title and more text in links to other pages than running text."""
        if self.tags.value("ArticleTitle"):
            return False
        entries = [line.linked for line in self.reading.lines if line.linked >= _LIST_LINK and not line.hidden]
        return len(entries) >= _LIST_LINES and sum(entries) > 2 * self.article.prose

    def _title(self) -> str:
        if found := self.tags.value("ArticleTitle"):
            return found
        self.tags.missing("ArticleTitle")
        found = titles.title(
            self.reading.page_title, self.reading.lines, self.article.start, self.tags.value("SiteName")
        )
        if not found:
            self._met("missing", "title", "neither tag, heading nor title element")
        return found

    def _published(self) -> str:
        if found := self.tags.date("PubDate"):
            return found
        self.tags.missing("PubDate")
        if found := facts.published(self.around, self.url or self.tags.value("Url")):
            return found
        if self.signed:
            self._met("guessed", "published", f"{self.signed} is the day of writing: none of publication is given")
        else:
            self._met("missing", "published", "no date found")
        return self.signed

    def _met(self, kind: ProblemKind, subject: str, detail: str) -> None:
        self.tags.met(kind, subject, detail)


def _refusal(content: bytes) -> Problem | None:
    if len(content) > MOST_BYTES:
        return Problem(kind="too_large", subject="page", detail=f"{len(content)} bytes; at most {MOST_BYTES} are read")
    for mark, what in _NOT_HTML:
        if content.startswith(mark):
            detail = f"this is {what}: read it with corpora.extract.attachments"
            return Problem(kind="unreadable", subject="page", detail=detail)
    return None


def _links(reading: Reading, base: str) -> tuple[Link, ...]:
    found: dict[str, Link] = {}
    for address, text in reading.links:
        absolute = _joined(base, address)
        if absolute and (absolute not in found or (text and not found[absolute].text)):
            found[absolute] = Link(url=absolute, text=text)
    return tuple(found.values())


def _joined(base: str, address: str) -> str:
    """Return the absolute http or https address without its fragment unless that is a route, or nothing."""
    address = "".join(address.split("\n")).strip()
    if not address or address.startswith("#"):
        return ""
    try:
        absolute = urljoin(base, address)
        parts = urlsplit(absolute)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:  # such as an IPv6 host without its bracket
        return ""
    return absolute if parts.fragment.startswith(("!", "/")) else absolute.partition("#")[0]


def _is_file(link: Link) -> bool:
    path = urlsplit(link.url).path.lower()
    return path.endswith(_FILES) or link.text.lower().rstrip(" )）").endswith(_FILES)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
