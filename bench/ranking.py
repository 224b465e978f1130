"""Turn scores into ranks."""

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

Ties = Literal["rank", "trec_eval"]
"""What decides between equal scores: the rank that the file states, or trec_eval's rule."""


def rank_by_score(frame: pl.DataFrame, ties: Ties = "rank") -> pl.DataFrame:
    """Return query_id, doc_id and rank of a frame with query_id, doc_id, score and, for ties="rank", file_rank."""
    score = pl.col("score").cast(pl.Float32, strict=False) if ties == "trec_eval" else pl.col("score")
    frame = frame.with_columns(score)
    query, contiguous = query_codes(frame.get_column("query_id"))
    if not contiguous or not _in_order(frame, query, ties):
        tie = ("file_rank", False) if ties == "rank" else ("doc_id", True)
        frame = frame.with_columns(pl.Series("query", query)).sort(
            "query", "score", tie[0], descending=[False, True, tie[1]], maintain_order=True
        )
        query = np.sort(query, kind="stable")
    starts = np.flatnonzero(np.diff(query, prepend=-1))
    rank = np.arange(1, len(query) + 1) - np.repeat(starts, np.diff(starts, append=len(query)))
    return frame.select("query_id", "doc_id", pl.Series("rank", rank, dtype=pl.Int64))


def query_codes(query_ids: pl.Series) -> tuple[NDArray[np.int64], bool]:
    """Return the number of each row's query, counted by first appearance, and whether every query's rows adjoin."""
    starts = (query_ids != query_ids.shift(1)).fill_null(True)
    blocks = starts.to_numpy().cumsum() - 1
    heads = query_ids.filter(starts)
    codes = heads.unique(maintain_order=True)
    if len(codes) == len(heads):
        return blocks, True
    numbered = codes.to_frame("id").with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("code"))
    return heads.to_frame("id").join(numbered, on="id", how="left").get_column("code").to_numpy()[blocks], False


def _in_order(frame: pl.DataFrame, query: NDArray[np.int64], ties: Ties) -> bool:
    """Whether every query's rows already stand from the best to the worst."""
    same_query = query[1:] == query[:-1]
    score = frame.get_column("score").to_numpy()
    if (same_query & (score[1:] > score[:-1])).any():
        return False
    tied = same_query & (score[1:] == score[:-1])
    if not tied.any():
        return True
    if ties == "rank":
        rank = frame.get_column("file_rank").to_numpy()
        return not (tied & (rank[1:] < rank[:-1])).any()
    doc = frame.get_column("doc_id")
    return not (tied & (doc > doc.shift(1)).to_numpy()[1:]).any()
