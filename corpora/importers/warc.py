"""WARC files of web archives (ISO 28500): the newest good answer of every address.

The files are passed over twice: once for the newest capture of each address, once for the content. Damaged records are
left behind by looking for the next place at which a record can begin.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from corpora.importers import identity
from corpora.importers.api import MAX_ITEM_BYTES, Item, Options, Skipped
from corpora.importers.pages import document_of, kind_of

SUFFIXES = (".warc", ".warc.gz")
_BEGINNINGS = (b"WARC/1.", b"\x1f\x8b\x08")
_BLOCK = 1 << 20
_HTTP_OK = 200

Opener = Callable[[], AbstractContextManager[BinaryIO]]


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of a server as the archive holds it."""

    url: str
    date: str
    is_revisit: bool
    status: int
    content_type: str
    encodings: tuple[str, ...]
    payload: bytes
    """Still encoded; at most one byte longer than what may be imported."""
    complete: bool


def read(source: Path, options: Options) -> Iterator[Item]:
    """Yield documents of one WARC file, or of all WARC files in a folder, as one archive."""
    paths = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.name.endswith(SUFFIXES))
    files: list[tuple[str, Opener]] = [(path.name, _opener(path)) for path in paths]
    return read_files(files, options)


def read_files(files: list[tuple[str, Opener]], options: Options) -> Iterator[Item]:
    """Yield documents of WARC files; of the good captures of an address the one with the latest WARC-Date counts."""
    with identity.Seen() as newest:
        for place, capture in enumerate(_all(files)):
            if isinstance(capture, Capture) and _is_good(capture):
                newest.keep_highest(identity.key(identity.address(capture.url)), capture.date, place)
        for place, capture in enumerate(_all(files)):
            if isinstance(capture, Skipped):
                yield capture
            else:
                yield _item(capture, place, newest, options)


def _item(capture: Capture, place: int, newest: identity.Seen, options: Options) -> Item:
    url = identity.address(capture.url)
    if not url:
        return Skipped(reason="no-address", item=capture.url)
    if capture.is_revisit:
        return Skipped(reason="unchanged-capture", item=url)
    if capture.status != _HTTP_OK:
        return Skipped(reason="http-status", item=url, detail=str(capture.status))
    if not kind_of(capture.content_type, url):
        return Skipped(reason="not-a-page", item=url, detail=capture.content_type)
    if not capture.complete:
        return Skipped(reason="truncated", item=url)
    if newest.place(identity.key(url)) != place:
        return Skipped(reason="older-capture", item=url, detail=capture.date)
    content = _decoded(capture)
    if isinstance(content, str):
        return Skipped(reason=content, item=url, detail=" ".join(capture.encodings))
    return document_of(content, url=url, content_type=capture.content_type, options=options, where=url)


def _is_good(capture: Capture) -> bool:
    return (
        not capture.is_revisit
        and capture.status == _HTTP_OK
        and capture.complete
        and bool(identity.address(capture.url))
        and bool(kind_of(capture.content_type, capture.url))
    )


def _decoded(capture: Capture) -> bytes | str:
    """Return the payload without its transfer and content encodings, or the reason why that is not possible."""
    content = capture.payload
    for encoding in capture.encodings:
        if encoding == "chunked":
            content = _unchunked(content)
        elif encoding in {"gzip", "x-gzip", "deflate"}:
            # 32 more bits of window: zlib and gzip are told apart by their heads
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
            try:
                content = unpacker.decompress(content, MAX_ITEM_BYTES + 1)
            except zlib.error:
                if content[:2] != b"\x1f\x8b" and encoding != "deflate":
                    continue  # many archives keep the header of an encoding that they have undone
                try:
                    content = zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(content, MAX_ITEM_BYTES + 1)
                except zlib.error:
                    return "broken-record"
        elif encoding not in {"", "identity"}:
            return "broken-record"
    return "too-large" if len(content) > MAX_ITEM_BYTES else content


def _unchunked(content: bytes) -> bytes:
    """Return the joined chunks; content that is not chunked after all comes back as it is."""
    parts: list[bytes] = []
    place = 0
    while True:
        end = content.find(b"\r\n", place)
        size = content[place:end].split(b";")[0].strip() if end >= 0 else b""
        if not size or len(size) > 8 or size.strip(b"0123456789abcdefABCDEF"):
            return b"".join(parts) if parts else content
        length = int(size, 16)
        if not length:
            return b"".join(parts)
        parts.append(content[end + 2 : end + 2 + length])
        place = end + 2 + length + 2


def _all(files: list[tuple[str, Opener]]) -> Iterator[Capture | Skipped]:
    for name, opener in files:
        yield from _captures(name, opener)


def _captures(name: str, opener: Opener) -> Iterator[Capture | Skipped]:
    """Yield the captures of one file; after damage, go on at the next place where a record can begin."""
    start, sound = 0, True
    try:
        with opener() as stream:
            while True:
                last = start
                try:
                    stream.seek(start)
                    for offset, capture in _records(stream):
                        last, sound = start + offset, True
                        if capture:
                            yield capture
                    return
                except (OSError, ValueError, EOFError, zlib.error) as problem:
                    if sound:  # said once for each stretch of damage
                        yield Skipped(reason="damaged-file", item=f"{name} after byte {last}", detail=str(problem))
                    found = _next_beginning(stream, last + 1)
                    if found is None:
                        return
                    start, sound = found, False
    except (OSError, ValueError, EOFError, zlib.error, NotImplementedError, RuntimeError) as problem:
        yield Skipped(reason="damaged-file", item=name, detail=str(problem))


def _records(stream: BinaryIO) -> Iterator[tuple[int, Capture | None]]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType  # only this format needs it

    kinds = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.revisit
    for record in ArchiveIterator(stream, auto_decode="none", parse_http=True):
        offset = record.stream_pos
        if not record.record_type & kinds:
            yield offset, None
            continue
        http = record.http_headers if record.is_http else None
        payload = record.reader.read(MAX_ITEM_BYTES + 1)
        encodings: tuple[str, ...] = ()
        if http:
            given = (http.get("Transfer-Encoding") or "", *reversed((http.get("Content-Encoding") or "").split(",")))
            encodings = tuple(encoding.strip().lower() for encoding in given)
        yield (
            offset,
            Capture(
                url=(record.headers.get("WARC-Target-URI") or "").strip("<> "),
                date=record.headers.get("WARC-Date") or "",
                is_revisit=record.record_type == WarcRecordType.revisit,
                status=(http.status_code or 0) if http else _HTTP_OK,
                content_type=((http or record.headers).get("Content-Type") or "").strip(),
                encodings=encodings,
                payload=payload,
                complete=len(payload) > MAX_ITEM_BYTES or len(payload) >= record.content_length,
            ),
        )


def _next_beginning(stream: BinaryIO, start: int) -> int | None:
    """Return the place of the next sign that begins a record or a gzip member, at `start` or after it."""
    longest = max(map(len, _BEGINNINGS))
    place = start
    stream.seek(start)
    tail = b""
    while block := stream.read(_BLOCK):
        window = tail + block
        found = [at for sign in _BEGINNINGS if (at := window.find(sign)) >= 0]
        if found:
            return place - len(tail) + min(found)
        place += len(block)
        tail = window[-(longest - 1) :]
    return None


def _opener(path: Path) -> Opener:
    return lambda: cast(AbstractContextManager[BinaryIO], path.open("rb"))
