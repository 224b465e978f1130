"""The headlines: hand-worked on five queries, and a named cause for every miss."""

import numpy as np
import polars as pl
import pytest

from bench import indices
from bench.scoring import judgments_frame
from queries.model import Judgment

IDS = ["found", "late", "never", "wrong", "empty", "down", "walled"]

JUDGMENTS = judgments_frame(
    [
        *(Judgment(query_id=query_id, doc_id="yes", grade=3) for query_id in IDS),
        Judgment(query_id="wrong", doc_id="other-city", grade=0, flags=("wrong_region",)),
        Judgment(query_id="wrong", doc_id="repealed", grade=0, flags=("outdated",)),
        Judgment(query_id="found", doc_id="related", grade=1),
    ]
)

FILL = [f"x{number}" for number in range(10)]
ANSWERS = {
    "found": ["related", "yes"],
    "late": [*FILL, "yes"],
    "never": ["x1"],
    "wrong": ["other-city", "x1", "repealed"],
    "empty": [],
    "down": [],
    "walled": [],
}
RUN = pl.DataFrame(
    [(query_id, doc_id, rank) for query_id, ids in ANSWERS.items() for rank, doc_id in enumerate(ids, 1)],
    schema={"query_id": pl.String, "doc_id": pl.String, "rank": pl.Int64},
    orient="row",
)
OUTCOMES = pl.DataFrame(
    {
        "query_id": IDS,
        "outcome": ["answered"] * 4 + ["empty", "failed", "blocked"],
        "latency_ms": [100.0] * 7,
    }
)


def test_every_miss_has_one_named_cause() -> None:
    """Each way to miss has its own name, and a found query is not a miss."""
    assert indices.causes(JUDGMENTS, RUN, OUTCOMES, IDS, relevant=1) == {
        "found": "found",
        "late": "ranked_below_10",
        "never": "not_returned",
        "wrong": "wrong_version_only",
        "empty": "zero_result",
        "down": "failed",
        "walled": "blocked",
    }
    not_indexed = indices.causes(JUDGMENTS, RUN, OUTCOMES, ["never"], relevant=1, indexed=frozenset({"x1"}))
    assert not_indexed == {"never": "not_indexed"}


def test_found_is_success_at_ten() -> None:
    """Only the query with an answer among its first ten counts; an unanswerable one does not enter."""
    assert indices.found(JUDGMENTS, RUN, IDS, relevant=1).tolist() == [1, 0, 0, 0, 0, 0, 0]
    assert np.isnan(indices.found(JUDGMENTS, RUN, IDS, relevant=4)).all()


def test_blocked_queries_do_not_enter() -> None:
    """A captcha says nothing about the engine; a failure does."""
    assert indices.entering(OUTCOMES, IDS).tolist() == [True] * 6 + [False]


@pytest.mark.parametrize(("reach_within_s", "in_time"), [(10.0, 1.0), (8.9, 1.0), (8.8, 0.0)])
def test_fast_counts_waiting_and_reading(reach_within_s: float, in_time: float) -> None:
    """The useful result is second: .1 s of waiting and two summaries of 4.4 s make 8.9 s."""
    values = indices.fast(JUDGMENTS, RUN, OUTCOMES, IDS, useful=2, reach_within_s=reach_within_s, read_s=4.4)
    assert values[0] == in_time
    assert values[2] == 0.0


def test_fast_stops_at_a_useful_result() -> None:
    """The related result at rank 1 (grade 1) ends no search unless grade 1 is said to be useful."""
    assert indices.first_useful_rank(JUDGMENTS, RUN, IDS, useful=2)[:2].tolist() == [2, 11]
    assert indices.first_useful_rank(JUDGMENTS, RUN, IDS, useful=1)[0] == 1
    assert indices.first_useful_rank(JUDGMENTS, RUN, IDS, useful=2)[2] == np.inf


def test_accurate_is_ndcg_with_the_ideal_over_all_judged() -> None:
    """Grades 1, 3 in this order against the ideal 3, 1: (1 + 3 / log2 3) / (3 + 1 / log2 3)."""
    log3 = np.log2(3)
    assert indices.accurate(JUDGMENTS, RUN, IDS)[0] == pytest.approx((1 + 3 / log3) / (3 + 1 / log3))


def test_shares_are_of_ten_places() -> None:
    """One wrong-region and one outdated result are a tenth each of the first ten places."""
    place = IDS.index("wrong")
    assert indices.flagged_share(JUDGMENTS, RUN, IDS, "wrong_region")[place] == 0.1
    assert indices.flagged_share(JUDGMENTS, RUN, IDS, "outdated")[place] == 0.1


def test_duplicates_repeat_a_content_above() -> None:
    """Three results with two contents hold one duplicate."""
    run = pl.DataFrame({"query_id": ["q"] * 3, "doc_id": ["a", "b", "c"], "rank": [1, 2, 3]})
    digests = pl.DataFrame({"doc_id": ["a", "b", "c"], "digest": ["1", "2", "1"]})
    assert indices.duplicate_share(digests, run, ["q", "other"]).tolist() == [0.1, 0.0]
