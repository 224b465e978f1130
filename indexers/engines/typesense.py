"""Typesense, a search server that ranks without BM25 (0.24 or newer).

Set-ups: `typesense` indexes jieba words, joined by spaces and cut there again; `typesense-zh` gives raw text to the
server's own segmentation (a field of the locale `zh`, ICU). Both have title and body in two fields, the title's weight
being the title boost. Ranking is the server's `text_match`: how many of the asked words a field holds, then how near to
one another they are. It knows neither how often a word occurs nor how rare it is, so repeating the title would do
nothing.

Quirks:

- There is no OR. All words must occur; then the last one is dropped, again and again, down to the first word; then the
  first one, down to the last. Here that goes on however many pages are found (`drop_tokens_threshold`). A page that
  holds only words from the middle of a query is still not found.
- A page that holds just the one word of a last round may come before one that holds two words of the query.
- The default forgives typing errors, takes the last word as a beginning and splits and joins words: all are off.
- Dropping takes time that grows with the square of the number of words, so only a query's first 128 tokens are asked;
  with `typesense-zh`, its first 128 characters.
- `-word`, quotes, `*` and an empty text are syntax, the last two for all pages: only letters and digits are asked, and
  what matches no word is no hit. One answer has at most 250 hits; more are fetched page by page.
- Texts are compared without case and punctuation, filters included. A site is therefore kept as a hash of its name.
- Words are cut at 100 bytes in documents, not in queries: here both are cut. `é` and `e` are the same.
- `typesense-zh` turns traditional characters into simplified ones, and cuts what ICU does not know into characters.
- Scores are integers of 64 bits, shown rounded; equal ones keep document order (`ordinal`), sorted by the server.
- The library of the same name is a layer over httpx that asks again after errors: httpx is used, which does not.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import httpx

from corpora.model import Document
from indexers.api import Hit
from indexers.fields import describe_fields
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.segment import Analyzer
from indexers.servers import SECRET_OPTIONS, Server, ServerOptions, batches, index_name, new_index_name

__all__ = ["DISTRIBUTIONS", "SECRET_OPTIONS", "SERVER", "SETUPS", "Engine", "Options"]

DISTRIBUTIONS = ("httpx",)
SERVER = "Typesense"
_URL = "http://127.0.0.1:8108"
_BATCH = 200
_PAGE = 250
_MOST_TOKENS = 128
_MOST_BYTES = 99
_NO_WORD = 100  # the text_match of a page when no word was asked
_RUNS = re.compile(r"[^\W_]+")
_ALL = 1_000_000_000
_HTTP_NOT_FOUND, _HTTP_TIMEOUT = 404, 408


class Options(ServerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the typesense engine; `password` is the API key."""

    segmenter: Literal["ours", "zh"] = "ours"
    """Who cuts the text: we, by the option `tokens`, or the server by the locale `zh`."""


SETUPS = {"": Options(), "zh": Options(segmenter="zh")}


class Engine:
    """A collection of Typesense; `folder` holds its name."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._server = Server("typesense", SERVER, options, _URL)
        self._analyze = Analyzer(options.tokens, options.user_dict)
        self._ours = options.segmenter == "ours"
        self._client: httpx.Client | None = None
        self._version = ""
        self._collection = ""

    def build(self, documents: Iterable[Document]) -> None:
        """Drop what was there, then import the documents in batches."""
        description = self.describe()
        self.drop()
        name, count = new_index_name(), 0
        try:
            with self._building():
                self._ask("POST", "/collections", json=self._schema(name))
            for batch in batches(enumerate(documents), _BATCH):
                lines = "\n".join(json.dumps(self._entry(ordinal, document)) for ordinal, document in batch)
                with self._building():
                    answer = self._ask("POST", f"/collections/{name}/documents/import?action=create", content=lines)
                self._require_success(answer.text, [document.id for _, document in batch])
                count += len(batch)
            with self._building():
                held = self._ask("GET", f"/collections/{name}").json()["num_documents"]
            if held != count:
                raise self._server.build_error(f"its collection holds {held} of {count} documents")
        except BaseException:
            with suppress(httpx.HTTPError):
                self._remove(name)
            raise
        write_made_by(self._folder, description, index=name, documents=count)

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest `text_match`."""
        query = self._query(text)
        if k < 1 or not query:
            return []
        self._open()
        hits: list[Hit] = []
        for page in range(1, -(-k // _PAGE) + 1):
            found = self._page(query, site, page, min(k, _PAGE))
            hits += [
                Hit(
                    doc_id=hit["document"]["shown"][0],
                    url=hit["document"]["shown"][1],
                    title=hit["document"]["shown"][2],
                    score=float(hit["text_match"]),
                )
                for hit in found
                if hit["text_match"] > _NO_WORD
            ]
            if len(found) < _PAGE:
                break
        return hits[:k]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values; the server is asked for its version."""
        own = {
            "kind": "ICU, by the server",
            "locale": "zh",
            "normalization": "traditional characters become simplified",
        }
        return {
            "engine": "typesense",
            "tokenizer": self._analyze.describe() if self._ours else own,
            "fields": describe_fields(self._options),
            "field_model": "weighted",
            "ranking": {"name": "text_match", "counts": "words found, then their distance; no BM25"},
            "query": "AND of the query's tokens, dropped one by one from its end and from its beginning",
            "ties": "document order",
            "limits": {"max_tokens": _MOST_TOKENS} if self._ours else {"max_characters": _MOST_TOKENS},
            "versions": {"typesense": self._asked_version()},
        }

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
        self._client = None
        self._version = self._collection = ""

    def place(self) -> str:
        """Return the server's address without credentials."""
        return self._server.url

    def is_there(self) -> bool:
        """Return whether the server still holds the collection that the folder names."""
        name = index_name(self._folder)
        if not name:
            return False
        with self._reaching():
            try:
                self._ask("GET", f"/collections/{name}")
            except httpx.HTTPStatusError as error:
                if error.response.status_code == _HTTP_NOT_FOUND:
                    return False
                raise
        return True

    def stored_bytes(self) -> int:
        """Return 0: the server tells only what all of its collections take together."""
        return 0

    def drop(self) -> None:
        """Remove the collection from the server, and forget its name."""
        name = index_name(self._folder)
        if name:
            with self._reaching():
                self._remove(name)
        forget_made_by(self._folder)
        self._collection = ""

    def _schema(self, name: str) -> dict[str, Any]:
        locale = "" if self._ours else "zh"
        return {
            "name": name,
            "fields": [
                {"name": "title", "type": "string", "locale": locale},
                {"name": "body", "type": "string", "locale": locale},
                {"name": "site", "type": "string"},
                {"name": "ordinal", "type": "int32"},
            ],
            "default_sorting_field": "ordinal",
        }

    def _entry(self, ordinal: int, document: Document) -> dict[str, Any]:
        return {
            "id": str(ordinal),
            "ordinal": ordinal,
            "title": self._indexed(document.title),
            "body": self._indexed(document.body),
            "site": _hash(document.site),
            "shown": (document.id, document.url, document.title),  # not in the schema: kept, but not indexed
        }

    def _indexed(self, text: str) -> str:
        return " ".join(map(_cut, self._analyze(text))) if self._ours else text.replace("\0", " ")

    def _query(self, text: str) -> str:
        if self._ours:
            return " ".join(_cut(token) for token in self._analyze(text)[:_MOST_TOKENS])
        return " ".join(_RUNS.findall(text))[:_MOST_TOKENS]

    def _page(self, query: str, site: str, page: int, size: int) -> list[dict[str, Any]]:
        search = {
            "collection": self._collection,
            "q": query,
            "query_by": "title,body",
            "query_by_weights": f"{self._options.title_boost},1",
            "filter_by": f"site:={_hash(site)}" if site else "",
            "sort_by": "_text_match:desc,ordinal:asc",
            "drop_tokens_threshold": _ALL,
            "num_typos": 0,
            "typo_tokens_threshold": 0,
            "split_join_tokens": "off",
            "prefix": False,
            "page": page,
            "per_page": size,
            "include_fields": "shown",
            "highlight_fields": "none",
            "search_cutoff_ms": max(1, round(self._options.timeout_s * 1000)),
        }
        try:
            answer = self._ask("POST", "/multi_search", json={"searches": [search]}).json()["results"][0]
        except httpx.HTTPError as error:
            raise self._server.search_error(_told(error), late=_is_late(error)) from None
        except (ValueError, KeyError, IndexError) as error:
            raise self._server.search_error(f"it gave no answer that can be read ({error})") from None
        if answer.get("code") == _HTTP_NOT_FOUND:
            raise self._server.gone()
        if answer.get("code") == _HTTP_TIMEOUT or answer.get("search_cutoff"):
            raise self._server.search_error("it stopped searching", late=True)  # what it has is not the answer
        if "hits" not in answer:
            raise self._server.search_error(answer.get("error", "there are no hits in its answer"))
        hits: list[dict[str, Any]] = answer["hits"]
        return hits

    def _require_success(self, answer: str, ids: list[str]) -> None:
        """Raise an error that names the documents which the server did not take; it answers with a line for each."""
        lines = answer.splitlines()
        if len(lines) != len(ids):
            raise self._server.build_error(f"{len(lines)} answers to {len(ids)} documents")
        results = [(doc_id, json.loads(line)) for doc_id, line in zip(ids, lines, strict=True)]
        failed = [f"{doc_id!r}: {result.get('error')}" for doc_id, result in results if not result.get("success")]
        if failed:
            more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
            raise self._server.build_error(f"{'; '.join(failed[:3])}{more}")

    def _open(self) -> None:
        if not self._collection:
            self._collection = str(read_made_by(self._folder, self.describe())["index"])

    def _remove(self, name: str) -> None:
        try:
            self._ask("DELETE", f"/collections/{name}")
        except httpx.HTTPStatusError as error:
            if error.response.status_code != _HTTP_NOT_FOUND:
                raise

    def _asked_version(self) -> str:
        if not self._version:
            with self._reaching():
                answer = self._ask("GET", "/debug")
            try:
                self._version = str(answer.json()["version"])
            except (ValueError, KeyError, TypeError):
                raise self._server.unreachable("it answers, but not as Typesense does") from None
        return self._version

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        if self._client is None:
            self._client = httpx.Client(
                base_url=self._server.url,
                headers={b"X-TYPESENSE-API-KEY": self._server.password.encode()},
                timeout=self._options.timeout_s,
                trust_env=False,  # a proxy for the web is none for a server of one's own
            )
        return self._client.request(method, path, **content).raise_for_status()

    @contextmanager
    def _building(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise self._server.build_error(_told(error)) from None

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except httpx.HTTPError as error:
            raise self._server.unreachable(_told(error)) from None


def _is_late(error: httpx.HTTPError) -> bool:
    """Return whether time was up, by our clock or by the server's, which may say so for the whole request."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code == _HTTP_TIMEOUT
    return isinstance(error, httpx.TimeoutException)


def _told(error: httpx.HTTPError) -> str:
    """Return what the server says, or httpx where it says nothing."""
    if isinstance(error, httpx.HTTPStatusError):
        with suppress(ValueError, KeyError, TypeError):
            return f"HTTP {error.response.status_code}: {error.response.json()['message']}"
        return f"HTTP {error.response.status_code}"
    return str(error) or type(error).__name__


def _cut(token: str) -> str:
    return token.encode()[:_MOST_BYTES].decode(errors="ignore")


def _hash(site: str) -> str:
    return hashlib.sha256(site.encode(errors="surrogatepass")).hexdigest()
