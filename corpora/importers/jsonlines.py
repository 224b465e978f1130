"""JSON lines: documents of tongcha, or any flat or nested objects with a field map."""

import contextlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from corpora.errors import CorpusFormatError
from corpora.files import existing
from corpora.importers.api import Item, Options, Skipped
from corpora.importers.lines import read_lines
from corpora.importers.rows import FieldMap, finished
from corpora.model import Document

_FILE = "documents.jsonl"
_LOOKED_AT = 1000
_BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def read_tongcha(source: Path, options: Options) -> Iterator[Item]:
    """Yield the documents of a `documents.jsonl`, or of the folder that holds one, with their ids as they are."""
    decoder = msgspec.json.Decoder(Document)
    for line in read_lines(_file(source)):
        if isinstance(line, Skipped):
            yield line
            continue
        where, content = line
        try:
            document = decoder.decode(content)
        except _BROKEN as problem:
            yield Skipped(reason="broken-record", item=where, detail=str(problem))
            continue
        if document.id and (document.title or document.body):
            yield document if document.site else msgspec.structs.replace(document, site=options.site)
            continue
        values = {name: value for name, value in msgspec.structs.asdict(document).items() if value and name != "extra"}
        yield finished(values, document.extra, where, options)


def read_mapped(source: Path, options: Options) -> Iterator[Item]:
    """Yield one document for every object; nested names are joined by dots, so `metadata.date` names a column."""
    fields = FieldMap.of(_names(source), options, str(source))
    for line in read_lines(source):
        if isinstance(line, Skipped):
            yield line
            continue
        where, content = line
        try:
            yield fields.document(_cells(content), where, options)
        except _BROKEN as problem:
            yield Skipped(reason="broken-record", item=where, detail=str(problem))


def _names(source: Path) -> list[str]:
    """Return the names in the first objects, which stand for a header; names that come later go into `extra`."""
    names: dict[str, None] = {}
    for line in itertools.islice(read_lines(source), _LOOKED_AT):
        if not isinstance(line, Skipped):
            with contextlib.suppress(*_BROKEN):
                names.update(dict.fromkeys(_cells(line[1])))
    if not names:
        raise CorpusFormatError(f"{source}: none of the first lines holds a JSON object: give JSON lines")
    return list(names)


def _cells(line: bytes) -> dict[str, str]:
    return dict(flat(msgspec.json.decode(line, type=dict[str, Any])))


def flat(record: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield dotted name and text of every value; lists stay JSON.

    >>> dict(flat({"a": {"b": 1}, "c": ["甲"], "d": None}))
    {'a.b': '1', 'c': '["甲"]'}
    """
    for name, value in record.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{name}.")
        elif value is not None:
            yield prefix + name, value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _file(source: Path) -> Path:
    if not source.is_dir():
        return source
    if found := existing(source / _FILE):
        return found
    raise CorpusFormatError(f"{source} holds no {_FILE}: give the file itself, or another --format")
