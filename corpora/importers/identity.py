"""Ids that stay the same when a portal is imported again."""

import hashlib
import re
import sqlite3
import unicodedata
from typing import Self
from urllib.parse import SplitResult, urlsplit

import msgspec

from corpora.errors import InvalidURLError
from corpora.model import Document
from corpora.urls import canonical

_ID_DIGITS = 16
_SPACE = re.compile(r"\s")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def address(url: str) -> str:
    """Return a page's address as it can be fetched, without its fragment, or an empty text when it is no http address.

    >>> address("HTTPS://WWW.A.gov.example:443#top")
    'https://www.a.gov.example/'
    """
    given = url.strip()
    try:
        parts = urlsplit(given)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # an unclosed IPv6 bracket, a port that is no number
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not host or _SPACE.search(given):
        return ""
    if port and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    return SplitResult(parts.scheme, host, parts.path or "/", parts.query, "").geturl()


def key(url: str) -> str:
    """Return what the addresses of one page have in common, from what `address` returned; it is only compared."""
    try:
        return canonical(url)
    except InvalidURLError:
        return url


def host(url: str) -> str:
    """Return the host name in what `address` returned, or an empty text."""
    return urlsplit(url).hostname or ""


def address_id(url: str) -> str:
    """Return the id of the page at an address, the same for all its spellings that `key` knows."""
    return _digits("address", key(url))


def file_id(relative: str) -> str:
    """Return the id of a saved page that tells no address, from its path in the folder."""
    return _digits("file", unicodedata.normalize("NFC", relative))


def content_id(document: Document) -> str:
    """Return an id made of what the document says, for rows with neither id nor address."""
    return _digits("content", document.title, document.body, document.published, document.site)


def _digits(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:_ID_DIGITS]


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """The page that names an attachment: its id, the words of the link, and what the attachment takes over from it."""

    doc_id: str
    text: str
    column: str = ""
    kind: str = ""
    agency: str = ""
    region: str = ""
    published: str = ""


class Parents:
    """Which page named an attachment first, in a temporary database on disk, so that memory does not grow with it."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE parents (address TEXT PRIMARY KEY, parent BLOB)")
        self._database.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def note(self, url: str, parent: Parent) -> None:
        """Remember that a page names the attachment at an address; the first page to do so counts."""
        packed = msgspec.msgpack.encode(parent)
        self._database.execute("INSERT OR IGNORE INTO parents VALUES (?, ?)", (key(address(url)), packed))

    def of(self, url: str) -> Parent | None:
        """Return the page that named the attachment, None when none has so far."""
        row = self._database.execute("SELECT parent FROM parents WHERE address = ?", (key(address(url)),)).fetchone()
        return None if row is None else msgspec.msgpack.decode(row[0], type=Parent)


class Seen:
    """A set of texts in a temporary database on disk, so that memory does not grow with it.

    It keeps 64-bit hashes: two of a million different texts meet with a probability of 3 in 100 million.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)  # "" is a file that vanishes on close
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA cache_size = -32768")  # KiB
        self._database.execute("CREATE TABLE seen (hash INTEGER PRIMARY KEY, rank TEXT, place INTEGER)")
        self._database.execute("BEGIN")
        self._cursor = self._database.cursor()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, text: str) -> bool:
        """Add a text; False when it was there already."""
        self._cursor.execute("INSERT OR IGNORE INTO seen (hash) VALUES (?)", (_hash(text),))
        return self._cursor.rowcount == 1

    def keep_highest(self, text: str, rank: str, place: int) -> None:
        """Remember the place of the highest rank of a text; of equal ranks the later place."""
        self._cursor.execute(
            "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE "
            "SET rank = excluded.rank, place = excluded.place WHERE excluded.rank >= rank",
            (_hash(text), rank, place),
        )

    def place(self, text: str) -> int | None:
        """Return the place that `keep_highest` remembers."""
        found = self._cursor.execute("SELECT place FROM seen WHERE hash = ?", (_hash(text),)).fetchone()
        return None if found is None else int(found[0])


def _hash(text: str) -> int:
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
