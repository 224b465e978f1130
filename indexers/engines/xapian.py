"""Xapian, a search library in C++ (1.4), in many mail and desktop searches; its Python bindings come with Debian.

Set-ups:

- `xapian`: our tokens, each counted as often as it is in the body and, times the title boost, in the title.
- `xapian-bigrams`: raw text under Xapian's own cutting of Chinese (`FLAG_CJK_NGRAM`): single characters and overlapping
  pairs, both indexed, both asked for.

Ranking is BM25Weight with k1 1.2, b 0.75, no k2, and k3 so large that a word asked twice counts twice; queries of any
length are left as they are. A query is the OR of its terms, built from terms and never parsed.

Quirks:

- Its IDF is not Lucene's ln(1 + r) with r = (N - n + .5) / (n + .5), but ln(r), and ln(1 + r / 2) where r is below 2:
  a word that is in more than a third of the pages, and only such a word, is kept above zero. Frequent words weigh less
  than in Lucene, rare ones the same. An index of few pages has only frequent ones.
- Xapian's query parser joins the pieces of a Chinese run by AND, so that a question finds next to nothing. Here its
  TermGenerator cuts the query, too, and the pieces are joined by OR.
- FLAG_CJK_NGRAM normalises nothing but case, and cuts runs of full-width letters and digits like Chinese. A word of
  more than 64 bytes in another script is not indexed.
- A term holds 245 bytes, so longer tokens and host names stand in the index as hashes.
- One site: a term for the host name that filters (`OP_FILTER`) and does not score.
- Equal scores keep document order, the order of Xapian's document numbers.
- The bindings are on no Python package index. They are taken from this Python's own packages where they are there (a
  venv made with `--system-site-packages`), else from Debian's `python3-xapian` if that was built for this version of
  Python: that one package is loaded and nothing else of Debian's.
- Compared only where it is named, so that what is compared by default does not hang on the packages of the system.
"""

import hashlib
import importlib.machinery
import importlib.util
import re
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast

import msgspec

from corpora.model import Document
from indexers.api import Hit
from indexers.errors import IndexBuildError, MissingPackageError, SearchError
from indexers.fields import describe_fields
from indexers.folders import empty_folder
from indexers.made_by import forget_made_by, read_made_by, write_made_by
from indexers.options import DEFAULT_B, DEFAULT_K1, K1, B, TextOptions
from indexers.segment import Analyzer, TokenKind

COMPARED_BY_DEFAULT = False
DISTRIBUTIONS = ()  # the bindings are a package of Debian, not of Python; describe() tells the version
_DEBIANS = Path("/usr/lib/python3/dist-packages/xapian")
_ABI = re.compile(r"\.cpython-(\d)(\d+)-")
_K3 = 1e12
_SITE = "H"  # Xapian's customary prefix of host names; terms of text are in lower case
_LONG = "#"  # in front of the hash of a term that is too long
_TERM_BYTES = 245
_POSTINGS_IN_MEMORY = 2_000_000
_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(tuple[str, str, str]).decode


class Options(TextOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the Xapian engine; `cjk-ngram` is Xapian's own cutting and uses no dictionary."""

    tokens: Literal["words", "whole-words", "bigrams", "cjk-ngram"] = "words"  # type: ignore[assignment] # one more
    k1: K1 = DEFAULT_K1
    b: B = DEFAULT_B


SETUPS = {"": Options(), "bigrams": Options(tokens="cjk-ngram")}


def missing(options: Options) -> str:
    """Return why Xapian's bindings cannot be loaded here, and what helps; `options` do not matter."""
    if _find_bindings() is not None:
        return ""
    built_for = sorted(f"{m[1]}.{m[2]}" for path in _DEBIANS.glob("_xapian.*.so") if (m := _ABI.search(path.name)))
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if built_for and here not in built_for:
        lacking = f"Xapian's bindings for Python {here}, and Debian's are for {' and '.join(built_for)}"
        return f"{lacking}: python{built_for[-1]} -m venv .venv"
    return "Xapian's Python bindings, which only Debian packs: apt install python3-xapian"


class Engine:
    """A Xapian database in `folder`."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._files = folder / "xapian"
        ours = options.tokens != "cjk-ngram"
        self._analyze = Analyzer(cast(TokenKind, options.tokens), options.user_dict) if ours else None
        self._database: Any = None

    def build(self, documents: Iterable[Document]) -> None:
        """Index the documents one by one, writing out whenever some two million postings are in memory."""
        self.close()
        forget_made_by(self._folder)
        xapian = _bindings()
        empty_folder(self._files)
        try:
            # An index that a crash spoils is built anew: the disk need not be waited for.
            flags = xapian.DB_CREATE_OR_OVERWRITE | xapian.DB_NO_SYNC
            database = xapian.WritableDatabase(str(self._files), flags)
            try:
                waiting = 0
                for document in documents:
                    entry = self._entry(xapian, document)
                    database.add_document(entry)
                    waiting += entry.termlist_count()
                    if waiting >= _POSTINGS_IN_MEMORY:
                        database.commit()
                        waiting = 0
                database.commit()
            finally:
                database.close()
        except xapian.Error as error:
            raise IndexBuildError(f"Xapian could not build {self._files}: {error}") from error
        write_made_by(self._folder, self.describe())

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return the `k` documents, of all sites or one, with the highest summed weight of the query's terms."""
        if k < 1:
            return []
        xapian = _bindings()
        database = self._open()
        try:
            counts = Counter(self._analyze(text)) if self._analyze else _ngrams(xapian, text)
            if not counts:
                return []
            terms = [xapian.Query(_term(token), count) for token, count in counts.items()]
            query = xapian.Query(xapian.Query.OP_OR, terms)
            if site:
                query = xapian.Query(xapian.Query.OP_FILTER, query, xapian.Query(_term(_storable(site), _SITE)))
            enquire = xapian.Enquire(database)
            # The least length is out of the way at 1e-9: it would lengthen pages that are far below the average.
            enquire.set_weighting_scheme(xapian.BM25Weight(self._options.k1, 0, _K3, self._options.b, 1e-9))
            enquire.set_docid_order(xapian.Enquire.ASCENDING)
            enquire.set_query(query)
            hits = []
            for found in enquire.get_mset(0, k):
                doc_id, url, title = _DECODE(found.document.get_data())
                hits.append(Hit(doc_id=doc_id, url=url, title=title, score=found.weight))
        except xapian.Error as error:
            raise SearchError(f"Xapian could not answer {_storable(text[:40])!r}: {error}") from error
        return hits

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values."""
        options = self._options
        version = _bindings().version_string()
        ranking = {"name": "BM25 (Xapian's)", "k1": options.k1, "b": options.b, "k2": 0.0, "k3": _K3}
        return {
            "engine": "xapian",
            "tokenizer": self._analyze.describe() if self._analyze else {"kind": "cjk-ngram", "library": "xapian"},
            "fields": describe_fields(options),
            "field_model": "combined",
            "ranking": {**ranking, "idf": "ln(r), ln(1 + r / 2) for r < 2; r = (N - n + .5) / (n + .5)"},
            "query": "OR of the query's tokens",
            "ties": "document order",
            "limits": {"term_bytes": _TERM_BYTES} if self._analyze else {"normalizes": False, "word_bytes": 64},
            "versions": {"xapian": version},
        }

    def close(self) -> None:
        """Close the database."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def _entry(self, xapian: Any, document: Document) -> Any:
        entry = xapian.Document()
        for text, times in ((document.title, self._options.title_boost), (document.body, 1)):
            if self._analyze is None:
                _add_ngrams(xapian, entry, text, times)
            else:
                for token, count in Counter(self._analyze(text)).items():
                    entry.add_term(_term(token), count * times)
        if document.site:
            entry.add_boolean_term(_term(_storable(document.site), _SITE))
        entry.set_data(_ENCODE((document.id, document.url, document.title)))
        return entry

    def _open(self) -> Any:
        if self._database is None:
            read_made_by(self._folder, self.describe())
            xapian = _bindings()
            try:
                self._database = xapian.Database(str(self._files))
            except xapian.Error as error:
                raise IndexBuildError(f"the index in {self._files} is spoilt ({error}): build it anew") from error
        return self._database


def _term(text: str, prefix: str = "") -> str:
    """Return the term that stands for a token or a host name; a hash, under a mark of its own, where it is too long."""
    if len((prefix + text).encode()) <= _TERM_BYTES:
        return prefix + text
    return f"{prefix}{_LONG}{hashlib.sha256(text.encode()).hexdigest()}"


def _add_ngrams(xapian: Any, entry: Any, text: str, times: int) -> None:
    """Add the terms that Xapian makes of a text, each counting that many times."""
    generator = xapian.TermGenerator()
    generator.set_flags(xapian.TermGenerator.FLAG_CJK_NGRAM)
    generator.set_document(entry)
    generator.index_text_without_positions(_storable(text), times)


def _ngrams(xapian: Any, text: str) -> Counter[str]:
    """Return how often each term that Xapian makes of a text is there."""
    cut = xapian.Document()
    _add_ngrams(xapian, cut, text, 1)
    return Counter({item.term.decode(): item.wdf for item in cut.termlist()})


def _storable(text: str) -> str:
    """Return `text` without NUL, which takes two bytes of a term, and without what UTF-8 cannot hold."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


_loading = threading.Lock()


def _bindings() -> Any:
    """Return the module `xapian`; raises `MissingPackageError` where there is none for this Python."""
    with _loading:  # several searchers of one process may come at the same time
        return sys.modules.get("xapian") or _load()


def _load() -> ModuleType:
    spec = _find_bindings()
    if spec is None or spec.loader is None:
        raise MissingPackageError(f"engine 'xapian' needs {missing(Options())}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # the package imports itself
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        del sys.modules[spec.name]
        raise MissingPackageError(f"engine 'xapian' cannot load {spec.origin}: {error}") from error
    return module


def _find_bindings() -> ModuleSpec | None:
    """Find the bindings that this Python can load, its own before Debian's; loads nothing."""
    debians = importlib.util.spec_from_file_location(
        "xapian", _DEBIANS / "__init__.py", submodule_search_locations=[str(_DEBIANS)]
    )
    for spec in (importlib.util.find_spec("xapian"), debians):
        if spec is not None and spec.origin and _is_for_this_python(Path(spec.origin)):
            return spec
    return None


def _is_for_this_python(package: Path) -> bool:
    """Return whether the compiled part beside a package's file has a name that this Python would import."""
    suffixes = importlib.machinery.EXTENSION_SUFFIXES
    return any(package.with_name(f"_xapian{suffix}").is_file() for suffix in suffixes)
