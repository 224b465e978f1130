"""whoosh, a search library in pure Python (2.7.4, 2016).

Set-up: one field holds the title's tokens, repeated by the title boost, and the body's, joined by spaces, and is cut
again at spaces only; ranking is whoosh's BM25F with Lucene's IDF (k1 1.2, b 0.75). With `fields = "summed"` title and
body are two fields whose scores are added up; `indexers.fields` says why that is not the default.

Quirks:

- whoosh's own analyzers keep a Chinese sentence in one piece, or cut it at nothing but punctuation: hence our tokens.
- `QueryParser` joins words by AND unless told `OrGroup`, so a sentence finds nothing, and it reads `AND`, `*` and
  `field:` as syntax. Here the query is built from terms joined by OR; a word asked twice counts twice.
- "BM25F" in whoosh is one BM25 per field, summed, not the BM25F of Robertson et al. (2004), which adds up weighted
  frequencies before saturation: hence one combined field. Field lengths are kept in one byte, so long ones are rounded.
- Its own IDF is log(N / (n + 1)) + 1, so frequent words weigh more, and rare ones less, than in the BM25 of the others.
  Here it has theirs (Lucene's), by overriding the one method that it asks for an IDF.
- One site: whoosh's `filter`, which the collector asks before it ranks; scores stay as they are.
- Equal scores keep document order.
- The library is no longer maintained, and slow: tens of milliseconds where others need a fraction of one.
"""

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from whoosh import analysis, fields, index, query, scoring, versionstring

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError
from indexers.fields import describe_fields, field_texts, field_weights
from indexers.folders import empty_folder
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.options import DEFAULT_B, DEFAULT_K1, K1, B, FieldOptions
from indexers.segment import Analyzer

DISTRIBUTIONS = ("Whoosh",)


class Options(FieldOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the whoosh engine."""

    k1: K1 = DEFAULT_K1
    b: B = DEFAULT_B


SETUPS = {"": Options()}


class LuceneBM25(scoring.BM25F):  # type: ignore[misc] # whoosh has no types
    """whoosh's BM25 with Lucene's IDF, ln(1 + (N - n + 0.5) / (n + 0.5)), through the method it offers for that."""

    def idf(self, searcher: Any, fieldname: str, text: str) -> float:
        """Return how much a word of the field weighs, by how many of the documents hold it."""
        whole = searcher.get_parent()
        holding = whole.doc_frequency(fieldname, text)
        return math.log(1 + (whole.doc_count_all() - holding + 0.5) / (holding + 0.5))


class Engine:
    """A whoosh index in `folder`."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._files = folder / "whoosh"
        self._analyze = Analyzer(options.tokens, options.user_dict)
        self._searcher: Any = None

    def build(self, documents: Iterable[Document]) -> None:
        """Index the documents one by one; whoosh spills to disk beyond 256 MB."""
        self.close()
        forget_made_by(self._folder)
        text = fields.TEXT(analyzer=analysis.SpaceSeparatedTokenizer(), phrase=False)
        searched = dict.fromkeys(field_weights(self._options), text)
        schema = fields.Schema(doc_id=fields.STORED, url=fields.STORED, shown=fields.STORED, site=fields.ID, **searched)
        writer = index.create_in(str(empty_folder(self._files)), schema).writer(limitmb=256, procs=1)
        try:
            for document in documents:
                writer.add_document(
                    doc_id=document.id,
                    url=document.url,
                    shown=document.title,
                    site=document.site,
                    **field_texts(document, self._analyze, self._options),
                )
        except BaseException:
            writer.cancel()
            raise
        writer.commit(optimize=True)
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest summed score of the query's words."""
        counts = Counter(self._analyze(text))
        if k < 1 or not counts:
            return []
        weights = field_weights(self._options)
        terms = [query.Term(f, word, boost=n * weight) for word, n in counts.items() for f, weight in weights.items()]
        any_of = query.Or(terms)
        # Same hits as whoosh's own choice, a tree of matchers, which took 19 s for a query of 4,000 characters over
        # 15,000 documents; this took 0.9 s and is faster for short queries too.
        any_of.matcher_type = query.Or.ARRAY_MATCHER
        found = self._open().search(any_of, limit=k, filter=query.Term("site", site) if site else None)
        return [Hit(doc_id=hit["doc_id"], url=hit["url"], title=hit["shown"], score=float(hit.score)) for hit in found]

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values."""
        options = self._options
        return {
            "engine": "whoosh",
            "tokenizer": self._analyze.describe(),
            "fields": describe_fields(options),
            "field_model": options.fields,
            "ranking": {"name": "BM25", "k1": options.k1, "b": options.b},
            "query": "OR of the query's tokens",
            "ties": "document order",
            "versions": {"whoosh": versionstring()},
        }

    def close(self) -> None:
        """Close the index files."""
        if self._searcher is not None:
            self._searcher.close()
            self._searcher = None

    def _open(self) -> Any:
        if self._searcher is None:
            read_made_by(self._folder, self.describe())
            try:
                opened = index.open_dir(str(self._files), readonly=True)
            except (index.IndexError, OSError) as error:
                raise IndexBuildError(f"the index in {self._files} is spoilt ({error}): build it anew") from error
            self._searcher = opened.searcher(weighting=LuceneBM25(B=self._options.b, K1=self._options.k1))
        return self._searcher
