"""Write Excel workbooks in which text stays text, whatever sign it begins with and whatever it holds."""

import io
from collections.abc import Callable, Iterable, Sequence

import xlsxwriter

Cell = str | float | int | None
Sheet = tuple[str, list[str], Iterable[Sequence[Cell]]]
"""Name, header and rows."""

MOST = 200_000
"""Rows of a sheet; Excel itself stops at 1,048,576."""
_LONGEST = 32_000
"""Characters that a cell holds; Excel refuses more than 32,767."""
_NARROWEST = 10
_MEASURED = 1000
"""Rows that the width of a column is taken from."""
_BROKEN = str.maketrans("", "", "".join(chr(code) for code in range(32) if code not in (9, 10, 13)))
"""Control characters, which make a workbook unreadable."""


def workbook(sheets: Iterable[Sheet], *, widest: int, cut: Callable[[int, int], str] | None = None) -> bytes:
    """Return an XLSX workbook with a filter on every sheet; `widest` is the widest column in characters.

    With `cut`, rows after the first `MOST` are left out; given how many are shown and how many left, it says so.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for name, header, rows in sheets:
            sheet = book.add_worksheet(name)
            sheet.freeze_panes(1, 1)
            kept = [list(row) for row in rows]
            if cut is not None and len(kept) > MOST:
                kept[MOST:] = [[cut(MOST, len(kept) - MOST)]]
            for column, title in enumerate(header):
                sheet.write_string(0, column, title, bold)
                sheet.set_column(column, column, _width(kept, column, widest))
            for place, row in enumerate(kept, 1):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(place, column, cell.translate(_BROKEN)[:_LONGEST])
                    elif cell is not None:
                        sheet.write_number(place, column, cell)
            if kept:
                sheet.autofilter(0, 0, len(kept), len(header) - 1)
    return content.getvalue()


def _width(rows: Sequence[Sequence[Cell]], column: int, widest: int) -> int:
    texts = (str(row[column]) for row in rows[:_MEASURED] if column < len(row) and row[column] is not None)
    return min(max(max(map(len, texts), default=0) + 2, _NARROWEST), widest)
