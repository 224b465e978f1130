"""SQLite FTS5, the full-text index inside Python's own sqlite3 (SQLite 3.34 or newer for `trigram`).

Set-ups:

- `fts5`: one column holds the title's tokens, repeated by the title boost, and the body's, joined by spaces, in a
  contentless table that cuts at spaces only; the query is the OR of the quoted tokens, a word asked twice is there
  twice.
- `fts5-trigram`: what many small sites run, since it takes one line of SQL: raw title and body in two weighted columns
  under `tokenize='trigram'`. The query is what such a site makes of a citizen's words: each run of letters and
  characters between spaces and punctuation, quoted, all of which must occur (FTS5's implicit AND). A run is found only
  as it stands, so a sentence rarely finds anything; runs of less than three characters are ignored, and a query
  without a longer one (社保) finds nothing. It is in the list to show what that costs, not as the best that FTS5 can
  do.

Ranking is FTS5's bm25(): k1 1.2 and b 0.75, and the IDF log((N - n + 0.5) / (n + 0.5)), all built in. It is the one
thing in which `fts5` differs from the BM25 of the others.

Quirks:

- The default tokenizer `unicode61` keeps a Chinese sentence in one piece, so that nothing inside it is found. We use
  `ascii`, which does not touch characters beyond ASCII.
- Unquoted words are query syntax (`AND`, `NEAR`, `*`, `-`, `title:`): every term here is quoted.
- A word in more than half of the documents weighs next to nothing: its IDF is floored at 1e-6, where Lucene's stays
  positive.
- bm25() adds up the weighted frequencies of all columns before saturation (as BM25F does) and takes the length of the
  whole row, to which the weight of a column adds nothing. So `trigram` boosts titles without lengthening documents.
- bm25() takes time in proportion to the square of the number of terms: 2,200 tokens over 12,000 documents took two
  minutes. `fts5` therefore asks for the first 256 tokens of a query, some 150 characters of Chinese, and no more.
- One site: rows found are joined with the table that holds their site, then sorted and cut; bm25() still counts over
  all sites.
- Equal scores keep document order.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError, SearchError
from indexers.fields import combined_tokens, describe_fields
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.options import DEFAULT_B, DEFAULT_K1, TextOptions
from indexers.segment import Analyzer, storable

DISTRIBUTIONS = ()
_TRIGRAM_CHARACTERS = 3
_MAX_TOKENS = 256
_RUNS = re.compile(r"[^\W_]+")
_OF_ALL_SITES = """
SELECT doc_id, url, shown.title, found.score
FROM (SELECT rowid AS row, bm25(words, ?, 1.0) AS score FROM words WHERE words MATCH ? ORDER BY score, rowid LIMIT ?)
AS found JOIN shown ON shown.row = found.row
ORDER BY found.score, found.row
"""
# CROSS JOIN fixes the order of the loops: one full-text search, and not one for each page of the site.
_OF_ONE_SITE = """
SELECT doc_id, url, shown.title, bm25(words, ?, 1.0) AS score
FROM words CROSS JOIN shown ON shown.row = words.rowid
WHERE words MATCH ? AND shown.site = ?
ORDER BY score, words.rowid LIMIT ?
"""
_INSERT_TOKENS = "INSERT INTO words (rowid, text) VALUES (?, ?)"
_INSERT_RAW = "INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)"


class Options(TextOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the FTS5 engine; k1 and b cannot be set, and `trigram` uses no dictionary."""

    tokens: Literal["words", "whole-words", "bigrams", "trigram"] = "words"  # type: ignore[assignment] # one more


SETUPS = {"": Options(), "trigram": Options(tokens="trigram")}


class Engine:
    """An SQLite database in `folder`."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._file = folder / "fts5.sqlite"
        self._analyze = None if options.tokens == "trigram" else Analyzer(options.tokens, options.user_dict)
        self._connection: sqlite3.Connection | None = None

    def build(self, documents: Iterable[Document]) -> None:
        """Index the documents one by one in one transaction."""
        self.close()
        forget_made_by(self._folder)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        for leftover in self._file.parent.glob(f"{self._file.name}*"):
            leftover.unlink()
        connection = sqlite3.connect(self._file, isolation_level=None)
        try:
            # An index that a crash spoils is built anew: no journal.
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE shown (row INTEGER PRIMARY KEY, doc_id TEXT, url TEXT, title TEXT, site TEXT)"
            )
            columns, tokenize, insert = (
                ("text", "ascii", _INSERT_TOKENS) if self._analyze else ("title, body", "trigram", _INSERT_RAW)
            )
            connection.execute(f"CREATE VIRTUAL TABLE words USING fts5({columns}, content='', tokenize='{tokenize}')")
            connection.execute("BEGIN")
            for row, document in enumerate(documents, 1):
                shown = (row, document.id, document.url, document.title, document.site)
                connection.execute("INSERT INTO shown VALUES (?, ?, ?, ?, ?)", shown)
                connection.execute(insert, (row, *self._indexed(document)))
            connection.execute("COMMIT")
            connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        except sqlite3.Error as error:
            raise IndexBuildError(f"SQLite {sqlite3.sqlite_version} could not build {self._file}: {error}") from error
        finally:
            connection.close()
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, that bm25() ranks highest."""
        match = self._match(text)
        if k < 1 or not match:
            return []
        weight = 1.0 if self._analyze else self._options.title_boost  # of the first column
        try:
            if site:
                rows = self._open().execute(_OF_ONE_SITE, (weight, match, site, k))
            else:
                rows = self._open().execute(_OF_ALL_SITES, (weight, match, k))
            # bm25() is negative so that ascending order puts the best first.
            return [Hit(doc_id=i, url=url, title=title, score=-score) for i, url, title, score in rows]
        except sqlite3.Error as error:
            raise SearchError(f"SQLite {sqlite3.sqlite_version} could not answer {text[:40]!r}: {error}") from error

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values."""
        trigram = self._analyze is None
        return {
            "engine": "fts5",
            "tokenizer": self._analyze.describe() if self._analyze else {"kind": "trigram", "library": "sqlite"},
            "fields": describe_fields(self._options),
            "field_model": "combined",
            "ranking": {"name": "BM25 (FTS5's)", "k1": DEFAULT_K1, "b": DEFAULT_B},
            "query": "AND of the quoted runs between punctuation" if trigram else "OR of the query's tokens",
            "ties": "document order",
            "limits": {"min_characters": _TRIGRAM_CHARACTERS, "normalizes": False}
            if trigram
            else {"max_tokens": _MAX_TOKENS},
            "versions": {"sqlite": sqlite3.sqlite_version},
        }

    def close(self) -> None:
        """Close the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _indexed(self, document: Document) -> tuple[str, ...]:
        """Return what each column holds."""
        if self._analyze:
            return (" ".join(combined_tokens(document, self._analyze, self._options)),)
        return storable(document.title), storable(document.body)

    def _match(self, text: str) -> str:
        if self._analyze:
            return " OR ".join(f'"{token}"' for token in self._analyze(text)[:_MAX_TOKENS])
        return " ".join(f'"{run}"' for run in _long_runs(storable(text)))

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            read_made_by(self._folder, self.describe())
            uri = f"{self._file.resolve().as_uri()}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        return self._connection


def _long_runs(text: str) -> Iterator[str]:
    return (run for run in _RUNS.findall(text) if len(run) >= _TRIGRAM_CHARACTERS)
