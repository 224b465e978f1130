"""Read and write text files of whitespace-separated columns, the shape of TREC files.

polars reads a file whose separators are all one space or all one tab; other files (several spaces, blank lines) are
first respaced. Only a file that still cannot be read goes through a slow reader, which knows line numbers.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec
import polars as pl

from corpora.files import UnreadableFileError, read_whole, write_whole
from queries.pairs import all_different

_FAULTS_SHOWN = 3


class ColumnsError(Exception):
    """A file cannot be read or written; the text is one line and callers raise it on as their own error."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a file: the name in the frame, what its values are, and the word that messages use for it."""

    name: str
    label: str
    kind: Literal["text", "integer", "number"] = "text"


_TYPES: dict[str, type[pl.DataType]] = {"text": pl.String, "integer": pl.Int64, "number": pl.Float64}
_WANTED = {"integer": "a whole number", "number": "a number"}


def read_columns(path: Path, columns: Sequence[Column], *, key: tuple[str, str]) -> pl.DataFrame:
    """Return the columns of a text file, gzipped or not; no two rows may share the pair of columns in `key`.

    Blank lines are skipped. Raises `FileNotFoundError` when there is no such file, and `ColumnsError` naming the file,
    the first faulty lines and the remedy when it cannot be used.
    """
    try:
        data = read_whole(path)
    except UnreadableFileError as error:
        raise ColumnsError(str(error)) from error
    if not data.strip():
        raise ColumnsError(f"{path}: the file is empty; expected lines of: {_layout(columns)}")
    frame = _read_fast(data, columns)
    if frame is None:
        frame = _read_fast(_evenly_spaced(data), columns)
    if frame is not None and all_different(frame, *key):
        return frame
    return _read_carefully(path, data, columns, key)


def write_columns(path: Path, frame: pl.DataFrame) -> None:
    """Write a frame without header, one space between columns; gzipped when the name ends in `.gz`.

    The file appears whole or not at all. Raises `ColumnsError` when a text is empty or holds whitespace, because every
    reader would split it.
    """
    for name, dtype in frame.schema.items():
        if dtype == pl.String:
            texts = frame.get_column(name)
            bad = texts.filter(texts.is_null() | (texts == "") | texts.str.contains(r"[\s\x1c-\x1f]"))
            if len(bad):
                raise ColumnsError(
                    f"{path}: {name} {bad[0]!r} cannot be written: the format splits at whitespace; rename it"
                )
    try:
        with write_whole(path) as file:
            frame.write_csv(file, include_header=False, separator=" ", quote_style="never")
    except OSError as error:
        raise ColumnsError(f"{path}: cannot be written: {error.strerror or error}") from error


def _read_fast(data: bytes, columns: Sequence[Column]) -> pl.DataFrame | None:
    """Return the frame of a file with one separator throughout; None when polars finds anything amiss."""
    separator, other = (b"\t", b" ") if b"\t" in data[:4096] else (b" ", b"\t")
    if any(space in data for space in (other, b"\x0b", b"\x0c")):
        return None
    schema = {column.name: _TYPES[column.kind] for column in columns}
    try:
        frame = pl.read_csv(data, has_header=False, separator=separator.decode(), quote_char=None, schema=schema)
    except pl.exceptions.PolarsError:
        return None
    numbers = [pl.col(column.name).is_nan().any() for column in columns if column.kind == "number"]
    if any(frame.null_count().row(0)) or (numbers and any(frame.select(numbers).row(0))):
        return None
    return frame


def _evenly_spaced(data: bytes) -> bytes:
    """Return the same lines with one space between columns and no blank lines; splits where C's isspace does."""
    lines = (b" ".join(line.split()) for line in data.split(b"\n"))
    return b"\n".join(line for line in lines if line)


def _read_carefully(path: Path, data: bytes, columns: Sequence[Column], key: tuple[str, str]) -> pl.DataFrame:
    places = tuple(next(i for i, column in enumerate(columns) if column.name == name) for name in key)
    labels = tuple(columns[place].label for place in places)
    rows: list[list[Any]] = []
    seen: dict[tuple[str, str], int] = {}
    faults: list[str] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        fields = line.split()
        if not fields:
            continue
        try:
            row = _row(fields, columns)
        except ValueError as error:
            faults.append(f"line {number}: {error}")
            continue
        pair = (row[places[0]], row[places[1]])
        if pair in seen:
            what = f"{labels[0]} '{pair[0]}' has {labels[1]} '{pair[1]}' already on line {seen[pair]}"
            faults.append(f"line {number}: {what}; keep one of them")
        seen.setdefault(pair, number)
        rows.append(row)
    if faults:
        more = f"; and {len(faults) - _FAULTS_SHOWN} more faulty lines" if len(faults) > _FAULTS_SHOWN else ""
        raise ColumnsError(f"{path}: {'; '.join(faults[:_FAULTS_SHOWN])}{more}")
    schema = {column.name: _TYPES[column.kind] for column in columns}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _row(fields: list[bytes], columns: Sequence[Column]) -> list[Any]:
    if len(fields) != len(columns):
        raise ValueError(f"{len(fields)} columns instead of {len(columns)}; write: {_layout(columns)}")
    try:
        texts = [field.decode() for field in fields]
    except UnicodeDecodeError:
        raise ValueError("not UTF-8; save the file as UTF-8") from None
    return [_value(text, column) for text, column in zip(texts, columns, strict=True)]


def _value(text: str, column: Column) -> str | int | float:
    if column.kind == "text":
        return text
    value: int | float | None
    try:
        value = int(text) if column.kind == "integer" else float(text)
    except ValueError:
        value = None
    # Python reads 1_000 and ١; other tools do not. A whole number beyond 64 bits fits no column.
    fits = value is not None and text.isascii() and "_" not in text and not math.isnan(value)
    if value is None or not fits or (isinstance(value, int) and abs(value) >= 2**63):
        raise ValueError(f"{column.label} '{text}' is not {_WANTED[column.kind]}; correct it")
    return value


def _layout(columns: Sequence[Column]) -> str:
    return " ".join(column.label for column in columns)
