"""A folder of saved pages: HTML as browsers and wget save it, MHTML, and attachments beside them."""

import email
import email.policy
import os
import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

from corpora.importers import identity
from corpora.importers.api import MAX_ITEM_BYTES, Item, Options, Skipped
from corpora.importers.pages import ATTACHMENTS, OLD_ATTACHMENTS, document_of

PAGES = frozenset({"html", "htm", "shtml", "xhtml"})
ARCHIVES = frozenset({"mhtml", "mht"})
SUFFIXES = PAGES | ARCHIVES | ATTACHMENTS | OLD_ATTACHMENTS
_TYPES = {"pdf": "application/pdf"}
_HEAD = 64 << 10
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)(\S+?)\s*-->", re.IGNORECASE)
_CANONICAL = re.compile(
    rb"""<link\s[^>]{0,300}?rel\s*=\s*["']?canonical["']?[^>]{0,300}?>|"""
    rb"""<meta\s[^>]{0,300}?(?:property|name)\s*=\s*["']?(?:og:)?url["'\s][^>]{0,1000}?>""",
    re.IGNORECASE,
)
_TARGET = re.compile(rb"""(?:href|content)\s*=\s*["']?(https?://[^"'\s>]+)""", re.IGNORECASE)
_HOST = re.compile(r"^(?=.{4,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?$", re.IGNORECASE)


def read(source: Path, options: Options) -> Iterator[Item]:
    """Yield the pages of a folder by path, or the one page given; links are not followed out of the folder."""
    for path in [source] if source.is_file() else _files(source):
        relative = path.name if path == source else path.relative_to(source).as_posix()
        try:
            with path.open("rb") as stream:
                content = stream.read(MAX_ITEM_BYTES + 1)
        except OSError as problem:
            yield Skipped(reason="unreadable", item=relative, detail=str(problem.strerror))
            continue
        if len(content) > MAX_ITEM_BYTES:
            yield Skipped(reason="too-large", item=relative)
            continue
        suffix = path.suffix.lstrip(".").lower()
        if suffix in ARCHIVES:
            yield _archived(content, relative, options)
            continue
        content_type = "text/html" if suffix in PAGES else _TYPES.get(suffix, "")
        url = (_told(content) if suffix in PAGES else "") or _from_path(relative, options.site)
        yield document_of(content, url=url, content_type=content_type, options=options, where=relative)


def _files(folder: Path) -> Iterator[Path]:
    inside = folder.resolve()
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            if path.suffix.lstrip(".").lower() in SUFFIXES and path.resolve().is_relative_to(inside):
                yield path


def _told(content: bytes) -> str:
    """Return the address that the page tells: the browser's comment, its canonical link, or the standard tag Url."""
    head = content[:_HEAD]
    candidates = [found.group(1) for found in _SAVED_FROM.finditer(head)]
    candidates += [target.group(1) for tag in _CANONICAL.finditer(head) if (target := _TARGET.search(tag.group()))]
    spelled = (identity.address(candidate.decode("utf-8", "replace")) for candidate in candidates)
    return next(filter(None, spelled), "")


def _from_path(relative: str, site: str) -> str:
    """Return the address that a path stands for when its first folder is a host, as wget saves, or a site is given."""
    first, _, rest = relative.partition("/")
    if rest and _HOST.match(first):
        return identity.address(f"https://{first}/{quote(rest)}")
    return identity.address(f"https://{site}/{quote(relative)}") if site else ""


def _archived(content: bytes, relative: str, options: Options) -> Item:
    try:
        message = email.message_from_bytes(content, _class=EmailMessage, policy=email.policy.default)
        parts = [part for part in message.walk() if part.get_content_type() in {"text/html", "application/xhtml+xml"}]
        if not parts:
            return Skipped(reason="broken-record", item=relative, detail="no HTML part")
        payload = parts[0].get_payload(decode=True)
        location = str(parts[0].get("Content-Location") or message.get("Snapshot-Content-Location") or "")
        charset = parts[0].get_content_charset() or ""
    except Exception as problem:  # the standard parser lets faulty headers through as many kinds of exception
        return Skipped(reason="broken-record", item=relative, detail=f"{type(problem).__name__}: {problem}")
    if not isinstance(payload, bytes):
        return Skipped(reason="broken-record", item=relative, detail="no HTML part")
    url = identity.address(location) or _from_path(relative, options.site)
    content_type = f"text/html; charset={charset}" if charset else "text/html"
    return document_of(payload, url=url, content_type=content_type, options=options, where=relative)
