"""Read and write judgments as TREC qrels: lines of `query iteration document grade`."""

from pathlib import Path

import polars as pl

from queries.columns import Column, ColumnsError, read_columns, write_columns
from queries.errors import QuerySetFormatError, QuerySetNotFoundError

_COLUMNS = (
    Column(name="query_id", label="query"),
    Column(name="iteration", label="iteration"),
    Column(name="doc_id", label="document"),
    Column(name="grade", label="grade", kind="integer"),
)


def read_qrels(path: Path) -> pl.DataFrame:
    """Return the judgments of a TREC qrels file, gzipped or not: query_id, doc_id and grade (Int64), in file order.

    Any whitespace separates columns; the iteration is not kept. Raises `QuerySetNotFoundError` for a missing file and
    `QuerySetFormatError` for one that is empty, not UTF-8, has lines of another shape or judges a document twice.
    """
    try:
        frame = read_columns(path, _COLUMNS, key=("query_id", "doc_id"))
    except FileNotFoundError:
        raise QuerySetNotFoundError(f"{path}: no such file; name a TREC qrels file") from None
    except ColumnsError as error:
        raise QuerySetFormatError(str(error)) from error
    return frame.select("query_id", "doc_id", "grade")


def write_qrels(path: Path, judgments: pl.DataFrame) -> None:
    """Write judgments (columns query_id, doc_id and grade) as TREC qrels, gzipped when the name ends in `.gz`.

    The file appears whole or not at all. Raises `QuerySetFormatError` for ids with whitespace, which TREC cannot hold.
    """
    lines = judgments.select("query_id", pl.lit("0").alias("iteration"), "doc_id", pl.col("grade").cast(pl.Int64))
    try:
        write_columns(path, lines)
    except ColumnsError as error:
        raise QuerySetFormatError(str(error)) from error
