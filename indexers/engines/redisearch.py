"""RediSearch, the search module of Redis (2.10 or newer; it runs in Valkey too).

Set-ups: `redisearch` indexes jieba words: one field holds the title's tokens, repeated by the title boost, and the
body's, joined by spaces. Ranking is the scorer BM25STD (k1 1.2 and b 0.5, built in). `redisearch-zh` gives raw title
and body, weighted, to the module's own segmentation (`LANGUAGE chinese`, which is friso).

Quirks:

- b is 0.5 and cannot be set, so long pages are held back less than in the other engines. The older scorer, which is
  named `BM25`, is another formula.
- The default of the module is TF-IDF, English stop words and stemming, and AND: all are turned off here. Each token is
  a parameter of the query, so that none of it is syntax; a word asked twice stands twice in the OR.
- A tag counts in BM25STD like a word. The site is therefore asked for in a clause of weight 0, which names two values:
  the weight of a single one is ignored. It stands beside each word: beside the whole OR, the module counts only the
  first word that a page holds whenever the site has fewer pages than the words have.
- Scores are sums in an order that differs from document to document; they are rounded to ten digits, and hits of equal
  score are put into document order, at the cut-off too (among the best 10,000 hits).
- A search that runs out of time returns what it has, with a warning that only the protocol RESP3 shows: here it is no
  answer.
- Words of more than 120 bytes are cut: the module cuts them at 128 in documents and not in queries.
- After it has made an index, the module looks through all keys of the server in the background; documents written
  meanwhile are indexed twice and spoil its statistics. Building waits for it first.
- `redisearch-zh` is a warning, not a contender: all words of a run between punctuation must occur (AND), and so a
  question in a sentence finds next to nothing. A run of one word counts twice among all sites and once within one,
  which moves it in the list: one site is therefore unsupported. The character behind one of four bytes is lost.
"""

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import UnsupportedError
from indexers.fields import combined_tokens, describe_fields
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.segment import Analyzer
from indexers.servers import SECRET_OPTIONS, Server, ServerOptions, batches, index_name, new_index_name

__all__ = ["DISTRIBUTIONS", "SECRET_OPTIONS", "SERVER", "SETUPS", "Engine", "Options"]

DISTRIBUTIONS = ("redis",)
SERVER = "RediSearch"
_URL = "redis://127.0.0.1:6379"
_BATCH = 500
_MOST_HITS = 10_000  # what MAXSEARCHRESULTS is in Redis Stack
_MOST_BYTES = 120
_NO_SITE = "\x02"
_PAUSE_S = 0.02
_DIGITS = 10
_RUNS = re.compile(r"[^\W_]+")


class Options(ServerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the redisearch engine; k1 and b cannot be set."""

    segmenter: Literal["ours", "chinese"] = "ours"
    """Who cuts the text: we, by the option `tokens`, or the module's own segmentation of Chinese."""


SETUPS = {"": Options(), "zh": Options(segmenter="chinese")}


class Engine:
    """An index of RediSearch; `folder` holds its name."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._server = Server("redisearch", SERVER, options, _URL)
        self._analyze = Analyzer(options.tokens, options.user_dict)
        self._ours = options.segmenter == "ours"
        self._client: redis.Redis | None = None
        self._versions: dict[str, str] = {}
        self._index = ""
        self._documents = 0

    def build(self, documents: Iterable[Document]) -> None:
        """Drop what was there, then write the documents in batches; the module indexes each as it is written."""
        description = self.describe()
        self.drop()
        name, count = new_index_name(), 0
        try:
            self._create(name)
            for batch in batches(enumerate(documents), _BATCH):
                pipeline = self._connection().pipeline(transaction=False)
                for ordinal, document in batch:
                    pipeline.hset(_key(name, ordinal), items=self._entry(document))
                with self._building():
                    pipeline.execute()
                count += len(batch)
            self._require_all(name, count)
        except BaseException:
            with suppress(redis.RedisError):
                self._remove(name)
            raise
        write_made_by(self._folder, description, index=name, documents=count)

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest summed score of the query's words."""
        if site and not self._ours:
            raise UnsupportedError("RediSearch scores its own segmentation of Chinese otherwise within a site")
        words = self._words(text)
        if k < 1 or not words:
            return []
        self._open()
        parameters = {word: f"w{number}" for number, word in enumerate(dict.fromkeys(words))}
        of_site = " (@site:{$site|$none})=>{$weight: 0}" if site else ""
        query = "|".join(f"(${parameters[word]}{of_site})" for word in words)
        values = {name: word for word, name in parameters.items()} | ({"site": site, "none": _NO_SITE} if site else {})
        ranked = self._with_ties(query, values, k)
        ranked.sort(key=lambda entry: entry[:2])
        return [
            Hit(doc_id=doc_id, url=url, title=title, score=-negative)
            for negative, _, shown in ranked[:k]
            for doc_id, url, title in [json.loads(shown)]
        ]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values; the server is asked for its versions."""
        own = {"kind": "friso, by the module", "normalization": "the module's"}
        return {
            "engine": "redisearch",
            "tokenizer": self._analyze.describe() if self._ours else own,
            "fields": describe_fields(self._options),
            "field_model": "combined",
            "ranking": {"name": "BM25STD", "k1": 1.2, "b": 0.5},
            "query": "OR of the query's tokens" if self._ours else "OR of runs of characters, AND of a run's words",
            "ties": "document order",
            "limits": {"max_token_bytes": _MOST_BYTES} if self._ours else {"sites": False},
            "versions": self._asked_versions(),
        }

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
        self._client = None
        self._versions = {}
        self._index = ""

    def place(self) -> str:
        """Return the server's address without credentials."""
        return self._server.url

    def is_there(self) -> bool:
        """Return whether the server still holds the index that the folder names."""
        name = index_name(self._folder)
        with self._reaching():
            return bool(name) and name in self._ask("FT._LIST")

    def stored_bytes(self) -> int:
        """Return what index and documents take in the server's memory."""
        self._open()
        with self._reaching():
            total = float(self._ask("FT.INFO", self._index)["total_index_memory_sz_mb"]) * 1024 * 1024
            for batch in batches(range(self._documents), _BATCH):
                pipeline = self._connection().pipeline(transaction=False)
                for ordinal in batch:
                    pipeline.memory_usage(_key(self._index, ordinal))
                total += sum(size or 0 for size in pipeline.execute())
        return round(total)

    def drop(self) -> None:
        """Remove the index and its documents from the server, and forget its name."""
        name = index_name(self._folder)
        if name:
            with self._reaching():
                self._remove(name)
        forget_made_by(self._folder)
        self._index = ""

    def _create(self, name: str) -> None:
        """Make the index, and wait until the module has looked through all keys of the server for what belongs in it.

        What is written in the meantime would be indexed twice, and counted twice in the statistics.
        """
        deadline = time.monotonic() + self._options.timeout_s
        with self._building():
            self._ask("FT.CREATE", name, *self._schema(name))
            while int(self._ask("FT.INFO", name)["indexing"]):
                if time.monotonic() > deadline:
                    raise self._server.build_error("it is busy with keys of others: give it more timeout_s")
                time.sleep(_PAUSE_S)

    def _schema(self, name: str) -> list[str]:
        title_boost = str(self._options.title_boost)
        texts = ("text",) if self._ours else ("title", "body")
        fields = chain.from_iterable(
            (text, "TEXT", "NOSTEM", "WEIGHT", title_boost if text == "title" else "1") for text in texts
        )
        language = "english" if self._ours else "chinese"
        head = ("ON", "HASH", "PREFIX", "1", f"{name}:", "LANGUAGE", language, "STOPWORDS", "0", "SCHEMA")
        return [*head, *fields, "site", "TAG", "SEPARATOR", "\x01", "CASESENSITIVE"]

    def _entry(self, document: Document) -> list[str]:
        entry = {"shown": json.dumps((document.id, document.url, document.title), ensure_ascii=False)}
        if self._ours:
            entry["text"] = " ".join(map(_cut, combined_tokens(document, self._analyze, self._options)))
        else:
            entry.update(title=document.title.replace("\0", " "), body=document.body.replace("\0", " "))
        if document.site:
            entry["site"] = document.site
        return [*chain.from_iterable(entry.items())]

    def _words(self, text: str) -> list[str]:
        return [_cut(token) for token in self._analyze(text)] if self._ours else _RUNS.findall(text)

    def _with_ties(self, query: str, parameters: Mapping[str, str], k: int) -> list[tuple[float, int, str]]:
        """Return the best `k` hits and every further one that ties with the last, with negative score and ordinal."""
        most = min(self._documents, max(k, _MOST_HITS))
        limit = min(k + 1, most)
        while True:
            hits = self._hits(query, parameters, limit)
            if len(hits) < limit or limit == most or hits[-1][0] > hits[k - 1][0]:
                return [hit for hit in hits if hit[0] <= hits[min(k, len(hits)) - 1][0]]
            limit = min(limit * 4, most)

    def _hits(self, query: str, parameters: Mapping[str, str], limit: int) -> list[tuple[float, int, str]]:
        command = ["FT.SEARCH", self._index, query, "WITHSCORES", "SCORER", "BM25STD", "DIALECT", "2"]
        command += ["LANGUAGE", "chinese"] if not self._ours else ["VERBATIM"]
        command += ["LIMIT", "0", str(limit), "TIMEOUT", str(max(1, round(self._options.timeout_s * 1000)))]
        command += ["RETURN", "1", "shown", "PARAMS", str(2 * len(parameters))]
        command += chain.from_iterable(parameters.items())
        try:
            answer = self._ask(*command)
        except redis.TimeoutError as error:
            raise self._server.search_error(error, late=True) from None
        except redis.RedisError as error:
            if _is_unknown_index(error):
                raise self._server.gone() from None
            raise self._server.search_error(error, late="timeout" in str(error).lower()) from None
        if answer["warning"]:  # the policy ON_TIMEOUT RETURN: what was found until then is not the answer
            raise self._server.search_error(answer["warning"], late=True)
        try:
            return [
                (_rounded(hit["score"]), int(hit["id"].rpartition(":")[2]), hit["extra_attributes"]["shown"])
                for hit in answer["results"]
            ]
        except KeyError:  # the index still knows a document that is no longer there
            raise self._server.gone() from None

    def _require_all(self, name: str, count: int) -> None:
        with self._building():
            facts = self._ask("FT.INFO", name)
        if int(facts["num_docs"]) != count:
            reason = facts["Index Errors"]["last indexing error"]
            raise self._server.build_error(f"its index holds {facts['num_docs']} of {count} documents ({reason})")

    def _open(self) -> None:
        if not self._index:
            content = read_made_by(self._folder, self.describe())
            self._index, self._documents = str(content["index"]), int(content["documents"])

    def _remove(self, name: str) -> None:
        try:
            self._ask("FT.DROPINDEX", name, "DD")
        except redis.RedisError as error:
            if not _is_unknown_index(error):
                raise

    def _asked_versions(self) -> dict[str, str]:
        if not self._versions:
            with self._reaching():
                modules = {module["name"]: int(module["ver"]) for module in self._ask("MODULE LIST")}
                facts = self._ask("INFO", "server")
            if "search" not in modules:
                raise self._server.unreachable("it lacks the module RediSearch")
            number = modules["search"]
            server = "valkey" if "valkey_version" in facts else "redis"
            self._versions = {
                "redisearch": f"{number // 10000}.{number // 100 % 100}.{number % 100}",
                server: str(facts[f"{server}_version"]),
            }
        return self._versions

    def _ask(self, *command: str) -> Any:
        return self._connection().execute_command(*command)  # type: ignore[no-untyped-call]

    def _connection(self) -> redis.Redis:
        if self._client is None:
            self._client = redis.Redis(
                host=self._server.host,
                port=self._server.port,
                username=self._server.user or None,
                password=self._server.password or None,
                socket_timeout=self._options.timeout_s,
                socket_connect_timeout=self._options.timeout_s,
                retry=Retry(NoBackoff(), 0),
                ssl=self._server.url.startswith("rediss:"),
                protocol=3,
                decode_responses=True,
                encoding_errors="surrogatepass",
            )
        return self._client

    @contextmanager
    def _building(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            raise self._server.build_error(error) from None

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            raise self._server.unreachable(error) from None


def _rounded(score: float) -> float:
    """Return what to sort by: sums of the same parts in another order, and so of another last digit, are equal."""
    return -float(f"{score:.{_DIGITS}g}")


def _key(index: str, ordinal: int) -> str:
    return f"{index}:{ordinal}"


def _cut(token: str) -> str:
    return token.encode()[:_MOST_BYTES].decode(errors="ignore")


def _is_unknown_index(error: redis.RedisError) -> bool:
    text = str(error).lower()
    return any(words in text for words in ("unknown index", "no such index", "index not found"))
