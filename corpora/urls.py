"""One canonical form for the URLs that name the same page.

The form is a key to compare by, not an address to fetch: it claims https and drops `www.` and `m.` whether or not the
portal answers there. What RFC 3986 calls equivalent (case, default ports, dot segments, percent-encoding) is left to
yarl, which also keeps GBK percent-encoding as it is; the rest are habits of portals.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from yarl import URL

from corpora.errors import InvalidURLError

_HOST = re.compile(r"[\w.\-:]+", re.ASCII)
_TWIN_HOST = re.compile(r"(?:www\d?|m|wap|3g|mobile)\.(?=[^.]+\.)")
_INDEX_PAGE = re.compile(r"/(?:index|default)\.(?:s?html?|xhtml|aspx?|jspx?|php|do|action)$", re.IGNORECASE)
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|sid|phpsessid)=[^/;]*", re.IGNORECASE)
_SLASHES = re.compile(r"/{2,}")

_DROPPED = frozenset(
    (
        "jsessionid",
        "phpsessid",
        "sessionid",
        "session_id",
        "spm",
        "scm",
        "from_source",
        "isappinstalled",
        "share_token",
        "share_from",
        "sharefrom",
        "_t",
        "_",
        "_ts",
        "timestamp",
        "rand",
        "random",
        "rnd",
        "nocache",
        "nsukey",
    )
)
"""Parameters that name a session, a campaign or a moment whatever their value."""
_DROPPED_FAMILIES = ("utm_", "aspsessionid", "hmsr", "hmpl", "hmcu", "hmkw", "hmci", "bd_vid")
_MOMENT_NAMES = frozenset(("t", "ts", "r", "v", "time", "date", "tm"))
_MOMENT = re.compile(r"1\d{9}(?:\d{3})?|0?\.\d{6,}")
"""Seconds or milliseconds since 1970, or a random number: the values that scripts add against caches."""

_NOWHERE: Mapping[str, str] = MappingProxyType({})


def canonical(url: str, redirects: Mapping[str, str] = _NOWHERE) -> str:
    """Return the one form of a URL, after following the redirects seen in the crawl.

    `redirects` maps URLs, as they were asked for or in their canonical form, to where they led. A loop ends at its
    smallest member, so that all its members have one form. Raises `InvalidURLError` when the URL or the target of a
    redirect is no http or https URL.

    >>> canonical("HTTP://www.linlan.gov.example:80/gjj/./index.html?utm_source=wx&b=2&a=1#top")
    'https://linlan.gov.example/gjj?a=1&b=2'
    """
    form = _form(url)
    if not redirects:
        return form
    return _follow(form, url, redirects)


def same_page(a: str, b: str, redirects: Mapping[str, str] = _NOWHERE) -> bool:
    """Say whether two URLs have one canonical form.

    >>> same_page("http://m.linlan.gov.example/a/", "https://www.linlan.gov.example/a/index.shtml")
    True
    """
    return canonical(a, redirects) == canonical(b, redirects)


def _follow(form: str, url: str, redirects: Mapping[str, str]) -> str:
    forms, asked = [form], {url}
    while True:
        target = redirects.get(url, redirects.get(form))
        if target is None:
            return form
        url, form = target, _form(target)
        if url in asked:  # only now: http to https is a move that leaves the form as it was
            return min(forms[forms.index(form) :])
        asked.add(url)
        forms.append(form)


def _form(url: str) -> str:
    parsed = _parsed(url)
    host = (parsed.raw_host or "").rstrip(".").lower()
    while match := _TWIN_HOST.match(host):
        host = host[match.end() :]
    port = "" if parsed.explicit_port in (None, 80, 443) else f":{parsed.explicit_port}"
    if ":" in host:
        host = f"[{host}]"
    query = _query(parsed.raw_query_string)
    fragment = parsed.raw_fragment if parsed.raw_fragment.startswith(("!", "/")) else ""
    return f"https://{host}{port}{_path(parsed.raw_path)}{query and '?' + query}{fragment and '#' + fragment}"


def _parsed(url: str) -> URL:
    text = url.strip()
    try:
        parsed = URL(text)
        host = parsed.raw_host or ""
        port = parsed.explicit_port
    except (ValueError, UnicodeError) as error:
        raise InvalidURLError(f"{text!r} is no URL ({error}): give an http or https URL") from error
    if (
        parsed.scheme not in ("http", "https")
        or not _HOST.fullmatch(host)
        or not host.strip(".")
        or ".." in host
        or port == 0
    ):
        raise InvalidURLError(f"{text!r} is no http or https URL with a host: write it as https://host/path")
    return parsed


def _path(raw: str) -> str:
    path = _SLASHES.sub("/", _SESSION_IN_PATH.sub("", raw))
    while (shorter := _INDEX_PAGE.sub("", path).rstrip("/")) != path:
        path = shorter
    return path or "/"


def _query(raw: str) -> str:
    pairs = [part if "=" in part else f"{part}=" for part in raw.split("&") if part.strip("=")]
    names = {pair.partition("=")[0].lower() for pair in pairs}
    return "&".join(sorted(pair for pair in pairs if not _is_dropped(pair, names)))


def _is_dropped(pair: str, names: set[str]) -> bool:
    name, _, value = pair.partition("=")
    name = name.lower()
    return (
        name in _DROPPED
        or name.startswith(_DROPPED_FAMILIES)
        or (name == "from" and "to" not in names)  # `from` with `to` is a range of dates in a search
        or (name in _MOMENT_NAMES and _MOMENT.fullmatch(value) is not None)
    )
