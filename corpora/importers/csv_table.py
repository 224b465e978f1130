"""CSV tables as spreadsheet programs save them: any usual Chinese encoding, any usual delimiter."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path

from corpora.errors import CorpusFormatError
from corpora.files import open_bytes
from corpora.importers.api import MAX_ITEM_BYTES, Item, Options, Skipped
from corpora.importers.rows import FieldMap

_BLOCK = 1 << 16
_NOT_ASCII = bytes(range(128, 256))
_DELIMITERS = ",\t;|，"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),  # U+FEFF in GB18030
)


def read(source: Path, options: Options) -> Iterator[Item]:
    """Yield one document for every row under the header; a damaged row is skipped and the next one read."""
    csv.field_size_limit(MAX_ITEM_BYTES)  # Python's own limit of 131,072 characters is less than a long regulation
    encoding = find_encoding(source)
    with open_bytes(source) as raw, io.TextIOWrapper(raw, encoding, errors="replace", newline="") as text:
        rows = _rows(text, source)
        header = next((row for row in rows if not isinstance(row, Skipped)), None)
        if header is None:
            raise CorpusFormatError(f"{source} holds no rows: its first line must name the columns")
        names = unique([cell.removeprefix("\ufeff").strip() for cell in header[1]])
        fields = FieldMap.of(names, options, str(source))
        for row in rows:
            if isinstance(row, Skipped):
                yield row
                continue
            where, cells = row
            if any("\ufffd" in cell for cell in cells):
                yield Skipped(reason="broken-characters", item=where, detail=f"read as {encoding}")
            elif any(cells[len(names) :]):
                yield Skipped(reason="too-many-cells", item=where, detail=f"{len(cells)} instead of {len(names)}")
            elif any(cells):
                yield fields.document(dict(zip(names, cells, strict=False)), where, options)


def find_encoding(path: Path) -> str:
    """Return the encoding of a text file: by its byte order mark, else UTF-8 when most of it is, else GB18030."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    try:
        with open_bytes(path) as raw:
            chunk = raw.read(_BLOCK)
            for mark, encoding in _MARKS:
                if chunk.startswith(mark):
                    return encoding
            while chunk:
                text = decoder.decode(chunk)
                broken = text.count("\ufffd")
                bad += broken
                good += len(text) - broken - len(chunk.translate(None, _NOT_ASCII))
                chunk = raw.read(_BLOCK)
    except (EOFError, OSError):  # a cut archive: the pass over the rows names it
        pass
    # One bad cell does not make a UTF-8 file GB18030: of real GB18030 text, hardly one character in eight passes as
    # UTF-8, and the others count double.
    return "utf-8" if bad <= good else "gb18030"


def find_delimiter(line: str) -> str:
    r"""Return the delimiter that a header line uses most outside quotes, a comma when it uses none.

    >>> find_delimiter('"题,目"\t正文')
    '\t'
    """
    outside = "".join(line.split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def unique(names: list[str]) -> list[str]:
    """Return column names with `_2` and so on after the first of each, and a number in place of an empty one.

    >>> unique(["题", "题", ""])
    ['题', '题_2', 'column_3']
    """
    made: list[str] = []
    for place, given in enumerate(names, 1):
        base = given or f"column_{place}"
        name, count = base, 1
        while name in made:
            count += 1
            name = f"{base}_{count}"
        made.append(name)
    return made


def _rows(text: io.TextIOWrapper, source: Path) -> Iterator[tuple[str, list[str]] | Skipped]:
    line = 0
    try:
        first = text.readline(MAX_ITEM_BYTES)
        named = first.removeprefix("\ufeff").lower().startswith("sep=")  # Excel's own line that names the delimiter
        delimiter = first.strip()[-1] if named else find_delimiter(first)
        rows = csv.reader(_again("" if named else first, text), delimiter=delimiter)
        while True:
            begins = line = rows.line_num + 1
            where = f"{source.name} line {begins}"
            try:
                yield where, next(rows)
            except StopIteration:
                return
            except csv.Error as problem:
                yield Skipped(reason="broken-record", item=where, detail=str(problem))
    except (EOFError, OSError, UnicodeError) as problem:
        yield Skipped(reason="damaged-file", item=f"{source.name} after line {line}", detail=str(problem))


def _again(first: str, rest: io.TextIOWrapper) -> Iterator[str]:
    if first:
        yield first
    while line := rest.readline(MAX_ITEM_BYTES):
        yield line
