"""Excel workbooks: every sheet whose first row names a title or body column, read row by row."""

import datetime
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corpora.errors import CorpusFormatError
from corpora.importers.api import Item, Options, Skipped
from corpora.importers.csv_table import unique
from corpora.importers.rows import FieldMap

_MAX_UNPACKED = 512 << 20
_MAX_STRINGS = 64 << 20
"""openpyxl holds the table of shared strings in memory, 54 MB of it as 210 MB; the rest is streamed."""


def read(source: Path, options: Options) -> Iterator[Item]:
    """Yield one document for every row under each sheet's header; cells with formulas give their stored value.

    Raises `CorpusFormatError` when the workbook cannot be opened, is too large, or no sheet has a known column.
    """
    from openpyxl import load_workbook  # half a second; only this format needs it

    _check_size(source)
    with source.open("rb") as stream:  # openpyxl leaves a file open when it fails on it
        try:
            workbook = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        except Exception as problem:  # openpyxl lets a dozen kinds through, from KeyError to its XML parser's own
            told = " ".join(str(problem).split()) or type(problem).__name__
            raise CorpusFormatError(
                f"{source}: not a readable XLSX workbook ({told}): save it again as .xlsx"
            ) from None
        yield from _sheets(workbook, source, options)


def _sheets(workbook: Any, source: Path, options: Options) -> Iterator[Item]:
    used = 0
    refusal: CorpusFormatError | None = None
    for sheet in workbook.worksheets:
        sheet.reset_dimensions()  # files state sizes that are wrong; openpyxl would believe them
        rows = _rows(sheet, f"{source.name} sheet {sheet.title}")
        header = next(rows, None)
        if header is None:
            continue
        if isinstance(header, Skipped):
            yield header
            continue
        names = unique(_trimmed(header[1]))
        try:
            fields = FieldMap.of(names, options, f"{source} sheet {sheet.title!r}")
        except CorpusFormatError as problem:
            refusal = refusal or problem
            continue
        used += 1
        for row in rows:
            if isinstance(row, Skipped):
                yield row
            elif any(row[1][len(names) :]):
                yield Skipped(reason="too-many-cells", item=row[0])
            elif any(row[1]):
                yield fields.document(dict(zip(names, row[1], strict=False)), row[0], options)
    if not used and refusal:
        raise refusal


def _check_size(source: Path) -> None:
    try:
        with zipfile.ZipFile(source) as packed:
            sizes = {item.filename: item.file_size for item in packed.infolist()}
    except (zipfile.BadZipFile, OSError, NotImplementedError) as problem:
        raise CorpusFormatError(f"{source}: not a readable XLSX workbook ({problem}): save it again as .xlsx") from None
    if sum(sizes.values()) > _MAX_UNPACKED or sizes.get("xl/sharedStrings.xml", 0) > _MAX_STRINGS:
        raise CorpusFormatError(f"{source}: the workbook unpacks to more than can be held: save its sheets as CSV")


def _rows(sheet: Any, name: str) -> Iterator[tuple[str, list[str]] | Skipped]:
    number = 0
    try:
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            yield f"{name} row {number}", [_text(cell) for cell in row]
    except Exception as problem:  # broken XML, a cut archive, a reference to a string that is not there
        yield Skipped(reason="damaged-file", item=f"{name} after row {number}", detail=f"{problem}")


def _trimmed(cells: list[str]) -> list[str]:
    last = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    return [cell.strip() for cell in cells[:last]]


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "true" if cell else "false"
        case datetime.datetime() | datetime.date() | datetime.time():
            return cell.isoformat()
        case float() if cell.is_integer():
            return str(int(cell))
    return str(cell)
