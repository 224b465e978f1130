"""JSON lines: documents of tongcha, or any flat or nested objects with a field map."""

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
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            yield Skipped(reason="broken-record", item=where, detail=str(problem))
            continue
        if document.id and (document.title or document.body):
            yield document if document.site else msgspec.structs.replace(document, site=options.site)
            continue
        values = {name: value for name, value in msgspec.structs.asdict(document).items() if value and name != "extra"}
        yield finished(values, document.extra, where, options)


def read_mapped(source: Path, options: Options) -> Iterator[Item]:
    """Yield one document for every object; nested names are joined by dots, so `metadata.date` names a column."""
    decoder = msgspec.json.Decoder()
    fields: FieldMap | None = None
    for line in read_lines(source):
        if isinstance(line, Skipped):
            yield line
            continue
        where, content = line
        try:
            record = decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            yield Skipped(reason="broken-record", item=where, detail=str(problem))
            continue
        if not isinstance(record, dict):
            yield Skipped(reason="broken-record", item=where, detail="not a JSON object")
            continue
        cells = dict(flat(record))
        if fields is None:  # the first object stands for the header; keys that come later go into extra
            fields = FieldMap.of(list(dict.fromkeys([*cells, *_later(options, cells, source)])), options, str(source))
        yield fields.document(cells, where, options)


def _later(options: Options, cells: dict[str, str], source: Path) -> list[str]:
    """Return the mapped columns that only a later object has; the first thousand objects are looked at."""
    wanted = [column for column in options.fields if column not in cells]
    if not wanted:
        return []
    met: set[str] = set()
    for number, line in enumerate(read_lines(source)):
        if number == 1000 or met.issuperset(wanted):
            break
        if not isinstance(line, Skipped):
            try:
                record = msgspec.json.decode(line[1])
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            met.update(name for name, _ in flat(record)) if isinstance(record, dict) else None
    return sorted(met)


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
