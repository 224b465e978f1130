"""The three headline scores, and one named cause for every miss: 找得到 Found, 找得快 Fast, 找得准 Accurate.

Pure functions over polars frames: `run` has query_id, doc_id, rank; `judgments` has query_id, doc_id, grade, flags;
`outcomes` has query_id, outcome, latency_ms. Arrays hold one value per query, in the order of `query_ids`, and NaN
where a query does not enter: blocked and unsupported queries, which are not the engine's quality.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench.measure_names import Measure
from bench.measures import evaluate

Floats = NDArray[np.float64]

CUTOFF = 10

NOT_QUALITY = ("blocked", "unsupported")
"""Outcomes that say nothing about the engine's ranking."""

Cause = Literal[
    "found",
    "zero_result",
    "failed",
    "timeout",
    "blocked",
    "unsupported",
    "not_indexed",
    "wrong_version_only",
    "ranked_below_10",
    "not_returned",
]
CAUSES: tuple[Cause, ...] = Cause.__args__  # type: ignore[attr-defined]

_OUTCOME_CAUSES: dict[str, Cause] = {
    "empty": "zero_result",
    "failed": "failed",
    "timeout": "timeout",
    "blocked": "blocked",
    "unsupported": "unsupported",
}

WRONG_VERSION_FLAGS = ("wrong_region", "outdated")


def per_query(measure: Measure, judgments: pl.DataFrame, run: pl.DataFrame, query_ids: Sequence[str]) -> Floats:
    """Return a measure's value for each query; 0 where the run has nothing."""
    scores = evaluate(judgments, run, [measure])
    by_query = dict(zip(scores.query_ids, scores.values[0], strict=True))
    return np.array([by_query[query_id] for query_id in query_ids], dtype=np.float64)


def entering(outcomes: pl.DataFrame, query_ids: Sequence[str]) -> NDArray[np.bool_]:
    """Return which queries enter the engine's scores: all but blocked and unsupported ones."""
    out = set(outcomes.filter(pl.col("outcome").is_in(NOT_QUALITY))["query_id"])
    return np.array([query_id not in out for query_id in query_ids])


def answerable(judgments: pl.DataFrame, query_ids: Sequence[str], grade: int) -> NDArray[np.bool_]:
    """Return which queries have at least one document judged `grade` or better."""
    having = set(judgments.filter(pl.col("grade") >= grade)["query_id"])
    return np.array([query_id in having for query_id in query_ids])


def found(judgments: pl.DataFrame, run: pl.DataFrame, query_ids: Sequence[str], relevant: int) -> Floats:
    """Return Success@10 for each answerable query, NaN for the others."""
    values = per_query(Measure(name="Success", rel=relevant, cutoff=CUTOFF), judgments, run, query_ids)
    return np.where(answerable(judgments, query_ids, relevant), values, np.nan)


def first_useful_rank(judgments: pl.DataFrame, run: pl.DataFrame, query_ids: Sequence[str], useful: int) -> Floats:
    """Return the rank of the first useful result for each query, infinity where there is none."""
    reciprocal = per_query(Measure(name="RR", rel=useful), judgments, run, query_ids)
    with np.errstate(divide="ignore"):
        return np.round(1 / reciprocal)


def fast(
    judgments: pl.DataFrame,
    run: pl.DataFrame,
    outcomes: pl.DataFrame,
    query_ids: Sequence[str],
    *,
    useful: int,
    reach_within_s: float,
    read_s: float,
) -> Floats:
    """Return 1 where the first useful result is reached in time, 0 where not, NaN where no useful one is known.

    Time is the latency from the scheduled start, plus `read_s` for every result summary down to the useful one
    (the time-biased gain model of Smucker and Clarke, SIGIR 2012).
    """
    latency = dict(outcomes.select("query_id", "latency_ms").iter_rows())
    waited_s = np.array([latency.get(query_id, np.inf) / 1000 for query_id in query_ids])
    rank = first_useful_rank(judgments, run, query_ids, useful)
    in_time = (waited_s + read_s * rank <= reach_within_s).astype(np.float64)
    return np.where(answerable(judgments, query_ids, useful), in_time, np.nan)


def accurate(judgments: pl.DataFrame, run: pl.DataFrame, query_ids: Sequence[str]) -> Floats:
    """Return nDCG@10 for each judged query (trec_eval's: linear gain, log2 discount)."""
    return per_query(Measure(name="nDCG", cutoff=CUTOFF), judgments, run, query_ids)


def judged_share(judgments: pl.DataFrame, run: pl.DataFrame, query_ids: Sequence[str]) -> Floats:
    """Return for each query the share of the results in its first ten that somebody judged; NaN without results.

    Unlike Judged@10, an empty answer does not count as 0 here, so that this says how well the judgments cover an
    engine's results and nothing else.
    """
    top = run.filter(pl.col("rank") <= CUTOFF)
    known = judgments.select("query_id", "doc_id", pl.lit(1.0).alias("judged"))
    shares = dict(
        top.join(known, on=["query_id", "doc_id"], how="left")
        .group_by("query_id")
        .agg(pl.col("judged").fill_null(0.0).mean())
        .iter_rows()
    )
    return np.array([shares.get(query_id, np.nan) for query_id in query_ids])


def causes(
    judgments: pl.DataFrame,
    run: pl.DataFrame,
    outcomes: pl.DataFrame,
    query_ids: Sequence[str],
    *,
    relevant: int,
    indexed: frozenset[str] | None = None,
) -> dict[str, Cause]:
    """Return for each answerable query `found`, or the one cause that it was not found in the first ten.

    Causes are tried in this order: the outcome itself; none of the relevant documents is among the `indexed` ids
    (None: all are, as on the same-corpus track); only a wrong-region or outdated version in the first ten; a relevant
    document further down; none returned at all. A query without any response counts as failed.
    """
    relevant_pairs = judgments.filter(pl.col("grade") >= relevant).select("query_id", "doc_id")
    best = dict(
        run.join(relevant_pairs, on=["query_id", "doc_id"]).group_by("query_id").agg(pl.col("rank").min()).iter_rows()
    )
    if indexed is not None:
        relevant_pairs = relevant_pairs.filter(pl.col("doc_id").is_in(list(indexed)))
    findable = set(relevant_pairs["query_id"])
    wrong = set(_flagged(judgments, run, WRONG_VERSION_FLAGS)["query_id"])
    outcome = dict(outcomes.select("query_id", "outcome").iter_rows())
    named: dict[str, Cause] = {}
    for query_id, can in zip(query_ids, answerable(judgments, query_ids, relevant), strict=True):
        if not can:
            continue
        if (result := outcome.get(query_id, "failed")) in _OUTCOME_CAUSES:
            named[query_id] = _OUTCOME_CAUSES[result]
        elif best.get(query_id, CUTOFF + 1) <= CUTOFF:
            named[query_id] = "found"
        elif query_id not in findable:
            named[query_id] = "not_indexed"
        elif query_id in wrong:
            named[query_id] = "wrong_version_only"
        else:
            named[query_id] = "ranked_below_10" if query_id in best else "not_returned"
    return named


def flagged_share(judgments: pl.DataFrame, run: pl.DataFrame, query_ids: Sequence[str], flag: str) -> Floats:
    """Return for each query the share of its first ten places that hold a result with the flag."""
    counts = dict(_flagged(judgments, run, (flag,)).group_by("query_id").len().iter_rows())
    return np.array([counts.get(query_id, 0) / CUTOFF for query_id in query_ids])


def duplicate_share(digests: pl.DataFrame, run: pl.DataFrame, query_ids: Sequence[str]) -> Floats:
    """Return for each query the share of its first ten places that repeat the content of a result above.

    `digests` has doc_id and digest; documents with the same digest have the same title and text.
    """
    top = run.filter(pl.col("rank") <= CUTOFF).join(digests, on="doc_id")
    counts = dict(
        top.group_by("query_id").agg(pl.len() - pl.col("digest").n_unique()).iter_rows()  # repeats = results - contents
    )
    return np.array([counts.get(query_id, 0) / CUTOFF for query_id in query_ids])


def _flagged(judgments: pl.DataFrame, run: pl.DataFrame, flags: Sequence[str]) -> pl.DataFrame:
    """Return the first-ten results whose judgment carries one of the flags."""
    carrying = judgments.filter(pl.col("flags").list.eval(pl.element().is_in(list(flags))).list.any())
    return run.filter(pl.col("rank") <= CUTOFF).join(carrying.select("query_id", "doc_id"), on=["query_id", "doc_id"])
