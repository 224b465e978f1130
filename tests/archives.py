"""Web archives made by hand for tests, byte by byte, so that they can be wrong in chosen ways."""

import gzip
from collections.abc import Iterable

import msgspec

from corpora.importers.api import Options


class StubProblem(msgspec.Struct, frozen=True, kw_only=True):
    """What the stand-in complains about."""

    kind: str
    subject: str = ""
    detail: str


class StubLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that the stand-in tells."""

    url: str
    text: str


class Stub(msgspec.Struct, frozen=True, kw_only=True):
    """What the stand-in for extraction tells."""

    title: str = ""
    body: str = ""
    column: str = ""
    agency: str = ""
    published: str = ""
    doc_number: str = ""
    region: str = ""
    effective: str = ""
    expires: str = ""
    kind: str = ""
    site_name: str = ""
    repealed: bool = False
    is_list: bool = False
    attachments: tuple[StubLink, ...] = ()
    problems: tuple[StubProblem, ...] = ()


def stub_page(content: bytes, *, url: str, content_type: str = "", http_charset: str = "") -> Stub:
    """Return the text between the title tags and all text as body; `boom` fails and `links` is a list page."""
    text = content.decode(http_charset or "utf-8", "replace")
    if "boom" in text:
        raise ValueError("cannot swallow this")
    title = text.partition("<title>")[2].partition("</title>")[0]
    named = (StubLink(url=f"{url}.pdf", text="申请表"),) if "附件" in text else ()
    body = text.replace("\0", "")
    return Stub(title=title, body=body, is_list="links" in text, published="2024-03-01", attachments=named)


def stub_attachment(content: bytes) -> Stub:
    """Return the content as text, without a title, and complain about `locked`."""
    if content == b"locked":
        return Stub(problems=(StubProblem(kind="encrypted", detail="needs a password"),))
    return Stub(body=content.decode("utf-8", "replace"))


OPTIONS = Options(page=stub_page, attachment=stub_attachment)


def record(
    url: str,
    body: bytes,
    *,
    kind: str = "response",
    status: str = "200 OK",
    headers: Iterable[str] = ("Content-Type: text/html; charset=utf-8",),
    date: str = "2024-01-01T00:00:00Z",
    stated: int | None = None,
) -> bytes:
    """Return one WARC record with an HTTP answer in it; `stated` is a wrong Content-Length."""
    http = "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body
    length = len(http) if stated is None else stated
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {length}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def page(title: str, body: str = "正文") -> bytes:
    """Return a small page."""
    return f"<html><title>{title}</title>{body}</html>".encode()


def zipped(records: Iterable[bytes]) -> bytes:
    """Return a .warc.gz: every record a gzip member of its own."""
    return b"".join(gzip.compress(each, mtime=0) for each in records)
