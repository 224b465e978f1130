"""The reply to a request, apart from any socket."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from urllib.parse import quote

import msgspec

Headers = tuple[tuple[str, str], ...]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Status, headers and body; the same request gets the same bytes on every machine."""

    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    more: Callable[[], Iterator[bytes]] | None = None
    """Makes what follows `body` while it is being sent; only traps have it."""
    delay_s: float = 0.0
    """How long to wait before the first byte."""

    def header(self, name: str) -> str:
        """Return the value of a header, or an empty string."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def content(body: bytes, kind: str, day: str = "") -> Reply:
    """Return a reply that can be asked for again by its ETag and, where a `day` is given, by its date."""
    headers = [("Content-Type", kind), ("ETag", f'"{sha256(body).hexdigest()[:20]}"')]
    if day:
        headers.append(("Last-Modified", http_date(day)))
    return Reply(headers=tuple(headers), body=body)


def redirect(target: str, status: int = 301) -> Reply:
    """Return a reply that sends the client to another address."""
    text = f"<html><head><title>{status}</title></head><body>{status}</body></html>\n"
    return Reply(
        status=status,
        headers=(("Location", quote(target, safe=":/?=&%~")), ("Content-Type", "text/html")),
        body=text.encode(),
    )


def failure(status: int, title: str, text: str, *more: tuple[str, str]) -> Reply:
    """Return an error page; `title` and `text` are trusted and go into it as they are."""
    page = (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title></head>\n'
        f'<body><h1>{title}</h1><p>{text}</p><p><a href="/">返回首页</a></p></body></html>\n'
    )
    return Reply(status=status, headers=(("Content-Type", "text/html; charset=utf-8"), *more), body=page.encode())


def conditional(reply: Reply, asked: Mapping[str, str]) -> Reply:
    """Return the reply, or 304 without a body when the request's headers say that the client has it already.

    As RFC 9110 has it, If-None-Match is looked at first, and If-Modified-Since only where it is absent.
    """
    if reply.status != 200:
        return reply
    etag, modified = reply.header("ETag"), reply.header("Last-Modified")
    if known := asked.get("If-None-Match", ""):
        same = bool(etag) and (
            known.strip() == "*" or etag in [one.strip().removeprefix("W/") for one in known.split(",")]
        )
    else:
        same = bool(modified) and not _after(modified, asked.get("If-Modified-Since", ""))
    if not same:
        return reply
    return Reply(status=304, headers=tuple(pair for pair in reply.headers if pair[0] in ("ETag", "Last-Modified")))


def http_date(day: str) -> str:
    """Return an ISO day as the date of HTTP headers."""
    return format_datetime(datetime.fromisoformat(day).replace(tzinfo=UTC), usegmt=True)


def _after(modified: str, since: str) -> bool:
    """Return whether `modified` is later than `since`; a date that cannot be read counts as long ago."""
    try:
        return parsedate_to_datetime(modified) > parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return True
