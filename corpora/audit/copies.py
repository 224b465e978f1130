"""Find pages that are copies of each other: the same text, or nearly, under several addresses; and their dates."""

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal

import msgspec

from corpora.audit.findings import Finding, Shown, shown
from corpora.audit.meta import iso_date
from corpora.duplicates import Copies, NearDuplicates
from corpora.model import Document

SHORTEST = 40
"""Characters that a text must have to be compared: 见附件 is no copy of 见附件."""

_NUMBER = re.compile(r"[\u4e00-\u9fff]{2,12}[〔\[［(（]20\d\d[〕\]］)）]\d+号")
_SOURCE = re.compile(r"[（(]?(?:来源|转载自|信息来源)[:：][^\n）)]*[）)]?\s*$")
_MARKS = re.compile(r"[\W_]+|转载|转发")
_SHORT_TITLE = 8


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    shown: Shown
    title: str
    """Without spaces and punctuation."""
    region: str
    number: str
    """Document number, where there is one."""
    in_force: bool
    attached: bool
    cites: bool
    """It ends with a line that names where it is from."""
    text: bytes
    """Hash of the text."""


class CopyFinder:
    """Takes in documents one by one and keeps for each a signature, a hash and its title, never its text."""

    def __init__(self) -> None:
        self._pages: list[_Page] = []
        self._near: NearDuplicates[int] = NearDuplicates()
        self._by_text: dict[bytes, int] = {}
        self._by_number: dict[tuple[str, str], int] = {}
        self._above: list[int] = []
        self._home: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, document: Document) -> None:
        """Take in one document."""
        body = _SOURCE.sub("", document.body)
        dense = "".join(unicodedata.normalize("NFKC", body).split())
        at = len(self._pages)
        page = _Page(
            shown=shown(document),
            title=_MARKS.sub("", unicodedata.normalize("NFKC", document.title)),
            region=document.region,
            number=_number(document),
            in_force=not document.expires,
            attached="attachment_of" in document.extra,
            cites=body != document.body,
            text=hashlib.sha256(dense.encode(errors="replace")).digest(),
        )
        self._pages.append(page)
        self._above.append(at)
        self._home[document.agency][document.site] += 1
        if page.number and not page.attached:
            self._join(at, self._by_number.setdefault((page.number, page.title), at))
        if len(dense) < SHORTEST:
            return
        first = self._by_text.setdefault(page.text, at)
        if first != at and _same(self._pages[first], page):
            self._join(at, first)
        for other in self._near.add(at, body):
            if _same(self._pages[other], page):
                self._join(at, other)

    def groups(self) -> list[tuple[Copies, tuple[Shown, ...]]]:
        """Return the groups of copies, each with its pages in the order of `doc_ids`."""
        members: defaultdict[int, list[int]] = defaultdict(list)
        for at in range(len(self._pages)):
            members[self._top(at)].append(at)
        found: list[tuple[Copies, tuple[Shown, ...]]] = []
        for group in members.values():
            if len(group) > 1:
                pages = sorted((self._pages[at] for at in group), key=self._rank)
                kind: Literal["exact", "near"] = "exact" if len({page.text for page in pages}) == 1 else "near"
                ids = tuple(page.shown.doc_id for page in pages)
                found.append(
                    (Copies(group=f"g{len(found) + 1}", kind=kind, doc_ids=ids), tuple(p.shown for p in pages))
                )
        return found

    def findings(self) -> Iterator[Finding]:
        """Yield the groups of copies, and for each copy whose date is not the original's the pair of them."""
        attached = {page.shown.doc_id for page in self._pages if page.attached}
        for copies, pages in self.groups():
            first = pages[0]
            yield Finding(kind="copies", code=copies.kind, site=first.site, subject=first.title, pages=pages)
            for other in pages[1:]:
                days = iso_date(first.published), iso_date(other.published)
                if first.doc_id not in attached and other.doc_id not in attached and all(days) and days[0] != days[1]:
                    yield Finding(
                        kind="dates",
                        code=copies.kind,
                        site=other.site,
                        subject=first.title,
                        pages=(
                            msgspec.structs.replace(first, value=days[0]),
                            msgspec.structs.replace(other, value=days[1]),
                        ),
                    )
        yield from self._titles()

    def _titles(self) -> Iterator[Finding]:
        """Yield titles that several pages of one site have, attachments and copies left out."""
        titles: defaultdict[tuple[str, str], dict[int, _Page]] = defaultdict(dict)
        for at, page in enumerate(self._pages):
            if page.title and not page.attached:
                titles[page.shown.site, page.title].setdefault(self._top(at), page)
        for (site, _), pages in titles.items():
            if len(pages) > 1:
                all_shown = tuple(page.shown for page in pages.values())
                yield Finding(kind="title", code="same-site", site=site, subject=all_shown[0].title, pages=all_shown)

    def _rank(self, page: _Page) -> tuple[bool, str, bool, bool, str]:
        """Order by likelihood of being the original: earliest date, no source named, on its agency's own site."""
        sites = self._home[page.shown.agency]
        home = sites.most_common(1)[0][0]
        return (
            page.attached,
            iso_date(page.shown.published) or "9999",
            page.cites,
            page.shown.site != home,
            page.shown.doc_id,
        )

    def _top(self, at: int) -> int:
        while self._above[at] != at:
            self._above[at] = self._above[self._above[at]]
            at = self._above[at]
        return at

    def _join(self, one: int, other: int) -> None:
        low, high = sorted((self._top(one), self._top(other)))
        self._above[high] = low


def _same(one: _Page, other: _Page) -> bool:
    """Say whether two pages with nearly the same text are the same thing and not last year's, or the next town's."""
    if one.number and other.number:
        return one.number == other.number
    if one.region and other.region and one.region != other.region:
        return False
    return one.in_force == other.in_force and _related(one.title, other.title)


def _related(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) >= _SHORT_TITLE and short in long)


def _number(document: Document) -> str:
    """Return the document's own number: as given, or as the text begins with it."""
    found = _NUMBER.search(document.body[:60])
    given = document.extra.get("doc_number") or (found.group() if found and not found.start() else "")
    return unicodedata.normalize("NFKC", given).translate(str.maketrans("[(〔", "〔〔〔", "")).replace("]", "〕")
