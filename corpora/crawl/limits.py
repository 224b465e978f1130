"""Which addresses a crawl leaves alone before it asks for them, and the words for that."""

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url, safe_url_string

from corpora.crawl.plan import Entry, Plan

DOMAIN = "other domain"
SCHEME = "no web address"
TYPE = "wrong type"
DEPTH = "too deep"
LONG = "address too long"
QUERIES = "too many query strings"
ALIKE = "too many alike"
ROBOTS = "robots.txt forbids"
ROBOTS_DOWN = "robots.txt unreachable"
PRIVATE = "private address"
LARGE = "too large"
LOOP = "redirect loop"
CHAIN = "too many redirects"
TIMEOUT = "timeout"
UNRESOLVED = "unknown host"
CONNECTION = "connection failed"
PAGES = "page limit"

MAX_REDIRECTS = 10
_LONGEST = 2_000

ATTACHMENTS = frozenset((".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".wps", ".et", ".ofd", ".rtf"))
"""Kinds of file that portals attach."""
_OTHER = re.compile(
    r"\.(?:7z|apk|avi|bmp|bz2|css|dmg|eot|exe|flv|gif|gz|ico|ipa|iso|jar|jpe?g|js|json|m3u8|m4a|mkv|mov|mp[34]|mpe?g|msi"
    r"|ogg|otf|png|rar|rm|rmvb|rss|svg|swf|tar|tiff?|ttf|wav|web[mp]|wm[av]|woff2?|zip)"
)
"""Suffixes of what is neither a page nor an attachment with text in it."""
_TYPES = re.compile(
    r"text/(?:html|plain|xml)|application/(?:xhtml\+xml|xml|rss\+xml|pdf|msword|rtf|ofd|wps-office\S*|kswps|kset"
    r"|vnd\.(?:ms-|openxmlformats-officedocument\.|wps)\S*)",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")


def entry_of(url: str, *, depth: int = 0, sitemap: bool = False, source: str = "") -> Entry | None:
    """Return the entry for an absolute URL, or None where it names nothing on the web."""
    try:
        sent = safe_url_string(url.strip()).partition("#")[0]
        parts = urlsplit(sent)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or port == 0 or parts.username is not None:
        return None
    if port and port != {"http": 80, "https": 443}[parts.scheme]:
        host = f"{host}:{port}"
    return Entry(url=sent, key=canonicalize_url(sent), host=host, depth=depth, sitemap=sitemap, source=source)


def refusal(entry: Entry, plan: Plan) -> str:
    """Return why the plan does not let an address be asked for, or an empty string."""
    parts = urlsplit(entry.url)
    if not allowed_host(parts.hostname or "", plan):
        return DOMAIN
    if entry.depth > plan.max_depth:
        return DEPTH
    if len(entry.url) > _LONGEST:
        return LONG
    if not entry.sitemap and _OTHER.fullmatch(PurePosixPath(parts.path).suffix.lower()):
        return TYPE
    return ""


def allowed_host(host: str, plan: Plan) -> bool:
    """Return whether a host name is one of the start addresses' or below an allowed domain."""
    host = host.lower().rstrip(".")
    if host in plan.hosts:
        return True
    domains = (domain.lower().strip(".") for domain in plan.allow_domains)
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def allowed_type(content_type: str, entry: Entry) -> bool:
    """Return whether an answer of this Content-Type is wanted; one that says nothing is taken by its suffix."""
    kind = content_type.partition(";")[0].strip()
    suffix = PurePosixPath(urlsplit(entry.url).path).suffix.lower()
    if entry.sitemap or not kind or suffix in ATTACHMENTS:
        return True
    return _TYPES.fullmatch(kind) is not None


def patterns(entry: Entry, plan: Plan) -> list[tuple[str, int, str]]:
    """Return what an address is counted under: a name, how many of it the plan allows, and the refusal beyond."""
    parts = urlsplit(entry.key)
    counted = [("alike " + entry.host + _DIGITS.sub("0", parts.path), plan.max_alike, ALIKE)]
    if parts.query:
        counted.append(("query " + entry.host + parts.path, plan.max_queries, QUERIES))
    return counted
