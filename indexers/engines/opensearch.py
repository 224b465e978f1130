"""OpenSearch, a search server on Lucene of one node or a cluster of many; Elasticsearch speaks the same REST API.

Set-ups: `opensearch` indexes our tokens, the title's repeated by the title boost, then the body's, joined by spaces, in
one field that the server's `whitespace` analyzer cuts again at the spaces only. `opensearch-standard` and
`opensearch-cjk` hand over raw text, the title as often, to the analyzers that many sites have: `standard`, the default,
makes each Chinese character a word of its own; `cjk` makes overlapping character pairs. Ranking is BM25.

Requests, all of them of the API that Elasticsearch had before the two parted: `GET /` (version), `PUT /INDEX` with
settings and mappings, `POST /INDEX/_bulk`, `_refresh`, `PUT /INDEX/_settings`, `GET /_cluster/health/INDEX`, `_count`,
`POST /INDEX/_search`, `GET /INDEX/_stats/store`, `HEAD` and `DELETE /INDEX`. No setting of the cluster is touched.

Quirks:

- Our query is a `bool` of `term` clauses, each boosted by how often its word is asked; raw text is one `match` of words
  joined by `or`. Neither reads what is typed as syntax, as `query_string` would.
- A query may have 1,024 clauses (`indices.query.bool.max_clause_count`), so only its first 1,000 different words are
  asked, or for raw text its first 1,000 characters.
- Several shards: each alone knows only its own word statistics. `dfs_query_then_fetch` collects those of all first, so
  scores and order are those of one shard. Lucene rounds field lengths to one byte.
- Documents are loaded without refreshes and without copies, which are made of the finished files afterwards: all copies
  score alike. `replicas` above what the nodes can hold leave the index yellow, as OpenSearch does.
- A document's id on the server is its ordinal, so that one sent twice is stored once. Equal scores are sorted by it.
- `url` may hold the addresses of several nodes with commas between them. A search that one of them does not answer goes
  to the next at once; all of it stays within `timeout_s`, of which each attempt gets a share.
- Words of more than 255 characters are cut into pieces by the server, which our query then does not find.
- `standard` leaves full-width characters as they are; `cjk` leaves out some English words (a, the, of …).
"""

import importlib.metadata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import opensearchpy

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError
from indexers.fields import combined_tokens, describe_fields
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.opensearch_loading import copy_shards, load, searchable
from indexers.options import DEFAULT_B, DEFAULT_K1, K1, B
from indexers.segment import Analyzer, storable
from indexers.servers import SECRET_OPTIONS as SECRET_OPTIONS
from indexers.servers import Server, ServerOptions, index_name, new_index_name

DISTRIBUTIONS = ("opensearch-py",)
SERVER = "OpenSearch"


_URL = "http://127.0.0.1:9200"
_MOST_ASKED = 1000
_MOST_HITS = 1_000_000
_NAMED_REFUSED = 5


class Options(ServerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the OpenSearch engine."""

    analyzer: Literal["whitespace", "standard", "cjk"] = "whitespace"
    """`whitespace` gets our tokens; the others get raw text, and `tokens` and `user_dict` have no meaning."""
    k1: K1 = DEFAULT_K1
    b: B = DEFAULT_B
    shards: Annotated[int, msgspec.Meta(ge=1, le=1024)] = 1
    """Parts of the index, which nodes hold and search apart. One, as for every other engine: it changes no score."""
    replicas: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    """Further copies of each shard. None: they change no answer, and are for when a node dies."""
    bulk_documents: Annotated[int, msgspec.Meta(ge=1)] = 1000
    bulk_bytes: Annotated[int, msgspec.Meta(ge=1000)] = 5_000_000
    """What one request of the build holds at most, in documents and in bytes; a larger document goes alone."""


SETUPS = {"": Options(), "standard": Options(analyzer="standard"), "cjk": Options(analyzer="cjk")}


class Engine:
    """An index of OpenSearch; `folder` holds its name."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._server = Server("opensearch", SERVER, options, _URL)
        self._analyze = Analyzer(options.tokens, options.user_dict)
        self._ours = options.analyzer == "whitespace"
        self._connected: Any = None
        self._versions: dict[str, str] = {}
        self._index = ""

    def build(self, documents: Iterable[Document]) -> None:
        """Drop what was there, load the documents in bulk requests, then make them searchable and copy the shards."""
        self.drop()
        description = self.describe()
        name = new_index_name()
        try:
            with self._building():
                self._client().indices.create(index=name, body=self._settings())
                count = self._fill(name, documents)
        except BaseException:
            with suppress(opensearchpy.OpenSearchException):
                self._remove(name)
            raise
        write_made_by(self._folder, description, index=name, documents=count)

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest summed score of the query's words."""
        query = self._query(text)
        if k < 1 or not query:
            return []
        if site:
            query = {"bool": {"must": [query], "filter": [{"term": {"site": storable(site)}}]}}
        body = {
            "query": query,
            "size": min(k, _MOST_HITS),
            "sort": [{"_score": "desc"}, {"ordinal": "asc"}],
            "track_scores": True,
            "track_total_hits": False,
        }
        self._open()
        try:
            answer = self._client().search(
                index=self._index,
                body=body,
                search_type="dfs_query_then_fetch",
                allow_partial_search_results="false",
                filter_path="hits.hits._score,hits.hits._source",
                request_timeout=self._options.timeout_s / self._attempts,
            )
        except opensearchpy.NotFoundError as error:
            raise (self._server.gone() if _is_lost(error) else self._server.search_error(error)) from None
        except opensearchpy.OpenSearchException as error:
            raise self._server.search_error(_said(error), late=_is_late(error)) from None
        return [
            Hit(
                doc_id=hit["_source"]["id"],
                url=hit["_source"]["url"],
                title=hit["_source"]["title"],
                score=float(hit["_score"]),
            )
            for hit in answer.get("hits", {}).get("hits", [])
        ]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values; the server is asked for its version."""
        options = self._options
        own = {"kind": f"OpenSearch's analyzer '{options.analyzer}' on raw text"}
        limits: dict[str, Any] = {"max_words": _MOST_ASKED} if self._ours else {"max_characters": _MOST_ASKED}
        if options.analyzer == "standard":
            limits["normalizes"] = False
        return {
            "engine": "opensearch",
            "tokenizer": self._analyze.describe() if self._ours else own,
            "fields": describe_fields(options),
            "field_model": "combined",
            "ranking": {"name": "BM25", "k1": options.k1, "b": options.b, "statistics": "of all shards"},
            "query": "OR of the query's tokens" if self._ours else "OR of the words that the analyzer makes of it",
            "ties": "document order",
            "layout": {"shards": options.shards, "replicas": options.replicas},
            "limits": limits,
            "versions": self._asked_versions(),
        }

    def close(self) -> None:
        """Close the connections."""
        if self._connected is not None:
            self._connected.close()
        self._connected = None
        self._index = ""

    def place(self) -> str:
        """Return the addresses without credentials, in one order."""
        return ",".join(sorted(self._server.urls))

    def is_there(self) -> bool:
        """Return whether the server still holds the index that the folder names."""
        name = index_name(self._folder)
        with self._reaching():
            return bool(name) and bool(self._client().indices.exists(index=name))

    def stored_bytes(self) -> int:
        """Return what all shards and their copies take on the disks of the nodes."""
        self._open()
        with self._reaching():
            answer = self._client().indices.stats(index=self._index, metric="store")
        return int(answer["_all"]["total"]["store"]["size_in_bytes"])

    def drop(self) -> None:
        """Remove the index from the server, and forget its name."""
        name = index_name(self._folder)
        if name:
            with self._reaching():
                self._remove(name)
        forget_made_by(self._folder)
        self._index = ""

    def _settings(self) -> dict[str, Any]:
        options = self._options
        return {
            "settings": {
                "index": {
                    "number_of_shards": options.shards,
                    "number_of_replicas": 0,
                    "refresh_interval": "-1",
                    "max_result_window": _MOST_HITS,
                    "similarity": {"default": {"type": "BM25", "k1": options.k1, "b": options.b}},
                }
            },
            "mappings": {
                "dynamic": False,
                "_source": {"includes": ["id", "url", "title"]},
                "properties": {
                    "text": {"type": "text", "analyzer": options.analyzer, "index_options": "freqs"},
                    "site": {"type": "keyword", "doc_values": False},
                    "ordinal": {"type": "integer", "index": False},
                },
            },
        }

    def _fill(self, name: str, documents: Iterable[Document]) -> int:
        """Load the documents, make them searchable, copy the shards, and return how many documents there were."""
        client, options = self._client(), self._options
        entries = ((document.id, self._entry(ordinal, document)) for ordinal, document in enumerate(documents))
        count, refused = load(client, name, entries, documents=options.bulk_documents, size=options.bulk_bytes)
        if refused:
            more = f" and {len(refused) - _NAMED_REFUSED} more" if len(refused) > _NAMED_REFUSED else ""
            raise self._server.build_error(f"documents {', '.join(refused[:_NAMED_REFUSED])}{more}")
        held = searchable(client, name)
        if held != count:
            raise self._server.build_error(f"{held} of {count} documents are in its index")
        if status := copy_shards(client, name, options.replicas, options.timeout_s):
            raise self._server.build_error(f"its index stays {status}")
        return count

    def _entry(self, ordinal: int, document: Document) -> dict[str, Any]:
        options = self._options
        if self._ours:
            text = " ".join(combined_tokens(document, self._analyze, options))
        else:
            text = "\n".join([document.title] * options.title_boost + [document.body])
        return {
            "id": storable(document.id),
            "url": storable(document.url),
            "title": storable(document.title),
            "site": storable(document.site),
            "ordinal": ordinal,
            "text": storable(text),
        }

    def _query(self, text: str) -> dict[str, Any]:
        """Return the query, without a site; empty when nothing is asked."""
        if not self._ours:
            asked = storable(text[:_MOST_ASKED])
            return {"match": {"text": {"query": asked, "operator": "or"}}} if asked.strip() else {}
        counts = list(Counter(self._analyze(text)).items())[:_MOST_ASKED]
        clauses = [{"term": {"text": {"value": word, "boost": count}}} for word, count in counts]
        return {"bool": {"should": clauses}} if clauses else {}

    def _open(self) -> None:
        if not self._index:
            self._index = str(read_made_by(self._folder, self.describe())["index"])

    def _remove(self, name: str) -> None:
        self._client().indices.delete(index=name, ignore_unavailable="true")

    def _asked_versions(self) -> dict[str, str]:
        if not self._versions:
            with self._reaching():
                told = self._client().info()["version"]
            self._versions = {
                str(told.get("distribution", "elasticsearch")): str(told["number"]),
                "lucene": str(told["lucene_version"]),
                "opensearch-py": importlib.metadata.version("opensearch-py"),
            }
        return self._versions

    @property
    def _attempts(self) -> int:
        """How often a request is sent at most; one to a single server only again if its connection broke."""
        several = len(self._server.urls)
        return several + 1 if several > 1 else 1

    def _client(self) -> Any:
        if self._connected is None:
            urls = self._server.urls
            self._connected = opensearchpy.OpenSearch(
                list(urls),
                http_auth=(self._server.user, self._server.password) if self._server.user else None,
                timeout=self._options.timeout_s,
                max_retries=len(urls),
                retry_on_timeout=len(urls) > 1,
                dead_timeout=5,
            )
        return self._connected

    @contextmanager
    def _building(self) -> Iterator[None]:
        try:
            yield
        except opensearchpy.OpenSearchException as error:
            raise self._server.build_error(_said(error)) from None

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (opensearchpy.AuthenticationException, opensearchpy.AuthorizationException) as error:
            raise IndexBuildError(
                f"{SERVER} at {self._server.source} does not let us in ({self._server.hide(_said(error))}): "
                "see the options 'user' and 'password'"
            ) from None
        except opensearchpy.OpenSearchException as error:
            raise self._server.unreachable(_said(error)) from None


def _said(error: opensearchpy.OpenSearchException) -> str:
    """Return what the server said, or what the connection came to, without the library's wrapping."""
    if isinstance(error, opensearchpy.ConnectionError):
        return f"{type(error.info).__name__}: {error.error}"
    return str(error)


def _is_lost(error: opensearchpy.NotFoundError) -> bool:
    return error.error == "index_not_found_exception"


def _is_late(error: opensearchpy.OpenSearchException) -> bool:
    # A connection that is not made in time is no ConnectionTimeout to the library.
    return isinstance(error, opensearchpy.ConnectionTimeout) or (
        isinstance(error, opensearchpy.ConnectionError) and type(error.info).__name__ == "ConnectTimeoutError"
    )
