"""PostgreSQL, the full-text search inside the database that many portals have anyway (15; the set-up rum needs RUM).

Set-ups:

- `postgresql`: our tokens as a `tsvector` that we write ourselves, words of the title labelled A, of the body D, in a
  GIN index; `ts_rank` orders what matches the OR of the query's tokens.
- `postgresql-rum`: the same vectors in an index of the extension RUM, which holds positions too and can give rows by
  their distance `<=>` from the query.

Ranking is not BM25. `ts_rank` adds up, over the query's words that a page holds, the weights of their occurrences, each
further occurrence counting less (1/4, 1/9, ...). It knows no rarity: 的 weighs as much as 公积金. Weights are 1 for the
body and `title_boost` for the title, divided by the boost as PostgreSQL wants them below 1.

Length: `normalization` is PostgreSQL's. Its default 0 ignores length, so that a long page wins by holding many of the
words by chance; 2 divides by the length, so that a heading with one of the words wins. We take 1, division by the
logarithm of the length, the mild one of the two, since all others here have BM25's length normalisation at b = 0.75,
which is neither none nor the whole of it. It was chosen before any measurement. RUM cannot order by it: 0 there.

Quirks:

- No parser of PostgreSQL sees the text: `to_tsvector('simple', ...)` keeps a Chinese sentence in one piece, so that
  nothing inside it is found. A set-up of that kind would break the promise that a word of the body finds its page.
- A vector's limits: a lexeme of 2,046 bytes (cut there), 255 positions of a word, positions up to 16,383 (a word behind
  that counts once), 1 MB a page (words behind that are not indexed).
- `ts_rank` counts a repeated word of the query once. Words asked equally often are therefore ranked together and the
  ranks added up, each times how often it was asked: what `ts_rank` would give if it did count them. RUM's `<=>` counts
  them, its index does not: queries with a repeated word are ordered by the rows.
- `ts_rank` divides by the number of query words; that is undone, which changes no order.
- The OR is written as a balanced tree: a chain of 20,000 exceeds PostgreSQL's stack.
- RUM takes no weights in an ordered scan. It has 0.1, 0.2, 0.4 and 1 for the labels D, C, B and A, so the title is
  labelled C for a boost of 2 and other boosts are 1, 4 or 10. A hit's score is 1 / distance.
- PostgreSQL 15 does not order by an index where a second column breaks ties. So the k nearest are taken `WITH TIES` in
  the index's order, and then put into that of the corpus.
- All that matches the OR is read and ranked before the cut, so time grows with the pages that hold any of the words,
  times the words. JIT compilation is off: it takes longer than these queries.
- One site: an indexed column compared as a whole; ranks know no statistics that it could change.
- Building is one transaction, loading one COPY; an index that is not complete is not there.
"""

import json
import math
import re
import time
from collections import Counter
from collections.abc import Generator, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError, OptionsError
from indexers.fields import describe_fields
from indexers.made_by import FILE, forget_made_by, read_made_by, write_made_by
from indexers.segment import Analyzer
from indexers.servers import SECRET_OPTIONS as SECRET_OPTIONS
from indexers.servers import Server, ServerOptions, new_index_name
from indexers.tsvector import LIMITS, any_of, lexeme, vector

SERVER = "PostgreSQL"
DISTRIBUTIONS = ("psycopg",)
_RUM = "rum"
_RUM_LABELS = {1: "D", 2: "C", 4: "B", 10: "A"}
_GRACE_S = 1.0
_TABLE = """
CREATE TABLE {table} (ordinal bigint PRIMARY KEY, doc_id text NOT NULL, url text NOT NULL, title text NOT NULL,
site text COLLATE "C" NOT NULL, words tsvector NOT NULL)
"""
_BY_RANK = """
SELECT doc_id, url, title, {rank} AS score FROM {table}
WHERE words @@ %s::tsquery{site} ORDER BY score DESC, ordinal LIMIT %s
"""
_BY_DISTANCE = """
SELECT doc_id, url, title, 1 / distance::float8 FROM (
SELECT ordinal, doc_id, url, title, words <=> %s::tsquery AS distance FROM {table}
WHERE words @@ %s::tsquery{site} ORDER BY {distance} FETCH FIRST %s ROWS WITH TIES
) AS nearest ORDER BY distance, ordinal LIMIT %s
"""
_OF_INDEX = sql.SQL("words <=> %s::tsquery")
_OF_ROW = sql.SQL("(words <=> %s::tsquery)::float8")


class Options(ServerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the PostgreSQL engine; there is no k1 and no b."""

    index: Literal["gin", "rum"] = "gin"
    normalization: Annotated[int, msgspec.Meta(ge=0, le=63)] = 1
    """What `ts_rank` makes of a page's length, as PostgreSQL's manual numbers it; 0 with RUM."""


SETUPS = {"": Options(), "rum": Options(index="rum", normalization=0)}


def check_options(options: Options) -> None:
    """Refuse what an ordered scan of RUM cannot do."""
    if options.index == "rum" and (options.normalization or options.title_boost not in _RUM_LABELS):
        raise OptionsError("engine 'postgresql': RUM knows normalization 0 and title_boost 1, 2, 4 or 10 only")


class Engine:
    """A table of its own in a PostgreSQL database."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._server = Server("postgresql", SERVER, options, "postgresql://127.0.0.1:5432/postgres")
        self._analyze = Analyzer(options.tokens, options.user_dict)
        self._connection: _Impatient | None = None
        self._table = ""
        self._versions: dict[str, str] = {}

    def build(self, documents: Iterable[Document]) -> None:
        """Copy the documents into a new table and index it, all in one transaction."""
        self.close()
        self.drop()
        description = self.describe()
        name, rum = new_index_name(), self._options.index == "rum"
        table = sql.Identifier(name)
        label = _RUM_LABELS[self._options.title_boost] if rum else "A"
        count = 0
        try:
            with _connected(self._server) as connection:
                if rum:
                    connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(_RUM)))
                connection.execute(sql.SQL(_TABLE).format(table=table))
                columns = sql.SQL("COPY {} (ordinal, doc_id, url, title, site, words) FROM STDIN").format(table)
                with connection.cursor() as cursor, cursor.copy(columns) as copy:
                    for count, document in enumerate(documents, 1):
                        shown = (document.id, document.url, document.title, document.site)
                        parts = ((label, self._analyze(document.title)), ("D", self._analyze(document.body)))
                        copy.write_row((count, *map(_storable, shown), vector(parts)))
                using = sql.SQL("rum (words rum_tsvector_ops)" if rum else "gin (words)")
                connection.execute(sql.SQL("CREATE INDEX ON {} USING {}").format(table, using))
                connection.execute(sql.SQL("CREATE INDEX ON {} (site)").format(table))
                connection.execute(sql.SQL("ANALYZE {}").format(table))
                held = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
        except psycopg.Error as error:
            raise self._server.build_error(error) from None
        if held != (count,):
            raise self._server.build_error(f"{count} documents were sent, {held} are there")
        write_made_by(self._folder, description, index=name, documents=count)

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, of the highest rank."""
        counts = Counter(map(lexeme, self._analyze(text)))
        if k < 1 or not counts:
            return []
        table = sql.Identifier(self._opened())
        of_site, place = (sql.SQL(" AND site = %s"), (_storable(site),)) if site else (sql.SQL(""), ())
        try:
            if self._options.index == "rum":
                match = any_of(counts.elements())
                distance = _OF_INDEX if max(counts.values()) == 1 else _OF_ROW
                query = sql.SQL(_BY_DISTANCE).format(table=table, site=of_site, distance=distance)
                rows = self._answer(query, (match, match, *place, match, k, k))
            else:
                rank, parameters = self._rank(counts)
                query = sql.SQL(_BY_RANK).format(rank=rank, table=table, site=of_site)
                rows = self._answer(query, (*parameters, any_of(counts), *place, k))
        except psycopg.errors.QueryCanceled as error:
            raise self._server.search_error(error, late=True) from None
        except TimeoutError as error:
            self._disconnect()
            raise self._server.search_error(error, late=True) from None
        except psycopg.errors.UndefinedTable:
            raise self._server.gone() from None
        except psycopg.Error as error:
            raise self._server.search_error(error) from None
        return [Hit(doc_id=doc_id, url=url, title=title, score=score) for doc_id, url, title, score in rows]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values; asks the server for its version once."""
        rum = self._options.index == "rum"
        return {
            "engine": "postgresql",
            "tokenizer": self._analyze.describe(),
            "fields": describe_fields(self._options),
            "field_model": "combined",
            "ranking": {
                "name": "RUM's distance <=>" if rum else "ts_rank",
                "normalization": self._options.normalization,
                "idf": False,
            },
            "query": "OR of the query's tokens",
            "ties": "document order",
            "limits": LIMITS,
            "versions": {"psycopg": version("psycopg"), **self._server_versions()},
        }

    def close(self) -> None:
        """Close the connection."""
        self._table = ""
        self._disconnect()

    def place(self) -> str:
        """Return the server's address and database without credentials."""
        return self._server.url

    def is_there(self) -> bool:
        """Return whether the database holds the table that the folder names."""
        return bool(self._of_table("SELECT to_regclass(%s) IS NOT NULL", False))

    def stored_bytes(self) -> int:
        """Return the size of the table with its indexes."""
        return int(self._of_table("SELECT coalesce(pg_total_relation_size(to_regclass(%s)), 0)", 0))

    def drop(self) -> None:
        """Remove the table that the folder names, and forget its name."""
        name = _named(self._folder)
        if name:
            try:
                self._client().execute(sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(name)))
            except psycopg.Error as error:
                raise self._server.build_error(error) from None
        self._table = ""
        forget_made_by(self._folder)

    def _rank(self, counts: Counter[str]) -> tuple[sql.Composed, list[Any]]:
        """Return the SQL of the rank and its parameters: a `ts_rank` for each number of times that words are asked."""
        groups: dict[int, list[str]] = {}
        for word, count in counts.items():
            groups.setdefault(count, []).append(word)
        weights = [1 / self._options.title_boost, 0.0, 0.0, 1.0]
        term = sql.SQL("%s::float8 * ts_rank(%s::float4[], words, %s::tsquery, %s)")
        parameters: list[Any] = []
        for count, lexemes in groups.items():
            parameters += [count * len(lexemes), weights, any_of(lexemes), self._options.normalization]
        return sql.SQL(" + ").join([term] * len(groups)), parameters

    def _server_versions(self) -> dict[str, str]:
        if self._versions:
            return self._versions
        connection = self._client()
        server = (connection.info.parameter_status("server_version") or "").partition(" ")[0]
        found = {"postgresql": server}
        if self._options.index == "rum":
            asked = "SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = %s"
            try:
                row = connection.execute(asked, (_RUM,)).fetchone()
            except psycopg.Error as error:
                raise self._server.build_error(error) from None
            if row is None:
                major = server.partition(".")[0]
                raise IndexBuildError(
                    f"{SERVER} at {self._server.source} lacks the extension {_RUM!r}: install it "
                    f"(Debian: postgresql-{major}-rum) or take the engine 'postgresql'"
                )
            found[_RUM] = row[0]
        self._versions = found
        return found

    def _opened(self) -> str:
        if not self._table:
            self._table = str(read_made_by(self._folder, self.describe())["index"])
        return self._table

    def _answer(self, query: sql.Composed, parameters: Iterable[Any]) -> list[tuple[Any, ...]]:
        """Return the rows; raises `TimeoutError` when even the server's own timeout has not come."""
        if self._connection is None or self._connection.closed:
            self._connection = _connected(self._server, self._options.timeout_s)
        self._connection.deadline = time.monotonic() + self._options.timeout_s + _GRACE_S
        return self._connection.execute(query, tuple(parameters)).fetchall()

    def _client(self) -> "_Impatient":
        if self._connection is None or self._connection.closed:
            try:
                self._connection = _connected(self._server, self._options.timeout_s)
            except psycopg.Error as error:
                raise self._server.unreachable(error) from None
        self._connection.deadline = math.inf
        return self._connection

    def _of_table(self, query: Any, nothing: Any) -> Any:
        client, name = self._client(), _named(self._folder)
        if not name:
            return nothing
        try:
            row = client.execute(query, (name,)).fetchone()
        except psycopg.Error as error:
            raise self._server.build_error(error) from None
        return row[0] if row else nothing

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class _Impatient(psycopg.Connection[tuple[Any, ...]]):
    """A connection that gives up waiting at a deadline, for a server that does not even cancel."""

    deadline = math.inf

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Wait as psycopg does, until the deadline."""
        return super().wait(self._until_deadline(gen), *args, **kwargs)

    def _until_deadline(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        try:
            state = next(gen)
            while True:
                ready = yield state
                if not ready and time.monotonic() > self.deadline:
                    raise TimeoutError
                state = gen.send(ready)
        except StopIteration as end:
            return end.value


def _connected(server: Server, timeout_s: float = 0.0) -> _Impatient:
    """Connect; with a timeout, statements that take longer are cancelled by the server."""
    named = {"user": server.user, "password": server.password}
    if not server.url.partition("://")[2].partition("/")[2]:
        named["dbname"] = "postgres"
    address = make_conninfo(
        server.url,
        **{key: value for key, value in named.items() if value},
        options=f"-c jit=off -c statement_timeout={math.ceil(timeout_s * 1000)}",
        client_encoding="UTF8",
        connect_timeout=max(2, math.ceil(timeout_s or 30)),
    )
    # No prepared statements: a plan for all queries fits none, since one word is in ten pages, another in all.
    return _Impatient.connect(address, autocommit=bool(timeout_s), prepare_threshold=None)


def _named(folder: Path) -> str:
    """Return the name of the table that an index folder holds, whoever made it; empty for none."""
    try:
        name = json.loads((folder / FILE).read_bytes()).get("index", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return name if isinstance(name, str) and re.fullmatch(r"tongcha_[0-9a-f]{16}", name) else ""


def _storable(text: str) -> str:
    """Return `text` without NUL, which PostgreSQL refuses, and without what UTF-8 cannot hold."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
