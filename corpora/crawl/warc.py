"""WARC files: written a record at a time, cut back to what is on record, read at a place."""

import contextlib
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import msgspec
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from corpora.errors import CrawlError

Headers = Sequence[tuple[str, str]]

_SAME_CONTENT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_UNPACKED = frozenset(("content-encoding", "transfer-encoding", "content-length"))
"""Headers that do not fit the body as it is kept: unpacked, whole."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a response record is."""

    file: str
    offset: int
    end: int
    """Offset behind the last byte that belongs to the response."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its answer."""

    url: str
    at: str
    """ISO 8601, UTC."""
    asked: Headers
    status: int
    reason: str
    headers: Headers
    body: bytes = b""


class Archive:
    """The WARC files of a crawl; a new one is begun at `max_bytes`."""

    def __init__(self, folder: Path, max_bytes: int, software: str) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._software = software
        self._stream: IO[bytes] | None = None
        self._writer: WARCWriter | None = None
        self._name = ""

    def open(self, ends: dict[str, int]) -> None:
        """Cut every file back to the end that is on record; a kill may have left half a record behind it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.glob("*.warc.gz")):
            end = ends.get(path.name, 0)
            if not end:
                path.unlink()
            elif path.stat().st_size > end:
                with path.open("r+b") as stream:
                    stream.truncate(end)
        last = max(ends, default="")
        if last:
            self._begin(last)

    def write(self, exchange: Exchange, *, same_as: str = "") -> Place:
        """Write an answer, then its request; an answer that is known already becomes a revisit of `same_as`."""
        writer, stream = self._ready()
        offset = stream.tell()
        headers = StatusAndHeaders(
            f"{exchange.status} {exchange.reason}".strip(),
            [(name, value) for name, value in exchange.headers if name.lower() not in _UNPACKED],
            protocol="HTTP/1.1",
        )
        if not same_as:
            response = writer.create_warc_record(
                exchange.url,
                "response",
                payload=io.BytesIO(exchange.body),
                length=len(exchange.body),
                http_headers=headers,
                warc_headers_dict={"WARC-Date": exchange.at},
            )
        else:
            profile = _NOT_MODIFIED if exchange.status == 304 else _SAME_CONTENT
            response = writer.create_warc_record(
                exchange.url,
                "revisit",
                http_headers=headers,
                warc_headers_dict={
                    "WARC-Date": exchange.at,
                    "WARC-Profile": profile,
                    "WARC-Refers-To-Target-URI": exchange.url,
                    "WARC-Refers-To-Date": same_as,
                },
            )
        request = writer.create_warc_record(
            exchange.url,
            "request",
            http_headers=StatusAndHeaders(
                f"GET {_target(exchange.url)} HTTP/1.1", list(exchange.asked), is_http_request=True
            ),
            warc_headers_dict={
                "WARC-Date": exchange.at,
                "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
            },
        )
        writer.write_record(response)
        writer.write_record(request)
        stream.flush()
        return Place(file=self._name, offset=offset, end=stream.tell())

    def close(self) -> None:
        """Close the file that is being written."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _ready(self) -> tuple[WARCWriter, IO[bytes]]:
        if self._stream is None or self._stream.tell() >= self._max_bytes:
            number = int(self._name.split("-")[1].split(".")[0]) if self._name else 0
            self._begin(f"tongcha-{number + 1:05}.warc.gz")
        if self._writer is None or self._stream is None:
            raise CrawlError("the WARC file is closed")
        return self._writer, self._stream

    def _begin(self, name: str) -> None:
        self.close()
        self._name = name
        self._stream = (self._folder / name).open("ab")
        self._writer = WARCWriter(self._stream, gzip=True)
        if self._stream.tell() == 0:
            info = {"software": self._software, "format": "WARC File Format 1.1", "robots": "obey"}
            self._writer.write_record(self._writer.create_warcinfo_record(name, info))


def read(folder: Path, place: Place) -> tuple[str, bytes]:
    """Return Content-Type and body of the response at a place; raise `CrawlError` when it is not there."""
    path = folder / place.file
    with contextlib.suppress(OSError, StopIteration), path.open("rb") as stream:
        stream.seek(place.offset)
        record = next(iter(ArchiveIterator(stream)))
        if record.rec_type == "response":
            kind = record.http_headers.get_header("Content-Type") or ""
            return kind, record.content_stream().read()
    raise CrawlError(f"{path} holds no answer at {place.offset}: the file was changed; crawl into another folder")


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def now() -> str:
    """Return the time in UTC to the second, as WARC and the index write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def header(headers: Iterable[tuple[str, str]], name: str) -> str:
    """Return the value of the first header of a name, or an empty string."""
    return next((value for key, value in headers if key.lower() == name.lower()), "")
