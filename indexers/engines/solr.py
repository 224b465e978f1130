"""Apache Solr, a search server over Lucene (9.8), asked by its ordinary HTTP API.

An index is a core of its own (under SolrCloud: a collection of one shard), made from a configset that the server has
already. It needs only dynamic fields that Solr's `_default` has: `*_ws`, `*_txt_cjk`, `*_s` and `*_i`. Nobody's schema
is changed.

Set-ups, all with one field of the title, repeated by the title boost, and the body, and with Solr's BM25 (k1 1.2 and
b 0.75, those of `_default`, which a client cannot change):

- `solr`: our tokens, joined by spaces, in `*_ws`, which cuts at whitespace only.
- `solr-cjk`: raw text in `*_txt_cjk`, what Solr offers for Chinese as it comes: StandardTokenizer, full-width made
  plain, lower case, and overlapping pairs of characters.
- `solr-smartcn`: raw text in `*_txt_smartcn`, words cut by HMMChineseTokenizer as in the Reference Guide. Neither field
  nor tokenizer is in a plain Solr: it needs the module `analysis-extras` and the configset `tongcha` (docs/servers.md).

Quirks:

- Solr's usual parsers read `+`, `-`, `*`, `"` and `field:` as syntax. Here each of our tokens is a parameter of its
  own, of which a `term` query is made; raw text goes to the parser `simple` with its operators switched off, which
  still takes a lone `*` for everything, so asterisks become spaces. Solr also expands `${…}` in any parameter: that
  is switched off.
- No query may have more than 1,024 clauses. `solr` asks for the first 1,000 different tokens, a repeated one weighted;
  the others ask for the first 1,000 characters, since each of these makes one clause at most.
- A field name that the schema does not know is not refused by `_default`: its type is guessed, and the shared schema
  changed. Building therefore first asks whether the fields are there and of the types named here.
- Solr keeps answers and filters of earlier requests; queries say `cache=false`, so that each is searched.
- One site: a filter, which leaves scores alone. Equal scores are sorted by the ordinal of the document.
- Lucene rounds field lengths to one byte. `_default` stores the searched text, too, which counts in the size.
"""

import contextlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import httpx
import msgspec

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError, IndexerError
from indexers.fields import combined_tokens, describe_fields
from indexers.made_by import FILE, forget_made_by, read_made_by, write_made_by
from indexers.options import DEFAULT_B, DEFAULT_K1
from indexers.segment import Analyzer
from indexers.servers import SECRET_OPTIONS as SECRET_OPTIONS
from indexers.servers import Server, ServerOptions, batches, new_index_name

DISTRIBUTIONS = ("httpx",)
SERVER = "Solr"
_BATCH = 200
_MOST = 1000
_SHOWN_CHARACTERS = 8000  # a string field takes 32,766 bytes
_FIELDS = {"tokens": "text_ws", "cjk": "text_txt_cjk", "smartcn": "text_txt_smartcn"}
_TYPES = {"tokens": "text_ws", "cjk": "text_cjk", "smartcn": "text_smartcn"}
_TOKENIZERS = {
    "cjk": {"kind": "bigrams", "library": "lucene", "name": "StandardTokenizer, CJKWidth, LowerCase, CJKBigram"},
    "smartcn": {
        "kind": "words",
        "library": "lucene",
        "name": "HMMChineseTokenizer, CJKWidth, Stop, PorterStem, LowerCase",
    },
}


class Options(ServerOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the solr engine; k1 and b are the server's. Raw text makes no use of `tokens` and `user_dict`."""

    analysis: Literal["tokens", "cjk", "smartcn"] = "tokens"
    configset: str = "_default"
    """A configset that the server holds, with the dynamic fields of Solr's `_default`."""


SETUPS = {"": Options(), "cjk": Options(analysis="cjk"), "smartcn": Options(analysis="smartcn", configset="tongcha")}


class _RefusedError(Exception):
    """Solr answered, and the answer is an error."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        try:
            said = str(response.json()["error"]["msg"])
        except (ValueError, KeyError, TypeError):
            said = "wrong user or password" if self.status == 401 else response.reason_phrase
        super().__init__(f"HTTP {self.status}: {said}")


class Engine:
    """A core or collection on a Solr server, named in `folder`."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._server = Server("solr", SERVER, options, "http://127.0.0.1:8983/solr")
        self._analyze = Analyzer(options.tokens, options.user_dict) if options.analysis == "tokens" else None
        self._field = _FIELDS[options.analysis]
        self._http: httpx.Client | None = None
        self._system: dict[str, Any] | None = None
        self._index = ""

    def build(self, documents: Iterable[Document]) -> None:
        """Make a core, send the documents in batches, commit, and compare their number with Solr's."""
        self.drop()
        name, count = new_index_name(), 0
        try:
            with self._building():
                self._create(name)
                self._require_fields(name)
            entries = (self._entry(ordinal, document) for ordinal, document in enumerate(documents))
            for batch in batches(entries, _BATCH):
                count += len(batch)
                with self._building():
                    self._ask("POST", f"/{name}/update", json.dumps(batch))
            with self._building():
                self._ask("POST", f"/{name}/update", "[]", commit="true")
                held = self._ask("GET", f"/{name}/select", q="*:*", rows="0")["response"]["numFound"]
            if held != count:
                raise self._server.build_error(f"it holds {held} of {count} documents")
        except BaseException:
            with contextlib.suppress(httpx.HTTPError, _RefusedError, IndexerError):
                self._remove(name)
            raise
        write_made_by(self._folder, self.describe(), index=name, documents=count)

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest summed score of the query's words."""
        query, parameters = self._query(text)
        if k < 1 or not query:
            return []
        name = self._open()
        request: dict[str, Any] = {
            "query": query,
            "params": parameters | {"site": site},
            "fields": "id,url_s,title_s,score",
            "sort": "score desc,ordinal_i asc",
            "limit": k,
        }
        if site:
            request["filter"] = "{!term f=site_s cache=false v=$site}"
        try:
            # Not one of the parameters inside the request: those are expanded before they are read.
            answer = self._ask("POST", f"/{name}/select", json.dumps(request), expandMacros="false", echoParams="none")
        except httpx.TimeoutException as problem:
            raise self._server.search_error(problem, late=True) from None
        except httpx.HTTPError as problem:
            raise self._server.search_error(problem) from None
        except _RefusedError as problem:
            if problem.status == 404 and not self.is_there():
                raise self._server.gone() from None
            raise self._server.search_error(problem) from None
        return [
            Hit(doc_id=found["id"], url=found["url_s"], title=found["title_s"], score=found["score"])
            for found in answer["response"]["docs"]
        ]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values."""
        raw = self._analyze is None
        system = self._asked_system()
        return {
            "engine": "solr",
            "tokenizer": self._analyze.describe() if self._analyze else _TOKENIZERS[self._options.analysis],
            "fields": describe_fields(self._options),
            "field_model": "combined",
            "ranking": {"name": "BM25", "k1": DEFAULT_K1, "b": DEFAULT_B},
            "query": "OR of what the server's tokenizer makes of it" if raw else "OR of the query's tokens",
            "ties": "document order",
            "configset": self._options.configset,
            "limits": {"max_characters" if raw else "max_tokens": _MOST},
            "versions": {
                "solr": system["lucene"]["solr-spec-version"],
                "lucene": system["lucene"]["lucene-spec-version"],
            },
        }

    def place(self) -> str:
        """Return the server's address without credentials."""
        return self._server.url

    def is_there(self) -> bool:
        """Return whether the server still holds the index that the folder names."""
        name = self._kept_name()
        with self._building():
            if not name:
                return False
            if self._cloud():
                return name in self._ask("GET", "/admin/collections", action="LIST")["collections"]
            return bool(self._cores(name))

    def stored_bytes(self) -> int:
        """Return what the core takes on the server's disk."""
        name = self._kept_name()
        with self._building():
            cores = self._cores("" if self._cloud() else name) if name else []
        # Under SolrCloud a core is named after its collection, shard and replica.
        return sum(core["index"]["sizeInBytes"] for core in cores if core["name"].startswith(name))

    def drop(self) -> None:
        """Remove the index that the folder names from the server, if there is one, and forget its name."""
        name = self._kept_name()
        if name and self.is_there():
            with self._building():
                self._remove(name)
        forget_made_by(self._folder)
        self._index = ""

    def close(self) -> None:
        """Close the connection."""
        if self._http is not None:
            self._http.close()
        self._http = None
        self._index = ""

    def _entry(self, ordinal: int, document: Document) -> dict[str, Any]:
        if self._analyze:
            text = " ".join(combined_tokens(document, self._analyze, self._options))
        else:
            text = "\n".join([document.title] * self._options.title_boost + [document.body])
        return {
            "id": document.id,
            "ordinal_i": ordinal,
            "site_s": document.site,
            "url_s": document.url[:_SHOWN_CHARACTERS],
            "title_s": document.title[:_SHOWN_CHARACTERS],
            self._field: text,
        }

    def _query(self, text: str) -> tuple[str, dict[str, str]]:
        """Return the query and the parameters that hold all that somebody typed; no query for no words."""
        if self._analyze is None:
            typed = text[:_MOST].replace("*", " ")
            return f"{{!simple qf={self._field} q.operators=WHITESPACE q.op=OR cache=false v=$typed}}", {"typed": typed}
        counts = list(Counter(self._analyze(text)).items())[:_MOST]
        terms = " ".join(
            f"{{!term f={self._field} v=$word{number}}}^{count}" for number, (_, count) in enumerate(counts)
        )
        parameters = {f"word{number}": word for number, (word, _) in enumerate(counts)}
        return (
            "{!lucene q.op=OR cache=false v=$words}" if counts else "",
            # The brackets keep the first `{!term …}` from being read as the parser of the whole.
            parameters | {"words": f"({terms})"},
        )

    def _open(self) -> str:
        if not self._index:
            self._index = str(read_made_by(self._folder, self.describe())["index"])
        return self._index

    def _kept_name(self) -> str:
        """Return the name in the folder, whatever version wrote it; empty when there is none."""
        try:
            return str(msgspec.json.decode((self._folder / FILE).read_bytes())["index"])
        except (OSError, KeyError, TypeError, msgspec.DecodeError):
            return ""

    def _asked_system(self) -> dict[str, Any]:
        if self._system is None:
            with self._building():
                self._system = self._ask("GET", "/admin/info/system")
        return self._system

    def _cloud(self) -> bool:
        return bool(self._asked_system()["mode"] == "solrcloud")

    def _create(self, name: str) -> None:
        configset = self._options.configset
        if self._cloud():
            parts = {"numShards": "1", "replicationFactor": "1", "collection.configName": configset}
            self._ask("GET", "/admin/collections", action="CREATE", name=name, **parts)
        else:
            self._ask("GET", "/admin/cores", action="CREATE", name=name, configSet=configset)

    def _remove(self, name: str) -> None:
        if self._cloud():
            self._ask("GET", "/admin/collections", action="DELETE", name=name)
        else:
            self._ask("GET", "/admin/cores", action="UNLOAD", core=name, deleteInstanceDir="true")

    def _cores(self, name: str) -> list[dict[str, Any]]:
        status = self._ask("GET", "/admin/cores", action="STATUS", **({"core": name} if name else {}))["status"]
        return [core for core in status.values() if core]

    def _require_fields(self, name: str) -> None:
        types = {"*_s": "string", "*_i": "pint", f"*{self._field.removeprefix('text')}": _TYPES[self._options.analysis]}
        known = self._ask("GET", f"/{name}/schema/dynamicfields")["dynamicFields"]
        held = {field["name"]: field["type"] for field in known}
        if lacking := [f"{field} ({kind})" for field, kind in types.items() if held.get(field) != kind]:
            configset = self._options.configset
            raise self._server.build_error(
                f"the configset {configset!r} has no dynamic field {', '.join(lacking)}; see docs/servers.md"
            )

    @contextlib.contextmanager
    def _building(self) -> Iterator[None]:
        """Turn what can go wrong outside of a search into one error."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as problem:
            raise self._server.unreachable(problem) from None
        except (httpx.HTTPError, httpx.InvalidURL, _RefusedError) as problem:
            raise self._server.build_error(problem) from None

    def _ask(self, method: str, path: str, content: str | None = None, **parameters: str) -> dict[str, Any]:
        if self._http is None:
            for name in ("httpx", "httpcore"):  # both log addresses
                logging.getLogger(name).setLevel(logging.CRITICAL)
            server = self._server
            self._http = httpx.Client(
                auth=httpx.BasicAuth(server.user, server.password) if server.user else None,
                timeout=self._options.timeout_s,
                trust_env=False,  # neither proxies nor passwords that nobody named
            )
        response = self._http.request(
            method,
            self._server.url + path,
            params={"wt": "json", **parameters},
            content=content,
            headers={"Content-Type": "application/json"} if content is not None else None,
        )
        if response.status_code != 200:
            raise _RefusedError(response)
        try:
            answer: dict[str, Any] = response.json()
        except ValueError:
            raise IndexBuildError(f"what answers at {self._server.source} is no Solr") from None
        return answer
