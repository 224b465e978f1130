"""Site maps (sitemaps.org): the addresses of a portal with their last change, as seeds for a crawl."""

import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import ParseError

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from corpora.importers import identity
from corpora.importers.api import Skipped

_MAX_DEPTH = 3
_MAX_UNPACKED = 512 << 20
_GZIP = b"\x1f\x8b"


class Seed(msgspec.Struct, frozen=True, kw_only=True):
    """One address that a site map lists."""

    url: str
    last_modified: str = ""
    """As the site map writes it: an ISO 8601 date, with or without a time."""


def read(source: Path) -> Iterator[Seed | Skipped]:
    """Yield the addresses of a site map, or of all site maps of an index that lie beside it under their own names.

    Document types, and so entities, are refused. What was read before a fault is kept and the fault named.
    """
    yield from _read(source, depth=0, met={source.resolve()})


def _read(path: Path, depth: int, met: set[Path]) -> Iterator[Seed | Skipped]:
    count = 0
    place, changed, inside = "", "", ""
    try:
        with _opened(path) as stream:
            for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
                name = _local(element.tag)
                if event == "start":
                    if name in {"url", "sitemap"}:
                        place, changed, inside = "", "", name
                    continue
                text = (element.text or "").strip()
                if name == "loc" and not place:  # image and video extensions nest a loc of their own
                    place = text
                elif name == "lastmod":
                    changed = text
                elif name == inside:
                    count += 1
                    yield from _listed(path, inside, place, changed, depth, met)
                    inside = ""
                if name in {"url", "sitemap"}:
                    element.clear()
    except DefusedXmlException as problem:
        detail = f"document types are refused: {type(problem).__name__}"
        yield Skipped(reason="damaged-file", item=f"{path.name} after entry {count}", detail=detail)
    except (ParseError, OSError, EOFError, zlib.error, ValueError, LookupError) as problem:
        yield Skipped(reason="damaged-file", item=f"{path.name} after entry {count}", detail=str(problem))


def _listed(path: Path, kind: str, place: str, changed: str, depth: int, met: set[Path]) -> Iterator[Seed | Skipped]:
    url = identity.address(place)
    if not url:
        yield Skipped(reason="no-address", item=f"{path.name}: {place[:200] or 'an entry without loc'}")
    elif kind == "url":
        yield Seed(url=url, last_modified="".join(changed.split())[:40])
    else:
        child = _beside(path, url)
        if child is None or depth >= _MAX_DEPTH:
            yield Skipped(reason="sitemap-elsewhere", item=url)
        elif child.resolve() not in met:
            met.add(child.resolve())
            yield from _read(child, depth + 1, met)


def _beside(path: Path, url: str) -> Path | None:
    name = unquote(urlsplit(url).path).rpartition("/")[2]
    if not name or "\0" in name or "/" in name or name in {".", ".."}:
        return None
    candidate = path.with_name(name)
    for found in (candidate, candidate.with_name(name.removesuffix(".gz")), candidate.with_name(f"{name}.gz")):
        if found.is_file():
            return found
    return None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(path.open("rb"))
        if raw.peek(2)[:2] == _GZIP:
            yield io.BufferedReader(_Bounded(stack.enter_context(gzip.GzipFile(fileobj=raw))))
        else:
            yield io.BufferedReader(_Bounded(raw))


class _Bounded(io.RawIOBase):
    """A stream that ends with an error when more comes out of it than a site map may hold."""

    def __init__(self, raw: IO[bytes] | gzip.GzipFile):
        self._raw = raw
        self._left = _MAX_UNPACKED

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self._raw.read(len(buffer)) or b""
        self._left -= len(content)
        if self._left < 0:
            raise OSError(f"unpacks to more than {_MAX_UNPACKED >> 20} MB")
        buffer[: len(content)] = content
        return len(content)


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2].lower()
