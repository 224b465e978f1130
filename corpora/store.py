"""Corpora on disk: open one in whatever format it has, check it, write one."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from corpora.cache import cache_root, package_fingerprint
from corpora.card import Card, read_card, write_card
from corpora.errors import CorpusFormatError, CorpusNotFoundError
from corpora.files import ContentHash, existing, read_jsonl, write_jsonl
from corpora.importers import beir
from corpora.model import Document

FILE = "documents.jsonl"
DEMO = "demo"
FORMATS = ("tongcha", "beir")


class CorpusFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass over a corpus tells: which documents it holds, and the hash of its content."""

    sites: dict[str, str]
    """Document id → site, in corpus order."""
    content_hash: str

    @property
    def documents(self) -> int:
        """Number of documents."""
        return len(self.sites)


class Corpus:
    """An opened corpus: documents are read anew at every pass and never held in memory together."""

    def __init__(self, folder: Path, card: Card, path: Path, read: Callable[[Path], Iterator[tuple[int, Document]]]):
        self.folder = folder
        self.card = card
        self._path = path
        self._read = read

    def __iter__(self) -> Iterator[Document]:
        """Yield the documents in file order. Raises `CorpusFormatError` on a line that cannot be used."""
        return (document for _, document in self._read(self._path))

    def scan(self, on_document: Callable[[int], None] = lambda _: None) -> CorpusFacts:
        """Check the whole corpus in one pass; `on_document` is told how many were read.

        Raises `CorpusFormatError` when it is empty, an id is empty or used twice, or a line cannot be used.
        """
        sites: dict[str, str] = {}
        content = ContentHash()
        for number, document in self._read(self._path):
            where = f"{self._path} line {number}"
            if not document.id:
                raise CorpusFormatError(f"{where}: the document id is empty: give every document an id of its own")
            if document.id in sites:
                first = next(line for line, other in self._read(self._path) if other.id == document.id)
                raise CorpusFormatError(
                    f"{where}: document id {document.id!r} is already used on line {first}: "
                    "ids must be unique, remove or rename one"
                )
            sites[document.id] = sys.intern(document.site)
            content.add(document)
            on_document(len(sites))
        if not sites:
            raise CorpusFormatError(f"{self._path}: the corpus is empty: it must hold at least one document")
        return CorpusFacts(sites=sites, content_hash=content.hexdigest())


def open_corpus(name_or_folder: str | Path) -> Corpus:
    """Open a corpus folder (tongcha or BEIR format), or the bundled one by the name `demo`.

    Raises `CorpusNotFoundError` when there is no such folder and `CorpusFormatError` when it holds no corpus.
    """
    folder = _demo_folder() if name_or_folder == DEMO else Path(name_or_folder)
    if not folder.is_dir():
        raise CorpusNotFoundError(f"no corpus folder {str(folder)!r}: give a folder, or 'demo' for the bundled corpus")
    card = read_card(folder, CorpusFormatError)
    if path := existing(folder / FILE):
        return Corpus(folder, card, path, lambda path: read_jsonl(path, Document, CorpusFormatError))
    if path := beir.find(folder):
        return Corpus(folder, card, path, beir.read)
    raise CorpusNotFoundError(f"{folder} holds no corpus: it needs {FILE} (tongcha) or {beir.FILE} (BEIR)")


def write_corpus(folder: Path, documents: Iterable[Document], card: Card, *, layout: str = "tongcha") -> None:
    """Write a corpus folder in the `tongcha` or `beir` format; files there are replaced whole."""
    if layout == "beir":
        beir.write(folder, documents)
    else:
        write_jsonl(folder / FILE, documents)
    write_card(folder, card)


def build_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return `folder`, having `build` fill it first if it does not exist; safe against kills and parallel builders."""
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            build(temporary)
            os.rename(temporary, folder)  # noqa: PTH104 - Path.rename would say the same
        except OSError:
            if not folder.is_dir():  # otherwise another process was first, with the same content
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _demo_folder() -> Path:
    from corpora.demo import compose  # the authored texts are large; read them only when asked for

    card = compose.card()
    return build_once(
        cache_root() / "corpora" / f"demo-{card.version}-{package_fingerprint('corpora.demo')}",
        lambda folder: write_corpus(folder, compose.compose(), card),
    )
