"""Copies of a page count once, whichever of them an engine returns."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.copies import once
from bench.measure_names import parse_measure
from bench.measures import evaluate
from bench.response import Response
from bench.scoring import judgments_frame, run_frame
from indexers.api import Hit
from queries.model import Judgment

GROUPS = {"page": "g", "mirror": "g", "pdf": "g"}


def judged(**grades: int) -> pl.DataFrame:
    return judgments_frame([Judgment(query_id="q", doc_id=doc, grade=grade) for doc, grade in grades.items()])


def answered(*docs: str) -> pl.DataFrame:
    hits = tuple(Hit(doc_id=doc) for doc in docs)
    return run_frame([Response(query_id="q", outcome="answered", hits=hits, scheduled_at=0, started_at=0, took_ms=1)])


def ndcg(judgments: pl.DataFrame, run: pl.DataFrame) -> float:
    counted = once(judgments, run, GROUPS)
    return float(evaluate(counted.judgments, counted.run, [parse_measure("nDCG@10")]).values[0][0])


@pytest.mark.parametrize("first", ["page", "mirror", "pdf"])
def test_any_copy_is_worth_the_whole_grade(first: str) -> None:
    """`pdf` was never judged; whichever copy comes first, nothing better could have been shown."""
    assert ndcg(judged(page=3, mirror=3), answered(first, "other")) == pytest.approx(1.0)


def test_a_second_copy_is_worth_nothing_and_takes_its_place() -> None:
    """With the related page behind two copies instead of behind one, 1/log2(4) replaces 1/log2(3)."""
    judgments = judged(page=3, mirror=3, related=1)
    ideal = 3 + 1 / 1.584962500721156
    assert ndcg(judgments, answered("mirror", "related")) == pytest.approx(1.0)
    assert ndcg(judgments, answered("mirror", "page", "related")) == pytest.approx((3 + 1 / 2) / ideal)


def test_a_copy_that_is_wrong_for_itself_stays_wrong() -> None:
    """A copy judged 0, of another region, is neither paid nor does it use up the group's pay."""
    judgments = judged(page=3, mirror=0)
    assert ndcg(judgments, answered("mirror")) == 0.0
    assert ndcg(judgments, answered("mirror", "page")) == pytest.approx(1 / 1.584962500721156)


def test_later_copies_count_as_judged() -> None:
    counted = once(judged(page=2), answered("page", "mirror", "other"), GROUPS)
    share = evaluate(counted.judgments, counted.run, [parse_measure("Judged@2")])
    assert float(share.values[0][0]) == 1.0


def test_without_groups_nothing_changes() -> None:
    judgments, run = judged(page=2), answered("page", "mirror")
    counted = once(judgments, run, {})
    assert counted.judgments is judgments
    assert counted.run is run


@given(
    st.permutations(["page", "mirror", "pdf", "a", "b"]),
    st.dictionaries(st.sampled_from(["page", "mirror", "pdf", "a", "b"]), st.integers(0, 3), min_size=1),
)
def test_counting_once_never_pays_more_than_the_ideal(docs: list[str], grades: dict[str, int]) -> None:
    judgments, run = judged(**grades), answered(*docs)
    counted = once(judgments, run, GROUPS)
    assert counted.run.height == run.height
    assert counted.run.get_column("doc_id").n_unique() == run.height
    assert 0.0 <= ndcg(judgments, run) <= 1.0
