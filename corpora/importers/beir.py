"""BEIR corpora: `corpus.jsonl` with `_id`, `title`, `text` and `metadata`.

The format is that of the BEIR benchmark (Thakur et al., NeurIPS Datasets and Benchmarks 2021). `metadata` keys that
are fields of `Document` become those fields; the others are kept in `extra`, values that are not strings as JSON.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from corpora.errors import CorpusFormatError
from corpora.files import existing, read_jsonl, write_jsonl
from corpora.importers.api import Item, Options, Skipped
from corpora.importers.lines import read_lines
from corpora.model import Document

FILE = "corpus.jsonl"

_FIELDS = frozenset(msgspec.structs.asdict(Document(id=""))) - {"id", "title", "body", "extra"}


class _Record(msgspec.Struct, omit_defaults=True):
    id: str | int = msgspec.field(name="_id")
    title: str | None = ""
    text: str | None = ""
    metadata: dict[str, Any] | None = {}


def find(folder: Path) -> Path | None:
    """Return the folder's BEIR corpus file, or None when it has none."""
    return existing(folder / FILE)


def read(path: Path) -> Iterator[tuple[int, Document]]:
    """Yield line number and document. Raises `CorpusFormatError` on the first line that cannot be used."""
    for number, record in read_jsonl(path, _Record, CorpusFormatError):
        yield number, _document(record)


def read_damaged(source: Path, options: Options) -> Iterator[Item]:
    """Yield the documents of a `corpus.jsonl`, or of the folder that holds one; lines that cannot be used are skipped.

    Raises `CorpusFormatError` when the folder holds none.
    """
    path = find(source) if source.is_dir() else source
    if path is None:
        raise CorpusFormatError(f"{source} holds no {FILE}: give the file itself, or another --format")
    decoder = msgspec.json.Decoder(_Record)
    for line in read_lines(path):
        if isinstance(line, Skipped):
            yield line
            continue
        where, content = line
        try:
            document = _document(decoder.decode(content))
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            yield Skipped(reason="broken-record", item=where, detail=str(problem))
            continue
        if not document.title and not document.body:
            yield Skipped(reason="empty", item=where)
        elif document.site or not options.site:
            yield document
        else:
            yield msgspec.structs.replace(document, site=options.site)


def write(folder: Path, documents: Iterable[Document]) -> None:
    """Write `corpus.jsonl` into the folder, whole or not at all."""
    write_jsonl(folder / FILE, map(_record, documents))


def _document(record: _Record) -> Document:
    fields: dict[str, str] = {}
    extra: dict[str, str] = {}
    for key, value in (record.metadata or {}).items():
        if value is not None:
            (fields if key in _FIELDS else extra)[key] = value if type(value) is str else _text(value)
    return Document(id=str(record.id), title=record.title or "", body=record.text or "", extra=extra, **fields)


def _record(document: Document) -> _Record:
    fields = {name: value for name in sorted(_FIELDS) if (value := getattr(document, name))}
    return _Record(id=document.id, title=document.title, text=document.body, metadata=document.extra | fields)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
