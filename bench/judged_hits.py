"""Match answers with judgments and keep what measures need: the judged hits of every query.

Almost every document in a deep answer has no judgment and adds nothing to any measure but through its rank, so the
arrays here grow with the judgments, never with queries × depth.
"""

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.errors import ScoringError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class JudgedHits(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Judged documents found by a run, and the judgments themselves; queries are numbers 0 … `queries` - 1.

    `query`, `rank` and `grade` are parallel arrays of the found documents in order of query, then rank.
    `ideal_query` and `ideal_grade` are parallel arrays of all judgments in order of query, then falling grade.
    """

    queries: int
    query: Ints
    rank: Ints
    grade: Ints
    ideal_query: Ints
    ideal_grade: Ints
    retrieved: Ints
    """Length of each query's answer."""

    def judged_only(self) -> "JudgedHits":
        """Return the hits as if documents without a judgment, or with a negative one, had not been answered."""
        keep = self.grade >= 0
        query = self.query[keep]
        return msgspec.structs.replace(
            self, query=query, rank=position_within(query) + 1, grade=self.grade[keep], retrieved=self.count(query)
        )

    def count(self, query: Ints) -> Ints:
        """Return how often each query occurs in `query`, shape (queries,)."""
        return np.bincount(query, minlength=self.queries)

    def total(self, query: Ints, weights: Floats) -> Floats:
        """Return the sum of the weights of each query, shape (queries,)."""
        return np.bincount(query, weights, self.queries).astype(np.float64, copy=False)

    def judged_with(self, lowest: int) -> Ints:
        """Return how many judgments of each query have a grade of at least `lowest`, shape (queries,)."""
        return self.count(self.ideal_query[self.ideal_grade >= lowest])


def position_within(query: Ints) -> Ints:
    """Return the 0-based place of each entry among its query's entries; `query` must be sorted."""
    starts = np.flatnonzero(np.diff(query, prepend=-1))
    lengths = np.diff(starts, append=len(query))
    return np.arange(len(query)) - np.repeat(starts, lengths)


def match(judgments: pl.DataFrame, run: pl.DataFrame) -> tuple[pl.Series, JudgedHits, int]:
    """Return the ids of the judged queries in order of appearance, their judged hits, and the number of other queries.

    `judgments` has columns query_id, doc_id and grade; `run` has query_id, doc_id and rank. Raises `ScoringError` when
    there are no judgments, a pair of query and document comes twice, or the ranks of an answer are not 1, 2, 3 ….
    """
    if judgments.is_empty():
        raise ScoringError("there are no judgments: nothing can be scored without them")
    _refuse_repeats(judgments)
    query_ids = judgments.get_column("query_id").unique(maintain_order=True)
    codes = query_ids.to_frame().with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias("query"))
    pairs = judgments.join(codes, on="query_id", how="left").select(
        "query", "doc_id", pl.col("grade").cast(pl.Int64), pl.int_range(pl.len(), dtype=pl.Int64).alias("judgment")
    )
    answers = run.select("query_id", "doc_id", pl.col("rank").cast(pl.Int64)).join(codes, on="query_id", how="left")
    unjudged = answers.filter(pl.col("query").is_null()).get_column("query_id").n_unique()
    if unjudged:
        answers = answers.filter(pl.col("query").is_not_null())
    retrieved = np.bincount(_ints(answers, "query"), minlength=len(query_ids))
    _check_ranks(answers, retrieved, query_ids)
    found = answers.join(pairs, on=["query", "doc_id"], how="inner")
    _refuse_repeated_hits(found, query_ids)
    order = np.lexsort((_ints(found, "rank"), _ints(found, "query")))
    query, grade = _ints(pairs, "query"), _ints(pairs, "grade")
    ideal = np.lexsort((-grade, query))
    hits = JudgedHits(
        queries=len(query_ids),
        query=_ints(found, "query")[order],
        rank=_ints(found, "rank")[order],
        grade=_ints(found, "grade")[order],
        ideal_query=query[ideal],
        ideal_grade=grade[ideal],
        retrieved=retrieved,
    )
    return query_ids, hits, unjudged


def _ints(frame: pl.DataFrame, column: str) -> Ints:
    return frame.get_column(column).to_numpy()


def _refuse_repeats(judgments: pl.DataFrame) -> None:
    # Hashes of 64 bits are ten times cheaper to compare than pairs of strings; only a suspicion is looked at closely.
    pair = pl.col("query_id").hash(1) * 31 + pl.col("doc_id").hash(2)
    if judgments.select(pair.n_unique()).item() == len(judgments):
        return
    repeated = judgments.filter(pl.struct("query_id", "doc_id").is_duplicated())
    if not repeated.is_empty():
        query, doc = repeated.select("query_id", "doc_id").row(0)
        raise ScoringError(f"query '{query}' has more than one judgment of document '{doc}': keep one of them")


def _check_ranks(answers: pl.DataFrame, retrieved: Ints, query_ids: pl.Series) -> None:
    query, rank = _ints(answers, "query"), _ints(answers, "rank")
    if not len(rank):
        return
    fits = (rank >= 1) & (rank <= retrieved[query])
    if fits.all():
        # Each rank fits its query's answer, so query and rank name one slot; no slot may be taken twice.
        slots = (np.cumsum(retrieved) - retrieved)[query] + rank - 1
        fits = (np.bincount(slots, minlength=len(rank)) == 1)[slots]
    if not fits.all():
        bad = query_ids[int(query[np.argmin(fits)])]
        raise ScoringError(f"the ranks of query '{bad}' are not 1, 2, 3 … without gaps or repeats: number them anew")


def _refuse_repeated_hits(found: pl.DataFrame, query_ids: pl.Series) -> None:
    times = np.bincount(_ints(found, "judgment"), minlength=1)
    if times.max() > 1:
        query, doc = found.filter(pl.col("judgment") == int(times.argmax())).select("query", "doc_id").row(0)
        raise ScoringError(f"the answer to query '{query_ids[query]}' holds document '{doc}' twice: keep its best rank")
