"""tantivy, a search library in Rust with Lucene's design (tantivy-py 0.24 or newer).

Set-ups: `tantivy` indexes jieba words, `tantivy-bigrams` character pairs: one field holds the title's tokens, repeated
by the title boost, and the body's, joined by spaces, and is cut again at whitespace only. `tantivy-summed` has title
and body in two fields, the title's score multiplied by the boost and added to the body's, as a query over several
fields does by default; `indexers.fields` says what is wrong with it. Ranking is tantivy's BM25 (k1 1.2 and b 0.75,
built in).

Quirks:

- The default tokenizer keeps a Chinese sentence in one piece, so that nothing inside it is found: hence our tokens.
- `parse_query` reads `AND`, `*` and `field:` as syntax and makes a phrase of n-grams. Here the query is built from
  terms joined by OR; a word asked twice counts twice.
- Field lengths are kept in one byte, so long ones are rounded, as in Lucene.
- One site: the OR and a term of the field `site` must both match; the term counts 0, so scores stay as they are.
- The library breaks ties by segment, and segments are merged in the background. Documents therefore carry their
  ordinal, and hits of equal score are put into document order, at the cut-off too. Building uses one thread.
"""

import importlib.metadata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tantivy

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError
from indexers.fields import describe_fields, field_texts, field_weights
from indexers.folders import empty_folder
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.options import DEFAULT_B, DEFAULT_K1, FieldOptions
from indexers.segment import Analyzer

DISTRIBUTIONS = ("tantivy",)
_HEAP_BYTES = 256_000_000
_TOKENIZER = "spaces"


class Options(FieldOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the tantivy engine; k1 and b cannot be set."""


SETUPS = {"": Options(), "bigrams": Options(tokens="bigrams"), "summed": Options(fields="summed")}


class Engine:
    """A tantivy index in `folder`."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._files = folder / "tantivy"
        self._analyze = Analyzer(options.tokens, options.user_dict)
        self._schema: tantivy.Schema | None = None
        self._searcher: tantivy.Searcher | None = None

    def build(self, documents: Iterable[Document]) -> None:
        """Index the documents one by one, in one thread, then wait for all merges."""
        self.close()
        forget_made_by(self._folder)
        index = tantivy.Index(_schema(field_weights(self._options)), path=str(empty_folder(self._files)))
        _register(index)
        writer = index.writer(_HEAP_BYTES, 1)
        try:
            for ordinal, document in enumerate(documents):
                entry = tantivy.Document()
                entry.add_unsigned("ordinal", ordinal)
                entry.add_text("doc_id", document.id)
                entry.add_text("url", document.url)
                entry.add_text("shown", document.title)
                entry.add_text("site", document.site)
                for name, text in field_texts(document, self._analyze, self._options).items():
                    entry.add_text(name, text)
                writer.add_document(entry)
            writer.commit()
        finally:
            writer.wait_merging_threads()
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest summed score of the query's words."""
        counts = Counter(self._analyze(text))
        if k < 1 or not counts:
            return []
        searcher, schema = self._open()
        weights = field_weights(self._options)
        clauses = [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, word), count * weight),
            )
            for word, count in counts.items()
            for field, weight in weights.items()
        ]
        query = tantivy.Query.boolean_query(clauses)
        if site:
            of_site = tantivy.Query.const_score_query(tantivy.Query.term_query(schema, "site", site), 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, query), (tantivy.Occur.Must, of_site)])
        ranked = []
        for score, address in _with_ties(searcher, query, k):
            stored = searcher.doc(address)
            ranked.append((-score, stored["ordinal"][0], stored))
        ranked.sort(key=lambda entry: entry[:2])
        return [
            Hit(doc_id=stored["doc_id"][0], url=stored["url"][0], title=stored["shown"][0], score=-negative)
            for negative, _, stored in ranked[:k]
        ]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values."""
        return {
            "engine": "tantivy",
            "tokenizer": self._analyze.describe(),
            "fields": describe_fields(self._options),
            "field_model": self._options.fields,
            "ranking": {"name": "BM25", "k1": DEFAULT_K1, "b": DEFAULT_B},
            "query": "OR of the query's tokens",
            "ties": "document order",
            "versions": {"tantivy": importlib.metadata.version("tantivy")},
        }

    def close(self) -> None:
        """Let go of the index files."""
        self._searcher = self._schema = None

    def _open(self) -> tuple[tantivy.Searcher, tantivy.Schema]:
        if self._searcher is None or self._schema is None:
            read_made_by(self._folder, self.describe())
            try:
                index = tantivy.Index.open(str(self._files))
            except (ValueError, OSError) as error:
                raise IndexBuildError(f"the index in {self._files} is spoilt ({error}): build it anew") from error
            _register(index)
            self._schema = index.schema
            self._searcher = index.searcher()
        return self._searcher, self._schema


def _schema(searched: Iterable[str]) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("ordinal", stored=True)
    for name in ("doc_id", "url", "shown"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("site", stored=False, tokenizer_name="raw", index_option="basic")
    for name in searched:
        builder.add_text_field(name, stored=False, tokenizer_name=_TOKENIZER, index_option="freq")
    return builder.build()


def _register(index: tantivy.Index) -> None:
    analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_TOKENIZER, analyzer)


def _with_ties(searcher: tantivy.Searcher, query: tantivy.Query, k: int) -> list[tuple[Any, tantivy.DocAddress]]:
    """Return the best `k` hits and every further one that ties with the last of them."""
    limit = k + 1
    while True:
        hits = searcher.search(query, limit, count=False).hits
        if len(hits) < limit or hits[-1][0] < hits[k - 1][0]:
            return [hit for hit in hits if hit[0] >= hits[min(k, len(hits)) - 1][0]]
        limit *= 4
