"""Compute measures from judged hits: one function a measure, each returning one float64 per query.

Where trec_eval has the measure, the result is trec_eval's, negative grades included: a negative grade gives no gain and
counts neither as relevant nor as judged non-relevant. `docs/measures.md` gives formulas and sources.
"""

from collections.abc import Callable

import numpy as np

from bench.errors import MeasureError
from bench.judged_hits import Floats, Ints, JudgedHits, position_within
from bench.measure_names import Measure

LARGEST_EXPONENT = 500
"""2^grade of any higher grade could overflow when summed."""


def compute(measure: Measure, hits: JudgedHits) -> Floats:
    """Return the value of `measure` for each query, shape (queries,).

    Raises `MeasureError` when a grade is too high for the measure.
    """
    return _FORMULAS[measure.name](measure, hits)


def _within(measure: Measure, hits: JudgedHits, lowest: int) -> tuple[Ints, Ints, Ints]:
    """Query, rank and grade of the hits graded at least `lowest` and not below the cutoff."""
    keep = hits.grade >= lowest
    if measure.cutoff is not None:
        keep &= hits.rank <= measure.cutoff
    return hits.query[keep], hits.rank[keep], hits.grade[keep]


def _relevant(measure: Measure, hits: JudgedHits) -> tuple[Ints, Ints]:
    query, rank, _ = _within(measure, hits, measure.rel or 1)
    return query, rank


def _share(amount: Floats | Ints, whole: Floats | Ints) -> Floats:
    """`amount / whole`, 0 where `whole` is 0."""
    return np.divide(amount, whole, out=np.zeros(len(amount)), where=whole != 0)


def _precision(measure: Measure, hits: JudgedHits) -> Floats:
    query, _ = _relevant(measure, hits)
    return hits.count(query) / (measure.cutoff or 1)


def _recall(measure: Measure, hits: JudgedHits) -> Floats:
    query, _ = _relevant(measure, hits)
    return _share(hits.count(query), hits.judged_with(measure.rel or 1))


def _success(measure: Measure, hits: JudgedHits) -> Floats:
    query, _ = _relevant(measure, hits)
    return (hits.count(query) > 0).astype(np.float64)


def _reciprocal_rank(measure: Measure, hits: JudgedHits) -> Floats:
    query, rank = _relevant(measure, hits)
    first = position_within(query) == 0
    return hits.total(query[first], 1.0 / rank[first])


def _average_precision(measure: Measure, hits: JudgedHits) -> Floats:
    query, rank = _relevant(measure, hits)
    precisions = (position_within(query) + 1) / rank
    return _share(hits.total(query, precisions), hits.judged_with(measure.rel or 1))


def _ndcg(measure: Measure, hits: JudgedHits) -> Floats:
    query, rank, grade = _within(measure, hits, 1)
    found = hits.total(query, _gain(measure, grade) / np.log2(rank + 1))
    positive = hits.ideal_grade > 0
    query, grade = hits.ideal_query[positive], hits.ideal_grade[positive]
    rank = position_within(query) + 1
    if measure.cutoff is not None:
        query, grade, rank = (array[rank <= measure.cutoff] for array in (query, grade, rank))
    return _share(found, hits.total(query, _gain(measure, grade) / np.log2(rank + 1)))


def _gain(measure: Measure, grade: Ints) -> Floats:
    if measure.dcg == "log2":
        return grade.astype(np.float64)
    if grade.size and grade.max() > LARGEST_EXPONENT:
        raise MeasureError(f"{measure}: grade {grade.max()} is too high for a gain of 2^grade; use nDCG")
    return np.exp2(grade) - 1


def _expected_reciprocal_rank(measure: Measure, hits: JudgedHits) -> Floats:
    highest = measure.max_rel or 1
    top = int(hits.ideal_grade.max(initial=0))
    if top > highest:
        raise MeasureError(f"{measure}: there are grades up to {top}, above its scale; write ERR(max_rel={top})")
    if highest > LARGEST_EXPONENT:
        raise MeasureError(f"{measure}: max_rel may be {LARGEST_EXPONENT} at most")
    query, rank, grade = _within(measure, hits, 1)
    satisfies = (np.exp2(grade) - 1) / np.exp2(highest)
    value, unsatisfied = np.zeros(hits.queries), np.ones(hits.queries)
    # The n-th useful hits of all queries at once: as many rounds as the longest list of useful hits.
    nth = position_within(query)
    order = np.argsort(nth, kind="stable")
    for round_ in np.split(order, np.cumsum(np.bincount(nth))[:-1]) if len(nth) else ():
        at = query[round_]
        value[at] += unsatisfied[at] * satisfies[round_] / rank[round_]
        unsatisfied[at] *= 1 - satisfies[round_]
    return value


def _rank_biased_precision(measure: Measure, hits: JudgedHits) -> Floats:
    query, rank, grade = _within(measure, hits, measure.rel or 1)
    persistence = measure.p or 0.0
    gain = grade if measure.rel is None else np.ones(len(grade))
    return (1 - persistence) * hits.total(query, gain * persistence ** (rank - 1.0))


def _judged(measure: Measure, hits: JudgedHits) -> Floats:
    depth = hits.retrieved if measure.cutoff is None else np.minimum(hits.retrieved, measure.cutoff)
    return _share(hits.count(hits.query[hits.rank <= depth[hits.query]]), depth)


def _bpref(measure: Measure, hits: JudgedHits) -> Floats:
    lowest = measure.rel or 1
    relevant, judged = hits.judged_with(lowest), hits.judged_with(0)
    keep = hits.grade >= 0
    query, useful = hits.query[keep], hits.grade[keep] >= lowest
    # Of a query's judged hits so far, those that are not relevant.
    within = position_within(query)
    useful_so_far: Ints = np.cumsum(useful)
    before_query: Ints = (useful_so_far - useful)[np.arange(len(query)) - within]
    wrong_above = (within + 1 - (useful_so_far - before_query))[useful]
    query = query[useful]
    bound = np.minimum(relevant, judged - relevant)[query]
    lost = _share(np.minimum(wrong_above, relevant[query]), bound)
    return _share(hits.total(query, 1.0 - lost), relevant)


_FORMULAS: dict[str, Callable[[Measure, JudgedHits], Floats]] = {
    "P": _precision,
    "R": _recall,
    "Success": _success,
    "RR": _reciprocal_rank,
    "AP": _average_precision,
    "nDCG": _ndcg,
    "ERR": _expected_reciprocal_rank,
    "RBP": _rank_biased_precision,
    "Judged": _judged,
    "Bpref": _bpref,
}
