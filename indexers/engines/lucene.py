"""Lucene, the search library in Java that Elasticsearch, OpenSearch and Solr are built on, run inside Python.

The jars are Debian's (`liblucene8-java`, 8.8.1 in Debian 12, whatever the names of its files say), the bridge to Java
is JPype; the option `jars` names another folder of Lucene 8's jars.

Set-ups:

- `lucene`: one field holds our tokens, the title's repeated by the title boost, cut again at whitespace only.
- `lucene-smartcn`: raw text under Lucene's own Chinese tokenizer, SmartChineseAnalyzer (a dictionary and a hidden
  Markov model; punctuation dropped, English words stemmed).
- `lucene-cjk`: raw text under CJKAnalyzer, the long-time default for Chinese: overlapping character pairs, full-width
  made plain, English stop words dropped.

Ranking is BM25Similarity (k1 1.2, b 0.75). A query is the OR of its tokens, made by the same analysis as the field's;
a token asked twice counts twice. It is built from terms and never parsed.

Quirks:

- Since version 8, scores lack BM25's constant factor (k1 + 1), which changes no ranking. Field lengths above 40 are
  rounded to one byte. Pages without any token are in no statistics.
- Documents are kept in the order of their ordinal (an index sort) and merged into one segment, so that equal scores
  keep document order.
- A query may have any number of terms; Lucene's own limit is 1,024. A token longer than 8,000 characters is cut there:
  a term holds 32,766 bytes.
- One site: a clause that filters and does not score.
- The Java virtual machine starts with the first build or search, once per process, with one class path and 512 MB of
  heap at the most; what it takes counts as the engine's memory. The first searches are slow, until it has compiled its
  code. Ctrl-C stays Python's.
- Every hit is carried from Java to Python by itself, which takes longer than the search when there are a hundred.
- Compared only where it is named: few machines have Java and the jars.
"""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import jpype
import msgspec

from corpora.model import Document
from indexers import lucene_java
from indexers.api import Hit
from indexers.errors import IndexBuildError, IndexerError, SearchError
from indexers.fields import combined_tokens, describe_fields
from indexers.folders import empty_folder
from indexers.lucene_java import DEBIAN_JARS, HEAP, Java, lucene
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.options import DEFAULT_B, DEFAULT_K1, K1, B, TextOptions
from indexers.segment import Analyzer, TokenKind

DISTRIBUTIONS = ()  # what identifies it is the version of the jars, which describe() tells
COMPARED_BY_DEFAULT = False
_BUFFER_MB = 64.0
_TOKEN_CHARACTERS = 8_000
_OWN_ANALYZERS = {
    "smartcn": "org.apache.lucene.analysis.cn.smart.SmartChineseAnalyzer",
    "cjk": "org.apache.lucene.analysis.cjk.CJKAnalyzer",
}
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(tuple[str, str, str]).decode


class Options(TextOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Lucene engine; `smartcn` and `cjk` are Lucene's own analyzers and use no dictionary of ours."""

    tokens: Literal["words", "whole-words", "bigrams", "smartcn", "cjk"] = "words"  # type: ignore[assignment] # two more
    k1: K1 = DEFAULT_K1
    b: B = DEFAULT_B
    jars: str = DEBIAN_JARS
    """Folder of Lucene's jars."""


SETUPS = {"": Options(), "smartcn": Options(tokens="smartcn"), "cjk": Options(tokens="cjk")}


def missing(options: Options) -> str:
    """Return which of jars and JVM this machine lacks, and how to install them."""
    return lucene_java.missing(options.jars)


class Engine:
    """A Lucene index in `folder`."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._files = folder / "lucene"
        ours = options.tokens not in _OWN_ANALYZERS
        self._analyze = Analyzer(cast(TokenKind, options.tokens), options.user_dict) if ours else None
        self._opened: _Opened | None = None

    def build(self, documents: Iterable[Document]) -> None:
        """Index the documents one by one, in one thread, and merge them into one segment."""
        self.close()
        forget_made_by(self._folder)
        java = lucene(self._options.jars)
        empty_folder(self._files)
        with _told(IndexBuildError, f"could not build {self._files}"), contextlib.ExitStack() as opened:
            analyzer = self._analyzer(java)
            opened.callback(analyzer.close)
            directory = lucene_java.directory(java, self._files)
            opened.callback(directory.close)
            writer = java.IndexWriter(directory, self._writing(java, analyzer))
            opened.callback(writer.rollback)  # of what is not committed: nothing, when all went well
            kind = _counted(java)
            for ordinal, document in enumerate(documents):
                writer.addDocument(self._entry(java, kind, ordinal, document))
            writer.forceMerge(1)
            writer.commit()
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest summed score of the query's tokens."""
        if k < 1:
            return []
        with _told(SearchError, f"could not answer {_storable(text[:40])!r}"):
            java, searcher, analyzer = self._open()
            tokens = self._analyze(text) if self._analyze else _tokens(java, analyzer, _storable(text))
            if not tokens:
                return []
            query = _query(java, Counter(token[:_TOKEN_CHARACTERS] for token in tokens), site)
            hits = []
            for found in searcher.search(query, k).scoreDocs:
                doc_id, url, title = _DECODE(str(searcher.doc(found.doc).get("shown")))
                hits.append(Hit(doc_id=doc_id, url=url, title=title, score=float(found.score)))
            return hits

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values; starts no JVM."""
        options = self._options
        own = {"kind": options.tokens, "library": "lucene", "analyzer": _OWN_ANALYZERS.get(options.tokens)}
        return {
            "engine": "lucene",
            "tokenizer": self._analyze.describe() if self._analyze else own,
            "fields": describe_fields(options),
            "field_model": "combined",
            "ranking": {"name": "BM25", "k1": options.k1, "b": options.b},
            "query": "OR of the query's tokens",
            "ties": "document order",
            "limits": {"token_characters": _TOKEN_CHARACTERS} if self._analyze else {},
            "java_heap": HEAP,
            "versions": lucene_java.versions(options.jars),
        }

    def close(self) -> None:
        """Let go of the index files; the JVM lives as long as the process."""
        if self._opened is not None:
            _, searcher, analyzer = self._opened
            self._opened = None
            reader = searcher.getIndexReader()
            reader.close()
            reader.directory().close()
            analyzer.close()

    def _open(self) -> "_Opened":
        if self._opened is None:
            read_made_by(self._folder, self.describe())
            java = lucene(self._options.jars)
            with _told(IndexBuildError, f"cannot open the index in {self._files}, so build it anew"):
                directory = lucene_java.directory(java, self._files)
                searcher = java.IndexSearcher(java.DirectoryReader.open(directory))
                searcher.setSimilarity(java.BM25Similarity(self._options.k1, self._options.b))
                self._opened = _Opened(java, searcher, self._analyzer(java))
        return self._opened

    def _analyzer(self, java: Java) -> Any:
        own = _OWN_ANALYZERS.get(self._options.tokens)
        return jpype.JClass(own)() if own else java.WhitespaceAnalyzer(2 * _TOKEN_CHARACTERS + 1)  # in UTF-16

    def _writing(self, java: Java, analyzer: Any) -> Any:
        config = java.IndexWriterConfig(analyzer)
        config.setOpenMode(java.IndexWriterConfig.OpenMode.CREATE)
        config.setCommitOnClose(False)
        config.setSimilarity(java.BM25Similarity(self._options.k1, self._options.b))
        config.setRAMBufferSizeMB(_BUFFER_MB)
        config.setUseCompoundFile(False)
        # Ties go by the library's own numbers: sorted by ordinal, merged with neighbours only, in this thread.
        config.setIndexSort(java.Sort(java.SortField("ordinal", java.SortField.Type.LONG)))
        config.setMergePolicy(java.LogDocMergePolicy())
        config.setMergeScheduler(java.SerialMergeScheduler())
        return config

    def _entry(self, java: Java, kind: Any, ordinal: int, document: Document) -> Any:
        entry = java.Document()
        entry.add(java.NumericDocValuesField("ordinal", ordinal))
        shown = _ENCODE((document.id, document.url, document.title)).decode()
        entry.add(java.StoredField("shown", shown))
        entry.add(java.StringField("site", _storable(document.site), java.NOT_STORED))
        if self._analyze:
            tokens = combined_tokens(document, self._analyze, self._options)
            texts = [" ".join(token[:_TOKEN_CHARACTERS] for token in tokens)]
        else:  # one after the other in one field, so that no token goes across the border of title and body
            texts = [_storable(document.title)] * self._options.title_boost + [_storable(document.body)]
        for text in texts:
            entry.add(java.Field("text", text, kind))
        return entry


class _Opened(NamedTuple):
    java: Java
    searcher: Any
    analyzer: Any


def _counted(java: Java) -> Any:
    """Return the kind of field that keeps how often a word is in it, and not where: there are no phrases here."""
    kind = java.FieldType()
    kind.setIndexOptions(java.IndexOptions.DOCS_AND_FREQS)
    kind.setTokenized(True)
    kind.freeze()
    return kind


def _query(java: Java, counts: Mapping[str, int], site: str) -> Any:
    any_token = java.BooleanQuery.Builder()
    for token, count in counts.items():
        term = java.TermQuery(java.Term("text", token))
        any_token.add(java.BoostQuery(term, float(count)) if count > 1 else term, java.Occur.SHOULD)
    if not site:
        return any_token.build()
    of_site = java.BooleanQuery.Builder()
    of_site.add(any_token.build(), java.Occur.MUST)
    of_site.add(java.TermQuery(java.Term("site", _storable(site))), java.Occur.FILTER)
    return of_site.build()


def _tokens(java: Java, analyzer: Any, text: str) -> list[str]:
    stream = analyzer.tokenStream("text", text)
    try:
        term = stream.getAttribute(java.CharTermAttribute.class_)
        stream.reset()
        tokens = []
        while stream.incrementToken():
            tokens.append(str(term.toString()))
        stream.end()
    finally:
        stream.close()
    return tokens


@contextlib.contextmanager
def _told(kind: type[IndexerError], what: str) -> Iterator[None]:
    """Turn what Java throws into an error of ours."""
    try:
        yield
    except jpype.JException as error:
        raise kind(f"Lucene {what}: {error}") from error


def _storable(text: str) -> str:
    """Return `text` without NUL, which analyzers take for a word, and without what UTF-8 cannot hold."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
