"""The state of a crawl in one SQLite file: what was fetched, what was refused, and how far it got."""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from corpora.crawl.plan import Entry
from corpora.errors import CrawlError

FILE = "crawl.sqlite"
_SCHEMA = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS job (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pages (
    key TEXT PRIMARY KEY, turn INTEGER NOT NULL, status INTEGER NOT NULL, change TEXT NOT NULL, record BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS links (key TEXT PRIMARY KEY, found BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refused (
    key TEXT NOT NULL, why TEXT NOT NULL, url TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (key, why)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ends (file TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS frontier (
    key TEXT PRIMARY KEY, host TEXT NOT NULL, depth INTEGER NOT NULL, state TEXT NOT NULL, not_before REAL NOT NULL,
    record BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS next ON frontier (host, state, depth, key);
CREATE TABLE IF NOT EXISTS patterns (name TEXT PRIMARY KEY, seen INTEGER NOT NULL) WITHOUT ROWID;
"""


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One address that answered, as the index names it."""

    url: str
    canonical: str = ""
    """Filled in when the index is written: it takes all redirects."""
    status: int
    type: str = ""
    """Content-Type as sent, with its charset."""
    hash: str = ""
    """SHA-256 of the unpacked body."""
    size: int = 0
    etag: str = ""
    modified: str = ""
    """Last-Modified as sent."""
    fetched: str = ""
    """When these bytes were fetched."""
    checked: str = ""
    """When the address was last asked."""
    change: str = ""
    """Since the crawl before: `new`, `changed`, `unchanged` or `gone`."""
    target: str = ""
    """Where it redirects to."""
    redirected_from: tuple[str, ...] = ()
    """Filled in when the index is written."""
    depth: int = 0
    sitemap: bool = False
    warc: str = ""
    offset: int = 0


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A link of a page."""

    url: str
    text: str = ""


class State:
    """An open crawl folder's state; every change is a transaction, and a kill leaves the one before it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.connection: sqlite3.Connection

    def open(self) -> None:
        """Open or make the file; raise `CrawlError` when it is no crawl's or another process crawls into it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = sqlite3.connect(self.path, isolation_level=None, timeout=5.0)
            # An exclusive lock keeps a second crawler out of the folder, and goes with the process however it ends.
            self.connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=NORMAL")
            self.connection.executescript(_TABLES)
            if self.get("schema", _SCHEMA) != _SCHEMA:
                raise CrawlError(f"{self.path} is of another version of tongcha: crawl into another folder")
            self.set("schema", _SCHEMA)
        except sqlite3.OperationalError as problem:
            if "locked" in str(problem):
                raise CrawlError(
                    f"{self.path.parent}: another process crawls into this folder: wait for it, or choose another --out"
                ) from problem
            raise CrawlError(f"{self.path}: {problem}: check the folder, its rights and the disk") from problem
        except sqlite3.DatabaseError as problem:
            raise CrawlError(f"{self.path}: {problem}: this is no crawl's state; choose another --out") from problem

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything in the block happen, or nothing."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def get(self, name: str, default: Any = None) -> Any:
        """Return a fact about the job."""
        row = self.connection.execute("SELECT value FROM job WHERE name = ?", (name,)).fetchone()
        return default if row is None else msgspec.json.decode(row[0])

    def set(self, name: str, value: Any) -> None:
        """Put a fact about the job on record."""
        self.connection.execute("INSERT OR REPLACE INTO job VALUES (?, ?)", (name, msgspec.json.encode(value).decode()))

    def page(self, key: str) -> Page | None:
        """Return what is known of an address."""
        row = self.connection.execute("SELECT record FROM pages WHERE key = ?", (key,)).fetchone()
        return None if row is None else msgspec.msgpack.decode(row[0], type=Page)

    def pages(self) -> Iterator[tuple[str, int, Page]]:
        """Yield key, turn and page of every address that answered, by key."""
        for key, turn, record in self.connection.execute("SELECT key, turn, record FROM pages ORDER BY key"):
            yield key, turn, msgspec.msgpack.decode(record, type=Page)

    def put(self, key: str, turn: int, page: Page, links: tuple[Link, ...] | None) -> None:
        """Put a page on record in place of what was known; links of None stay as they were."""
        self.connection.execute(
            "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)",
            (key, turn, page.status, page.change, msgspec.msgpack.encode(page)),
        )
        if links is not None:
            self.connection.execute("INSERT OR REPLACE INTO links VALUES (?, ?)", (key, msgspec.msgpack.encode(links)))

    def links(self, key: str) -> tuple[Link, ...]:
        """Return the links of a page."""
        row = self.connection.execute("SELECT found FROM links WHERE key = ?", (key,)).fetchone()
        return () if row is None else msgspec.msgpack.decode(row[0], type=tuple[Link, ...])

    def count(self, turn: int) -> int:
        """Return how many addresses answered in this turn."""
        found: int = self.connection.execute("SELECT count(*) FROM pages WHERE turn = ?", (turn,)).fetchone()[0]
        return found

    def refuse(self, refused: Iterable[tuple[Entry, str]]) -> None:
        """Put on record which addresses were not had, and why; the first source counts."""
        self.connection.executemany(
            "INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?)",
            [(entry.key, why, entry.url, entry.source) for entry, why in refused],
        )

    def refused(self) -> Iterator[tuple[str, str, str]]:
        """Yield why, address and source of what was not had, leaving out what another way led to after all."""
        yield from self.connection.execute(
            "SELECT why, url, source FROM refused "
            "WHERE key NOT IN (SELECT key FROM pages WHERE turn = ? AND status < 300) ORDER BY why, url",
            (self.get("turn", 0),),
        )

    def ends(self) -> dict[str, int]:
        """Return how far each WARC file is on record."""
        return dict(self.connection.execute("SELECT file, offset FROM ends"))

    def set_end(self, file: str, offset: int) -> None:
        """Put on record how far a WARC file is good."""
        self.connection.execute("INSERT OR REPLACE INTO ends VALUES (?, ?)", (file, offset))

    def begin(self, turn: int) -> None:
        """Forget the frontier and refusals of the crawl before, and keep its pages."""
        with self.transaction():
            for table in ("frontier", "patterns", "refused"):
                self.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the three words above
            self.set("turn", turn)
            self.set("finished", value=False)
