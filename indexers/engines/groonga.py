"""Groonga, a Japanese full-text search engine and column store, over its HTTP interface (13).

Set-ups:

- `groonga`: our tokens, the title's repeated by the title boost, then the body's, joined by spaces in one column that
  `TokenDelimit` cuts at spaces only; the query is the OR of the tokens, a word asked twice is there twice.
- `groonga-bigrams`: Groonga's usual set-up for Chinese and Japanese, `TokenBigram` with `NormalizerNFKC130` on the raw
  text of title and body, scored apart and added up; the query is the OR of its pairs of characters.
- `groonga-phrases`: the same index, asked as Groonga takes what a citizen types: each run of letters and characters
  between spaces and punctuation must occur as it stands, and all of them must. A sentence rarely finds anything. It is
  in the list to show what that costs.

Ranking is Groonga's `scorer_tf_idf`, not BM25, which it has not: occurrences times ln(N / n), and 1 where that is less.
Occurrences are not saturated and length counts for nothing, so that long pages of many repetitions come first.

Quirks:

- The floor of 1 makes a word that is on every page count like one that is on every third.
- n is an estimate from the size of a word's list: two more than its pages, or the occurrences in its only page. That
  holds where columns are indexed after loading, as here; otherwise it can be far off.
- Command version 1, still the default, rounds scores down to whole numbers, by which most hits would tie. We ask with
  version 3, whose scores are floating-point numbers; nothing is scaled.
- Where nothing matches, Groonga by default goes on to parts of words ("escalation"): switched off.
- What is asked stands in quotes in the query, in which only the quote and the backslash mean something; both escaped.
- An equality in a filter adds 1 to the score. One site is therefore asked for by taking away what is not of it, which
  adds nothing; rarity remains that of the whole index.
- It keeps answers, of which a benchmark must not be given any: asked with `cache=no`.
- Its server closes the connection after each answer, so that a new one is part of every search.
- Words end at 4,000 bytes, the most that an entry of its dictionary can safely have.
- Files are allocated ahead, some 8 MB each: sizes of small indexes say little.
- A word has at most 131,071 occurrences in a page.
- It knows no users. `user` and `password` are for a proxy in front of it.
"""

import contextlib
import json
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError, SearchError
from indexers.fields import combined_tokens, describe_fields
from indexers.made_by import FILE, forget_made_by, read_made_by, write_made_by
from indexers.segment import Analyzer, bigrams
from indexers.servers import SECRET_OPTIONS as SECRET_OPTIONS
from indexers.servers import Server, ServerOptions, batches, new_index_name

SERVER = "Groonga"
DISTRIBUTIONS = ("httpx",)
_BATCH = 100
_WORD_BYTES = 4000
_NORMALIZER = "NormalizerNFKC130"
_RUNS = re.compile(r"[^\W_]+")
_SHOWN = {"ordinal": "UInt32", "doc_id": "Text", "url": "Text", "title": "Text", "site": "ShortText"}
_NO_SUCH_OBJECT = -22
_CANCELLED = -77


class Options(ServerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Groonga engine; there is no k1 and no b, and what is its `own` uses no dictionary."""

    tokens: Literal["words", "whole-words", "bigrams", "own-bigrams", "own-phrases"] = "words"  # type: ignore[assignment] # two more


SETUPS = {"": Options(), "bigrams": Options(tokens="own-bigrams"), "phrases": Options(tokens="own-phrases")}


class _Header(msgspec.Struct):
    return_code: int
    error: dict[str, Any] = {}


class _Answer(msgspec.Struct):
    header: _Header
    body: Any = None


class _RefusedError(Exception):
    """Groonga's own word for what went wrong."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Engine:
    """A table of its own, and one of its words, in the database of a Groonga server."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._server = Server("groonga", SERVER, options, "http://127.0.0.1:10041")
        self._analyze = (
            None
            if options.tokens == "own-bigrams" or options.tokens == "own-phrases"
            else Analyzer(options.tokens, options.user_dict)
        )
        self._client: httpx.Client | None = None
        self._table = ""
        self._version = ""

    def build(self, documents: Iterable[Document]) -> None:
        """Load the documents in batches into a new table, then index its columns."""
        self.close()
        self.drop()
        description = self.describe()
        name, count = new_index_name(), 0
        try:
            try:
                self._create(name)
                for batch in batches(enumerate(documents), _BATCH):
                    self._ask("load", {"table": name}, [self._row(*numbered) for numbered in batch])
                    count += len(batch)
                self._index(name)
                held = self._ask("object_inspect", {"name": name})["n_records"]
                if held != count:
                    raise self._server.build_error(f"{count} documents were sent, {held} are there")
            except BaseException:
                with contextlib.suppress(httpx.HTTPError, _RefusedError):
                    self._remove(name)
                raise
        except (httpx.HTTPError, _RefusedError) as error:
            raise self._server.build_error(error) from None
        write_made_by(self._folder, description, index=name, documents=count)

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, of the highest score."""
        asked = self._query(text)
        if k < 1 or not asked:
            return []
        table = self._opened()
        match = f"query({json.dumps(self._scorers(), ensure_ascii=False)}, {json.dumps(asked, ensure_ascii=False)})"
        if site:
            match += f" &! (site != {json.dumps(_storable(site), ensure_ascii=False)})"
        command = {
            "table": table,
            "filter": match,
            "match_escalation_threshold": "-1",
            "output_columns": "doc_id,url,title,_score",
            "sort_keys": "-_score,ordinal",
            "limit": str(k),
            "cache": "no",
            "request_timeout": str(self._options.timeout_s),
        }
        try:
            rows = self._ask("select", command, late=self._options.timeout_s)["records"]
        except httpx.TimeoutException as error:
            raise self._server.search_error(error, late=True) from None
        except httpx.HTTPError as error:
            raise self._server.search_error(error) from None
        except _RefusedError as error:
            raise self._why(error, table) from None
        return [Hit(doc_id=doc_id, url=url, title=title, score=score) for doc_id, url, title, score in rows]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values; asks the server for its version once."""
        ours = self._analyze is not None
        own = {"kind": self._options.tokens, "library": "groonga", "name": "TokenBigram", "normalization": _NORMALIZER}
        return {
            "engine": "groonga",
            "tokenizer": self._analyze.describe() if self._analyze else own,
            "fields": describe_fields(self._options),
            "field_model": "combined" if ours else "summed",
            "ranking": {"name": "scorer_tf_idf", "floor": 1.0},
            "query": {
                "own-bigrams": "OR of the query's pairs of characters",
                "own-phrases": "AND of the quoted runs between punctuation",
            }.get(self._options.tokens, "OR of the query's tokens"),
            "ties": "document order",
            "limits": {"word_bytes": _WORD_BYTES},
            "versions": {"groonga": self._server_version(), "httpx": version("httpx")},
        }

    def close(self) -> None:
        """Close the connection."""
        self._table = ""
        if self._client is not None:
            self._client.close()
            self._client = None

    def place(self) -> str:
        """Return the server's address without credentials."""
        return self._server.url

    def is_there(self) -> bool:
        """Return whether the server holds the table that the folder names, and that of its words."""
        name = _named(self._folder)
        return bool(name) and all(self._asked("object_exist", {"name": table}) for table in (_words(name), name))

    def stored_bytes(self) -> int:
        """Return the size of the files of the table, its columns, and the index of its words."""
        if not self.is_there():
            return 0
        name = _named(self._folder)
        words = _words(name)
        parts = [name, *(f"{name}.{column}" for column in self._columns())]
        parts += [words, *(f"{words}.{column}" for column in self._searched())]
        return sum(int(self._asked("object_inspect", {"name": part})["disk_usage"]) for part in parts)

    def drop(self) -> None:
        """Remove the table that the folder names, and forget its name."""
        name = _named(self._folder)
        if name:
            self._server_version()  # says so when there is no server
            try:
                self._remove(name)
            except (httpx.HTTPError, _RefusedError) as error:
                raise self._server.build_error(error) from None
        self._table = ""
        forget_made_by(self._folder)

    def _columns(self) -> dict[str, str]:
        """Return the columns with their types; the raw title is searched where it is shown."""
        return _SHOWN | dict.fromkeys(self._searched(), "Text")

    def _searched(self) -> dict[str, int]:
        """Return the searched columns with what their scores are multiplied by."""
        return {"words": 1} if self._analyze else {"title": self._options.title_boost, "body": 1}

    def _scorers(self) -> str:
        return " || ".join(f"scorer_tf_idf({column}) * {weight}" for column, weight in self._searched().items())

    def _row(self, ordinal: int, document: Document) -> dict[str, Any]:
        if self._analyze:
            words = combined_tokens(document, self._analyze, self._options)
            searched = {"words": " ".join(map(_word, words))}
        else:
            searched = {"body": _storable(document.body)}
        return {
            "ordinal": ordinal,
            "doc_id": _storable(document.id),
            "url": _storable(document.url),
            "title": _storable(document.title),
            "site": _storable(document.site),
            **searched,
        }

    def _query(self, text: str) -> str:
        """Return what to ask for in Groonga's syntax: words in quotes, joined by OR or, for phrases, by AND."""
        if self._options.tokens == "own-phrases":
            return " ".join(map(_quoted, _RUNS.findall(_storable(text))))
        return " OR ".join(_quoted(_word(token)) for token in (self._analyze or bigrams)(text))

    def _create(self, name: str) -> None:
        self._ask("table_create", {"name": name, "flags": "TABLE_NO_KEY"})
        for column, kind in self._columns().items():
            self._ask("column_create", {"table": name, "name": column, "flags": "COLUMN_SCALAR", "type": kind})

    def _index(self, name: str) -> None:
        """Index all at once, which is faster than word by word while loading."""
        cut = (
            {"default_tokenizer": "TokenDelimit"}
            if self._analyze
            else {"default_tokenizer": "TokenBigram", "normalizer": _NORMALIZER}
        )
        words = {"name": _words(name), "flags": "TABLE_PAT_KEY", "key_type": "ShortText"}
        self._ask("table_create", words | cut)
        flags = "COLUMN_INDEX" if self._analyze else "COLUMN_INDEX|WITH_POSITION"  # runs of pairs need positions
        for column in self._searched():
            index = {"table": _words(name), "name": column, "flags": flags, "type": name, "source": column}
            self._ask("column_create", index)

    def _remove(self, name: str) -> None:
        for table in (_words(name), name):
            if self._ask("object_exist", {"name": table}):
                self._ask("table_remove", {"name": table, "dependent": "yes"})

    def _why(self, refused: _RefusedError, table: str) -> SearchError | IndexBuildError:
        """Return the error for a search that the server refused: perhaps it has lost the index."""
        if refused.code == _CANCELLED:
            return self._server.search_error(refused, late=True)
        try:
            if refused.code == _NO_SUCH_OBJECT and not self._ask("object_exist", {"name": table}):
                return self._server.gone()
        except (httpx.HTTPError, _RefusedError):
            pass  # the first word is the better one
        return self._server.search_error(refused)

    def _server_version(self) -> str:
        if not self._version:
            self._version = str(self._asked("status", {})["version"])
        return self._version

    def _opened(self) -> str:
        if not self._table:
            self._table = str(read_made_by(self._folder, self.describe())["index"])
        return self._table

    def _asked(self, command: str, parameters: Mapping[str, str]) -> Any:
        """Ask for what is no search; no answer means that there is no server."""
        try:
            return self._ask(command, parameters, late=self._options.timeout_s)
        except (httpx.HTTPError, _RefusedError) as error:
            raise self._server.unreachable(error) from None

    def _ask(
        self, command: str, parameters: Mapping[str, str], rows: list[Any] | None = None, late: float | None = None
    ) -> Any:
        """Return what Groonga answers to a command; without `late` it may take as long as it takes."""
        if self._client is None:
            server = self._server
            login = (server.user, server.password) if server.user else None
            self._client = httpx.Client(base_url=server.url, auth=login, trust_env=False)
        timeout = httpx.Timeout(late, connect=self._options.timeout_s)
        address, named = f"/d/{command}", {**parameters, "command_version": "3"}
        # A query of 4,000 characters is too long for an address: it goes into the body, as a form does.
        response = (
            self._client.post(address, data=named, timeout=timeout)
            if rows is None
            else self._client.post(address, params=named, json=rows, timeout=timeout)
        )
        try:
            answer = msgspec.json.decode(response.content, type=_Answer)
        except msgspec.MsgspecError:
            raise _RefusedError(0, f"status {response.status_code}, and no answer of Groonga") from None
        if answer.header.return_code != 0:
            raise _RefusedError(answer.header.return_code, str(answer.header.error.get("message", "no reason given")))
        return answer.body


def _named(folder: Path) -> str:
    """Return the name of the table that an index folder holds, whoever made it; empty for none."""
    try:
        name = json.loads((folder / FILE).read_bytes()).get("index", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return name if isinstance(name, str) and re.fullmatch(r"tongcha_[0-9a-f]{16}", name) else ""


def _words(table: str) -> str:
    return f"{table}_words"


def _word(token: str) -> str:
    """Return a token no longer than an entry of the dictionary may be."""
    return token if len(token) * 4 <= _WORD_BYTES else token.encode()[:_WORD_BYTES].decode(errors="ignore")


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _storable(text: str) -> str:
    """Return `text` without NUL, at which Groonga may stop reading, and without what UTF-8 cannot hold."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
