"""bm25s, BM25 with all scores computed while indexing, in NumPy (0.2.12 or newer).

Set-up: one field of our tokens, the title's repeated by the title boost, then the body's; ranking is its `lucene`
variant (k1 1.2, b 0.75).

Quirks:

- Repeating the title lengthens the document, which length normalisation then counts against it.
- The library's own top-k leaves the order of equal scores to NumPy and fills up with documents of score 0. Here all
  scores are sorted: no match, no hit, and equal scores keep document order.
- One site: the scores of its documents are sorted, those of other sites are never looked at.
- Its documented k1 is 1.5; we use the 1.2 of the other engines. The scores lack BM25's constant factor (k1 + 1).
- Indexing needs all token ids in memory (4 bytes each), not the texts. The index is memory-mapped when searching.
"""

import itertools
from array import array
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bm25s
import msgspec
import numpy as np
from bm25s.tokenization import Tokenized

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError
from indexers.fields import combined_tokens, describe_fields
from indexers.folders import empty_folder
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.options import DEFAULT_B, DEFAULT_K1, K1, B, TextOptions
from indexers.segment import Analyzer

DISTRIBUTIONS = ("bm25s",)
_SHOWN = "shown.jsonl"
_NO_ROWS = np.array([], dtype=np.intp)


class Options(TextOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the bm25s engine."""

    k1: K1 = DEFAULT_K1
    b: B = DEFAULT_B


SETUPS = {"": Options()}


class Engine:
    """A bm25s index in `folder`."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._files = folder / "bm25s"
        self._analyze = Analyzer(options.tokens, options.user_dict)
        self._scores: Any = None
        self._shown: list[tuple[str, str, str, str]] = []
        self._rows: dict[str, Any] = {}

    def build(self, documents: Iterable[Document]) -> None:
        """Turn the documents one by one into token ids, then compute every score."""
        self.close()
        forget_made_by(self._folder)
        empty_folder(self._files)
        vocabulary = defaultdict[str, int](itertools.count().__next__)  # a new word gets the next number
        ids: list[array[int]] = []
        encode = msgspec.json.Encoder().encode
        with (self._files / _SHOWN).open("wb") as shown:
            for document in documents:
                tokens = combined_tokens(document, self._analyze, self._options)
                ids.append(array("I", map(vocabulary.__getitem__, tokens)))
                shown.write(encode((document.id, document.url, document.title, document.site)) + b"\n")
        if vocabulary:  # bm25s cannot compute scores of nothing
            scores = bm25s.BM25(method="lucene", k1=self._options.k1, b=self._options.b, backend="numpy")
            scores.index(Tokenized(ids=ids, vocab=dict(vocabulary)), create_empty_token=False, show_progress=False)
            scores.save(str(self._files))
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest score above 0."""
        tokens = self._analyze(text)
        if k < 1 or not tokens:
            return []
        index = self._open()
        known = index.get_tokens_ids(tokens) if index else []
        if not known:
            return []
        scores = index.get_scores_from_ids(known)
        if site:
            rows = self._rows.get(site, _NO_ROWS)
            matching = rows[scores[rows] > 0]
        else:
            matching = np.flatnonzero(scores > 0)
        if len(matching) > k:
            # Keep what reaches the k-th best score, ties included, before the exact and stable sort.
            least = np.partition(scores[matching], len(matching) - k)[len(matching) - k]
            matching = matching[scores[matching] >= least]
        best = matching[np.argsort(-scores[matching], kind="stable")][:k]
        hits = []
        for row in best.tolist():
            doc_id, url, title, _ = self._shown[row]
            hits.append(Hit(doc_id=doc_id, url=url, title=title, score=float(scores[row])))
        return hits

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values."""
        options = self._options
        return {
            "engine": "bm25s",
            "tokenizer": self._analyze.describe(),
            "fields": describe_fields(options),
            "field_model": "combined",
            "ranking": {"name": "BM25", "k1": options.k1, "b": options.b},
            "query": "OR of the query's tokens",
            "ties": "document order",
            "versions": {"bm25s": bm25s.__version__, "numpy": np.__version__},
        }

    def close(self) -> None:
        """Let go of the index files."""
        self._scores = None
        self._shown = []
        self._rows = {}

    def _open(self) -> Any:
        if not self._shown:
            read_made_by(self._folder, self.describe())
            try:
                lines = (self._files / _SHOWN).read_bytes().splitlines()
                if (self._files / "params.index.json").exists():
                    self._scores = bm25s.BM25.load(str(self._files), mmap=True)
            except (ValueError, OSError) as error:
                raise IndexBuildError(f"the index in {self._files} is spoilt ({error}): build it anew") from error
            decode = msgspec.json.Decoder(tuple[str, str, str, str]).decode
            self._shown = [decode(line) for line in lines]
            rows: dict[str, list[int]] = {}
            for row, (*_, site) in enumerate(self._shown):
                rows.setdefault(site, []).append(row)
            self._rows = {site: np.array(numbers) for site, numbers in rows.items()}
        return self._scores
