"""Score a run against judgments: every measure for every judged query."""

from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.formulas import compute
from bench.judged_hits import match
from bench.measure_names import Measure


class Scores(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The values of some measures for every query with judgments."""

    query_ids: tuple[str, ...]
    """Queries with judgments, in order of first appearance."""
    measures: tuple[Measure, ...]
    values: NDArray[np.float64]
    """Shape (measures, queries)."""
    unjudged_queries: int
    """How many queries of the run were left out because they have no judgments."""

    def mean(self) -> dict[Measure, float]:
        """Return the mean of each measure over all judged queries."""
        return dict(zip(self.measures, self.values.mean(axis=1).tolist(), strict=True))

    def by_query(self) -> dict[str, dict[str, float]]:
        """Return query → measure (its canonical name) → value."""
        names = [str(measure) for measure in self.measures]
        columns = self.values.T.tolist()
        return {
            query: dict(zip(names, column, strict=True)) for query, column in zip(self.query_ids, columns, strict=True)
        }

    def to_frame(self) -> pl.DataFrame:
        """Return the values as columns query, measure (its canonical name) and value, measure by measure."""
        names = pl.Series([str(measure) for measure in self.measures], dtype=pl.String)
        count = len(self.query_ids)
        return pl.DataFrame(
            {
                "query": pl.Series(self.query_ids * len(self.measures), dtype=pl.String),
                "measure": names.gather(np.repeat(np.arange(len(names)), count)),
                "value": pl.Series(self.values.ravel(), dtype=pl.Float64),
            }
        )


def evaluate(judgments: pl.DataFrame, run: pl.DataFrame, measures: Sequence[Measure]) -> Scores:
    """Return the value of each measure for each judged query.

    `judgments` has columns query_id, doc_id and grade, `run` has query_id, doc_id and rank, 1 for the best; the order
    of rows does not matter. A judged query without an answer scores 0 (trec_eval's `-c`); a document without a
    judgment is not relevant. Memory grows with the two tables, not with queries × depth.

    Raises `ScoringError` when the tables cannot be scored (no judgments, a document twice in one answer or judged
    twice, ranks that are not 1, 2, 3 …) and `MeasureError` when a grade is too high for a measure.
    """
    query_ids, hits, unjudged_queries = match(judgments, run)
    judged_only = hits.judged_only() if any(measure.judged_only for measure in measures) else hits
    values = np.zeros((len(measures), hits.queries))
    for row, measure in zip(values, measures, strict=True):
        row[:] = compute(measure, judged_only if measure.judged_only else hits)
    return Scores(
        query_ids=tuple(query_ids.to_list()),
        measures=tuple(measures),
        values=values,
        unjudged_queries=unjudged_queries,
    )
