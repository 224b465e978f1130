"""Turn scores into ranks."""

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ties = Literal["rank", "trec_eval"]
"""What decides between equal scores: the rank that the file states, or trec_eval's rule."""


def rank_by_score(frame: pl.DataFrame, ties: Ties = "rank") -> pl.DataFrame:
    """Return query_id, doc_id and rank of a frame with query_id, doc_id, score and, for ties="rank", file_rank.

    Queries come in order of first appearance, each one's documents from rank 1 on. No score may be NaN.
    """
    score = pl.col("score").cast(pl.Float32, strict=False) if ties == "trec_eval" else pl.col("score")
    frame = frame.with_columns(score)
    lengths, heads = stretches(frame.get_column("query_id"))
    if heads.n_unique() < len(heads) or not _in_order(frame, lengths, ties):
        tie = ("file_rank", False) if ties == "rank" else ("doc_id", True)
        frame = frame.with_columns(first_appearance(lengths, heads).alias("query")).sort(
            "query", "score", tie[0], descending=[False, True, tie[1]], maintain_order=True
        )
        lengths, _ = stretches(frame.get_column("query_id"))
    return frame.select("query_id", "doc_id", pl.Series("rank", counted(lengths), dtype=pl.Int64))


def counted(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return 1, 2, 3 … anew for each length, none of them 0: lengths 2 and 3 give 1, 2, 1, 2, 3."""
    # Steps of 1, and back to 1 where a length begins; summed in place, as new pages cost more than the sums.
    numbers: NDArray[np.int64] = np.ones(lengths.sum(), dtype=np.int64)
    numbers[np.cumsum(lengths)[:-1]] -= lengths[:-1]
    return np.cumsum(numbers, out=numbers)


def stretches(query_ids: pl.Series) -> tuple[NDArray[np.int64], pl.Series]:
    """Return the lengths of the stretches of rows with one query, and the query of each stretch."""
    runs = query_ids.rle().struct.unnest()
    return runs.get_column("len").cast(pl.Int64).to_numpy(), runs.get_column("value")


def first_appearance(lengths: NDArray[np.int64], heads: pl.Series) -> pl.Series:
    """Return the number of each row's query in order of first appearance, from the stretches of the rows."""
    queries = heads.unique(maintain_order=True).to_frame("id").with_columns(pl.int_range(pl.len()).alias("number"))
    numbers = heads.to_frame("id").join(queries, on="id", how="left", maintain_order="left").get_column("number")
    return pl.Series(np.repeat(numbers.to_numpy(), lengths))


def _in_order(frame: pl.DataFrame, lengths: NDArray[np.int64], ties: Ties) -> bool:
    """Whether every query's rows already stand from the best to the worst."""
    score = frame.get_column("score").to_numpy()
    falls = score[1:] < score[:-1]
    falls[np.cumsum(lengths)[:-1] - 1] = True
    if falls.all():
        return True
    if (score[1:][~falls] > score[:-1][~falls]).any():
        return False
    if ties == "rank":
        rank = frame.get_column("file_rank").to_numpy()
        return bool((falls | (rank[1:] >= rank[:-1])).all())
    doc = frame.get_column("doc_id")
    return bool((falls | (doc < doc.shift(1)).to_numpy()[1:]).all())
