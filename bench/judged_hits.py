"""Match answers with judgments and keep what measures need: the judged hits of every query.

Almost every document in a deep answer has no judgment and adds nothing to any measure but through its rank, so the
arrays here grow with the judgments, never with queries × depth.
"""

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.errors import ScoringError
from bench.ranking import counted, stretches
from queries.pairs import all_different, pair_hash

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
    return counted(np.diff(starts, append=len(query))) - 1


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
    judgments = judgments.select(
        "query_id",
        "doc_id",
        pl.col("grade").cast(pl.Int64),
        pl.int_range(pl.len(), dtype=pl.Int64).alias("judgment"),
        pair_hash("query_id", "doc_id").alias("pair"),
    ).join(codes, on="query_id", how="left", maintain_order="left")
    run, lengths, heads = _by_rank(run)
    answered = heads.to_frame("query_id").join(codes, on="query_id", how="left", maintain_order="left")
    judged = answered.get_column("query").is_not_null().to_numpy()
    retrieved = np.zeros(len(query_ids), dtype=np.int64)
    retrieved[_ints(answered.drop_nulls("query"), "query")] = lengths[judged]
    found = _found(run, judgments)
    # Matched rows stand in the order of the run, so by rank within a query.
    order = np.argsort(_ints(found, "query"), kind="stable")
    query, grade = _ints(judgments, "query"), _ints(judgments, "grade")
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
    return query_ids, hits, int((~judged).sum())


def _ints(frame: pl.DataFrame, column: str) -> Ints:
    return frame.get_column(column).cast(pl.Int64).to_numpy()


def _refuse_repeats(judgments: pl.DataFrame) -> None:
    if all_different(judgments, "query_id", "doc_id"):
        return
    repeated = judgments.filter(pl.struct("query_id", "doc_id").is_duplicated())
    if not repeated.is_empty():
        query, doc = repeated.select("query_id", "doc_id").row(0)
        raise ScoringError(f"query '{query}' has more than one judgment of document '{doc}': keep one of them")


def _by_rank(run: pl.DataFrame) -> tuple[pl.DataFrame, Ints, pl.Series]:
    """Return the run with each answer's rows together by rank, and the answers' lengths and queries."""
    # Columns one by one: a select over columns that are chunked differently would copy them all.
    lengths, heads = stretches(run.get_column("query_id"))
    if heads.n_unique() < len(heads) or not (_ints(run, "rank") == counted(lengths)).all():
        # Rows in another order are fine, ranks that do not count from 1 are not.
        run = run.sort("query_id", "rank")
        lengths, heads = stretches(run.get_column("query_id"))
        fits = _ints(run, "rank") == counted(lengths)
        if not fits.all():
            query = run.get_column("query_id")[int(fits.argmin())]
            raise ScoringError(f"ranks of query '{query}' are not 1, 2, 3 … without gaps or repeats: number them anew")
    return run, lengths, heads


def _found(run: pl.DataFrame, judgments: pl.DataFrame) -> pl.DataFrame:
    """Return the judged documents in the run: query, rank and grade."""
    places = run.select("rank", pair_hash("query_id", "doc_id").alias("pair"), pl.int_range(pl.len()).alias("place"))
    found = places.join(judgments, on="pair", how="inner", maintain_order="left")
    for name in ("query_id", "doc_id"):
        found = found.filter(found.get_column(name) == run.get_column(name).gather(found.get_column("place")))
    if found.get_column("judgment").n_unique() < len(found):
        query, doc = found.filter(pl.col("judgment").is_duplicated()).select("query_id", "doc_id").row(0)
        raise ScoringError(f"the answer to query '{query}' holds document '{doc}' twice: keep its best rank")
    return found
