"""Read and write TREC run files: lines of `query Q0 document rank score tag`."""

from pathlib import Path

import polars as pl

from bench.errors import RunFileError
from bench.ranking import Ties, first_appearance, rank_by_score, stretches
from queries.columns import Column, ColumnsError, read_columns, write_columns

_COLUMNS = (
    Column(name="query_id", label="query"),
    Column(name="iteration", label="Q0"),
    Column(name="doc_id", label="document"),
    Column(name="file_rank", label="rank", kind="integer"),
    Column(name="score", label="score", kind="number"),
    Column(name="tag", label="tag"),
)
_LARGEST_EXACT_FLOAT32 = 2**24


def read_run(path: Path, ties: Ties = "rank") -> pl.DataFrame:
    """Return the answers of a TREC run file, gzipped or not: query_id, doc_id and rank (Int64, 1 for the best).

    Queries come in order of first appearance, each one's documents by rank. The score decides the rank, highest first.
    Ties: "rank" goes by the file's rank column, then by line; "trec_eval" rounds scores to float32 as trec_eval does
    and puts the document id that is last in byte order first. The rank column is used for nothing else.

    Raises `RunFileError` for a file that is missing, empty, not UTF-8, has lines of another shape or holds a document
    twice in one answer.
    """
    try:
        frame = read_columns(path, _COLUMNS, key=("query_id", "doc_id"))
    except FileNotFoundError:
        raise RunFileError(f"{path}: no such file; name a TREC run file") from None
    except ColumnsError as error:
        raise RunFileError(str(error)) from error
    return rank_by_score(frame, ties)


def write_run(path: Path, run: pl.DataFrame, tag: str) -> None:
    """Write answers (columns query_id, doc_id and rank) as a TREC run file, gzipped when the name ends in `.gz`.

    Scores are whole numbers that fall by one from rank to rank, so every tool reads the same ranking, even trec_eval
    with its single-precision scores. The file appears whole or not at all. Raises `RunFileError` for ids or a tag with
    whitespace, and for an answer too long for exact scores.
    """
    query = first_appearance(*stretches(run.get_column("query_id")))
    depth = pl.col("rank").max().over("query")
    lines = (
        run.with_columns(query.alias("query"))
        .sort("query", "rank")
        .select(
            "query_id",
            pl.lit("Q0").alias("iteration"),
            "doc_id",
            pl.col("rank").cast(pl.Int64),
            (depth - pl.col("rank") + 1).cast(pl.Int64).alias("score"),
            pl.lit(tag).alias("tag"),
        )
    )
    if not lines.is_empty() and lines.select(pl.col("score").max()).item() > _LARGEST_EXACT_FLOAT32:
        raise RunFileError(f"{path}: an answer has more than {_LARGEST_EXACT_FLOAT32} documents; write fewer")
    try:
        write_columns(path, lines)
    except ColumnsError as error:
        raise RunFileError(str(error)) from error
