"""Uncertainty and differences: against hand-worked values and scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.statistics import (
    Pair,
    compare_pairs,
    difference_told,
    estimate,
    holm,
    paired_t,
    percentile,
    queries_needed,
    randomisation,
    tied_groups,
    wilson,
)


def test_the_power_table_is_that_of_the_plan() -> None:
    """Differences of .10, .05 and .03 need 71, 283 and 785 queries (measures.md)."""
    assert [queries_needed(difference) for difference in (0.10, 0.05, 0.03)] == [71, 283, 785]


def test_the_difference_that_queries_tell_needs_that_many_queries() -> None:
    assert [queries_needed(difference_told(n)) for n in (71, 283, 785)] == [71, 283, 785]


def test_wilson_matches_a_published_example() -> None:
    """10 of 10 successes: the interval is 72.2 % to 100 %, since z²/(n + z²) = 3.8415 / 13.8415 = .2775 is lost."""
    low, high = wilson(10, 10)
    assert low == pytest.approx(1 - 3.841458820694124 / 13.841458820694124)
    assert high == 1.0
    assert wilson(0, 10)[0] == 0.0


def test_an_interval_of_equal_answers_is_not_empty() -> None:
    """Ten successes of ten do not prove that every query succeeds."""
    shown = estimate(np.ones(10), seed=1, resamples=100, scale=100)
    assert (shown.value, shown.high, shown.n) == (100.0, 100.0, 10)
    assert shown.low == pytest.approx(72.25, abs=0.01)


def test_the_bootstrap_interval_is_near_the_normal_one() -> None:
    """For 400 even coin tosses the interval is about mean ± 1.96 × .5 / 20."""
    shown = estimate(np.array([0.0, 1.0] * 200), seed=7, resamples=4000)
    assert shown.value == 0.5
    assert shown.low == pytest.approx(0.451, abs=0.006)
    assert shown.high == pytest.approx(0.549, abs=0.006)


def test_the_same_seed_gives_the_same_interval() -> None:
    """Intervals are reproducible, and queries that do not enter are not counted."""
    values = np.array([0.1, np.nan, 0.9, 0.4, 0.4])
    assert estimate(values, 3, 500) == estimate(values, 3, 500)
    assert estimate(values, 3, 500).n == 4
    assert estimate(np.array([np.nan]), 3, 500).value is None


@given(arrays(np.float64, st.integers(2, 30), elements=st.floats(-1, 1).map(lambda x: round(x, 3))))
def test_the_t_test_is_scipys(difference: np.ndarray) -> None:
    """P equals scipy's paired t-test wherever that is defined."""
    stats = pytest.importorskip("scipy.stats")
    if difference.std() > 1e-9:
        assert paired_t(difference) == pytest.approx(stats.ttest_1samp(difference, 0).pvalue, abs=1e-9)


def test_a_constant_difference_is_decided_without_spread() -> None:
    """No difference at all is p = 1; the same difference on every query is p = 0 for t."""
    assert paired_t(np.zeros(5)) == 1.0
    assert paired_t(np.full(5, 0.5)) == 0.0


def test_randomisation_approaches_the_exact_test() -> None:
    """Five equal gains: only 2 of 32 sign patterns are as extreme, p = .0625."""
    assert randomisation(np.full(5, 0.2), seed=1, permutations=40_000) == pytest.approx(0.0625, abs=0.005)
    assert randomisation(np.zeros(5), seed=1, permutations=100) == 1.0


def test_holm_is_the_worked_example() -> None:
    """.01, .04, .03 over three tests become .03, .06, .06 (step-down, never falling)."""
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]


def test_a_percentile_needs_its_sample() -> None:
    """p99 is given from 100 values on, p99.9 from 1,000 on."""
    values = np.arange(99.0)
    assert percentile(values, 0.95) is not None
    assert percentile(values, 0.99) is None
    assert percentile(np.arange(100.0), 0.99) is not None
    assert percentile(np.arange(999.0), 0.999) is None
    assert percentile(np.arange(1000.0), 0.999) is not None


def test_pairs_use_the_queries_that_both_answered() -> None:
    """A query that one of the two engines does not enter with is left out of their comparison and counted."""
    values = {"a": np.array([1.0, 1.0, np.nan]), "b": np.array([0.0, 1.0, 1.0])}
    (pair,) = compare_pairs(values, seed=1, permutations=100)
    assert (pair.n, pair.difference) == (2, 0.5)


def pair(first: str, second: str, p: float) -> Pair:
    return Pair(first=first, second=second, n=9, difference=0.0, t_p=p, randomisation_p=p, holm_p=p)


def test_ties_are_shown_instead_of_a_forced_order() -> None:
    """A and b are tied, b and c are tied, a and c differ: two groups that share b."""
    pairs = [pair("a", "b", 0.5), pair("b", "c", 0.5), pair("a", "c", 0.01)]
    assert tied_groups({"a": 0.9, "b": 0.8, "c": 0.7}, pairs) == [("a", "b"), ("b", "c")]
    assert tied_groups({"a": 0.9, "b": 0.8}, [pair("a", "b", 0.001)]) == [("a",), ("b",)]
