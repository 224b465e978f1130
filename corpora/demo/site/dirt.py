"""Which pages have which fault: chosen by their ids, the same on every machine, and on record."""

from collections.abc import Iterable

from corpora.demo.choice import pick
from corpora.model import Document

FAULTS = {
    "column_null": "ColumnName holds the word null",
    "domain_url": "SiteDomain holds a whole URL",
    "idcode_12_digits": "SiteIDCode has twelve digits instead of ten",
    "idcode_letters": "SiteIDCode has letters in it",
    "pubdate_no_time": "PubDate is a date without the time of day",
    "pubdate_seconds": "PubDate is written with seconds",
    "pubdate_missing": "PubDate is not there",
    "title_missing": "ArticleTitle is not there",
    "gb18030_as_gb2312": "the page is GB18030 and declares gb2312",
    "utf8_as_gb2312": "the page is UTF-8 and declares gb2312",
    "no_charset": "the page is UTF-8 and declares nothing",
    "no_meta": "no standard meta tags, and a title element that names only the site",
}
"""Name → what is wrong. A page has one fault at most; its title and its date can always be read in the page."""

BARE_SITE = "www.zeyuan.gov.example"
BARE_BEFORE = "2025-02-01"
"""Pages of this site from before this day were taken over from an older system, without meta tags."""

_DIRTY_PER_CENT = 16
_DIRTY_PER_CENT_BARE = 5  # the old pages of that site are its dirt already
_DRAWN = tuple(name for name in FAULTS if name != "no_meta")


def fault_of(document: Document) -> str:
    """Return the name of the page's fault, or an empty string for a clean page."""
    bare_site = document.site == BARE_SITE
    if bare_site and document.published < BARE_BEFORE:
        return "no_meta"
    if pick(document.id + "/dirt", range(100)) < (_DIRTY_PER_CENT_BARE if bare_site else _DIRTY_PER_CENT):
        return pick(document.id + "/fault", _DRAWN)
    return ""


def faults(documents: Iterable[Document]) -> dict[str, str]:
    """Return document id → fault of every page that has one."""
    return {document.id: fault for document in documents if (fault := fault_of(document))}


def declared_charset(fault: str) -> str:
    """Return the charset that a page with this fault declares in its head; empty when it declares none."""
    if fault == "no_charset":
        return ""
    return "gb2312" if fault in ("gb18030_as_gb2312", "utf8_as_gb2312") else "utf-8"


def encoding_of(fault: str) -> str:
    """Return the encoding that the bytes of a page with this fault are really in."""
    return "gb18030" if fault == "gb18030_as_gb2312" else "utf-8"


def content_type(fault: str) -> str:
    """Return the Content-Type header; it names the charset only where the page is right about it."""
    wrong = declared_charset(fault) != encoding_of(fault)
    return "text/html" if wrong else "text/html; charset=utf-8"
