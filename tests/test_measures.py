"""Measures: hand-worked values, laws, and agreement with trec_eval on random runs."""

import math
import subprocess
import sys
from typing import Any

import polars as pl
import pytest
import pytrec_eval
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bench.errors import MeasureError, ScoringError
from bench.measure_names import parse_measure, parse_measures
from bench.measures import Scores, evaluate

Qrels = dict[str, dict[str, int]]
Run = dict[str, list[str]]

QUERIES = ["公积金提取", "社保卡", "落户", "q4"]
DOCS = [f"文档{i}" for i in range(9)]


def judgments_of(qrels: Qrels) -> pl.DataFrame:
    rows = [(query, doc, grade) for query, docs in qrels.items() for doc, grade in docs.items()]
    return pl.DataFrame(rows, schema={"query_id": pl.String, "doc_id": pl.String, "grade": pl.Int64}, orient="row")


def run_of(run: Run) -> pl.DataFrame:
    rows = [(query, doc, rank) for query, docs in run.items() for rank, doc in enumerate(docs, start=1)]
    return pl.DataFrame(rows, schema={"query_id": pl.String, "doc_id": pl.String, "rank": pl.Int64}, orient="row")


def score(qrels: Qrels, run: Run, *names: str) -> dict[tuple[str, str], float]:
    scores = evaluate(judgments_of(qrels), run_of(run), parse_measures(names))
    rows = zip(names, scores.values.tolist(), strict=True)
    return {(name, query): value for name, row in rows for query, value in zip(scores.query_ids, row, strict=True)}


def one(grades: dict[str, int], answer: str, name: str) -> float:
    """Measure one query whose documents have one-letter names."""
    return score({"q": grades}, {"q": list(answer)}, name)[name, "q"]


qrels_strategy = st.dictionaries(
    st.sampled_from(QUERIES), st.dictionaries(st.sampled_from(DOCS), st.integers(-2, 4), min_size=1), min_size=1
)
run_strategy = st.dictionaries(
    st.sampled_from([*QUERIES, "没有判断"]), st.lists(st.sampled_from([*DOCS, "未判", "x", "y"]), unique=True)
)
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# Worked by hand. Grades: a 3, b 1, c 0, d 2; the answer to measure is written as a word.
GRADES = {"a": 3, "b": 1, "c": 0, "d": 2}


@pytest.mark.parametrize(
    ("name", "answer", "expected"),
    [
        ("P@2", "xab", 1 / 2),
        ("P@5", "xab", 2 / 5),
        ("P(rel=2)@5", "xab", 1 / 5),
        ("P(judged_only=True)@1", "xab", 1.0),
        ("R@3", "xab", 2 / 3),
        ("R(rel=2)@3", "xab", 1 / 2),
        ("Success@1", "xab", 0.0),
        ("Success@2", "xab", 1.0),
        ("Success(rel=2)@3", "xba", 1.0),
        ("RR", "xcb", 1 / 3),
        ("RR@2", "xcb", 0.0),
        ("RR(rel=3)", "bda", 1 / 3),
        ("AP", "xab", (1 / 2 + 2 / 3) / 3),
        ("AP@2", "xab", (1 / 2) / 3),
        ("AP(rel=2)", "axd", (1 + 2 / 3) / 2),
        # ideal: 3, 2, 1 at discounts 1, log2(3), 2
        ("nDCG", "ba", (1 + 3 / math.log2(3)) / (3 + 2 / math.log2(3) + 1 / 2)),
        ("nDCG@1", "ba", 1 / 3),
        ("nDCG(judged_only=True)@1", "xa", 1.0),
        ("nDCG(dcg='exp-log2')", "ba", (1 + 7 / math.log2(3)) / (7 + 3 / math.log2(3) + 1 / 2)),
        # chances to be satisfied: a 7/16, b 1/16, d 3/16
        ("ERR", "ab", 7 / 16 + (9 / 16) * (1 / 16) / 2),
        ("ERR@1", "ab", 7 / 16),
        ("ERR", "xdc", (3 / 16) / 2),
        ("ERR(max_rel=3)@10", "ab", 7 / 8 + (1 / 8) * (1 / 8) / 2),
        ("RBP", "xab", 0.2 * (3 * 0.8 + 1 * 0.64)),
        ("RBP(rel=1)", "xab", 0.2 * (0.8 + 0.64)),
        ("RBP(p=0.5,rel=2)", "axd", 0.5 * (1 + 0.25)),
        ("RBP(p=0.5,rel=2)@2", "axd", 0.5),
        ("Judged@2", "xcab", 1 / 2),
        ("Judged@10", "xcab", 3 / 4),
        ("Judged", "xcab", 3 / 4),
        # one judged non-relevant document c above a and b, of min(1 non-relevant, 3 relevant)
        ("Bpref", "dcab", 1 / 3),
        ("Bpref(rel=2)", "abd", (1 + (1 - 1 / 2)) / 2),
    ],
)
def test_values_worked_by_hand(name: str, answer: str, expected: float) -> None:
    assert one(GRADES, answer, name) == pytest.approx(expected, abs=1e-12)


EVERY = [
    "P@5",
    "R@5", "Success@5", "RR", "AP", "nDCG", "nDCG(dcg='exp-log2')", "ERR", "RBP", "RBP(rel=1)", "Judged", "Bpref",
]  # fmt: skip


@pytest.mark.parametrize("name", EVERY)
def test_a_query_without_an_answer_scores_zero(name: str) -> None:
    """A query missing from the run is counted, with 0 (trec_eval -c)."""
    values = score({"q1": {"a": 1, "b": 0}, "q2": {"a": 1}}, {"q2": ["a"]}, name)
    assert values[name, "q1"] == 0
    assert values[name, "q2"] > 0


@pytest.mark.parametrize("name", EVERY)
def test_a_query_without_relevant_documents_scores_zero(name: str) -> None:
    expected = 1.0 if name == "Judged" else 0.0
    assert one({"a": 0, "b": -1}, "ab", name) == expected


def test_an_empty_run_scores_zero_everywhere() -> None:
    scores = evaluate(judgments_of({"q": {"a": 1}}), run_of({}), parse_measures(EVERY))
    assert scores.values.tolist() == [[0.0]] * len(EVERY)


def test_queries_keep_the_order_of_the_judgments() -> None:
    scores = evaluate(judgments_of({"z": {"a": 1}, "a": {"b": 1}}), run_of({"a": ["b"]}), parse_measures(["RR"]))
    assert scores.query_ids == ("z", "a")
    assert scores.values.tolist() == [[0.0, 1.0]]


def test_queries_without_judgments_are_left_out_and_counted() -> None:
    scores = evaluate(
        judgments_of({"q": {"a": 1}}), run_of({"q": ["a"], "无": ["a", "b"], "x": ["a"]}), parse_measures(["RR"])
    )
    assert scores.unjudged_queries == 2
    assert scores.query_ids == ("q",)


def test_rows_may_come_in_any_order() -> None:
    qrels, run = judgments_of({"q1": GRADES, "q2": {"a": 1}}), run_of({"q1": list("xabd"), "q2": list("ca")})
    measures = parse_measures(EVERY)
    expected = evaluate(qrels, run, measures).values.tolist()
    assert evaluate(qrels, run.sample(fraction=1, shuffle=True, seed=3), measures).values.tolist() == expected


def test_mean_and_frame_hold_the_same_values() -> None:
    scores = evaluate(
        judgments_of({"q1": {"a": 1}, "q2": {"a": 1}}), run_of({"q1": list("xa")}), parse_measures(["RR", "P@1"])
    )
    assert scores.mean() == {parse_measure("RR"): 0.25, parse_measure("P@1"): 0.0}
    assert scores.to_frame().rows() == [("q1", "RR", 0.5), ("q2", "RR", 0.0), ("q1", "P@1", 0.0), ("q2", "P@1", 0.0)]


def test_scoring_edits_none_of_its_arguments() -> None:
    qrels, run = judgments_of({"q": GRADES}), run_of({"q": list("xab")})
    before = qrels.clone(), run.clone()
    evaluate(qrels, run, parse_measures(EVERY))
    assert qrels.equals(before[0])
    assert run.equals(before[1])


@pytest.mark.parametrize(
    ("qrels", "run", "named"),
    [
        ([], [("q", "a", 1)], "no judgments"),
        ([("q", "a", 1), ("q", "a", 2)], [("q", "a", 1)], "query 'q' has more than one judgment of document 'a'"),
        ([("q", "a", 1)], [("q", "a", 1), ("q", "a", 2)], "query 'q' holds document 'a' twice"),
        ([("q", "a", 1)], [("q", "a", 0), ("q", "b", 1)], "ranks of query 'q'"),
        ([("q", "a", 1)], [("q", "a", 1), ("q", "b", 1)], "ranks of query 'q'"),
        ([("p", "a", 1), ("q", "a", 1)], [("p", "a", 1), ("q", "a", 1), ("q", "b", 3)], "ranks of query 'q'"),
    ],
)
def test_tables_that_do_not_fit_are_refused_by_name(qrels: list[Any], run: list[Any], named: str) -> None:
    judgments = pl.DataFrame(
        qrels, schema={"query_id": pl.String, "doc_id": pl.String, "grade": pl.Int64}, orient="row"
    )
    answers = pl.DataFrame(run, schema={"query_id": pl.String, "doc_id": pl.String, "rank": pl.Int64}, orient="row")
    with pytest.raises(ScoringError, match=named):
        evaluate(judgments, answers, parse_measures(["RR"]))


@pytest.mark.parametrize(("name", "grade"), [("ERR", 5), ("ERR(max_rel=3)", 4), ("nDCG(dcg='exp-log2')", 2000)])
def test_grades_above_the_scale_are_refused(name: str, grade: int) -> None:
    with pytest.raises(MeasureError, match=str(grade)):
        one({"a": grade}, "a", name)


TREC_EVAL = {
    "P@1": "P_1", "P@5": "P_5", "R@3": "recall_3", "R@100": "recall_100", "Success@1": "success_1",
    "Success@5": "success_5", "RR": "recip_rank", "AP": "map", "AP@3": "map_cut_3", "nDCG": "ndcg",
    "nDCG@1": "ndcg_cut_1", "nDCG@10": "ndcg_cut_10", "nDCG@3": "ndcg_cut_3", "Bpref": "bpref",
}  # fmt: skip


def trec_eval(qrels: Qrels, run: Run, names: set[str], **options: int) -> dict[str, dict[str, float]]:
    """Measure the queries that can be given to pytrec_eval 0.5.11, which crashes on the others.

    Others are empty answers and queries whose grades are all negative: both are worth 0.
    """
    qrels = {query: docs for query, docs in qrels.items() if max(docs.values()) >= 0}
    scored = {q: {doc: float(len(docs) - i) for i, doc in enumerate(docs)} for q, docs in run.items() if docs}
    if not qrels or not scored:
        return {}
    values: dict[str, dict[str, float]] = pytrec_eval.RelevanceEvaluator(qrels, names, **options).evaluate(scored)
    return values


def assert_equal_to_trec_eval(qrels: Qrels, run: Run, names: dict[str, str], **options: int) -> None:
    expected = trec_eval(qrels, run, set(names.values()), **options)
    for (name, query), value in score(qrels, run, *names).items():
        bare = name.replace("(rel=2)", "").replace("(judged_only=True)", "")
        theirs = expected.get(query, {}).get(names[name], 0.0)
        assert value == pytest.approx(theirs, abs=1e-9), f"{bare} of {query}"


@many
@given(qrels_strategy, run_strategy)
def test_equals_trec_eval(qrels: Qrels, run: Run) -> None:
    """Every measure that trec_eval has is trec_eval's, negative grades, empty and missing answers included."""
    assert_equal_to_trec_eval(qrels, run, TREC_EVAL)


@pytest.mark.slow
@many
@given(qrels_strategy, run_strategy)
def test_rel_equals_trec_evals_relevance_level(qrels: Qrels, run: Run) -> None:
    names = {
        "P(rel=2)@5": "P_5", "R(rel=2)@3": "recall_3", "Success(rel=2)@5": "success_5", "RR(rel=2)": "recip_rank",
        "AP(rel=2)": "map", "AP(rel=2)@3": "map_cut_3", "Bpref(rel=2)": "bpref",
    }  # fmt: skip
    assert_equal_to_trec_eval(qrels, run, names, relevance_level=2)


@many
@given(qrels_strategy, run_strategy)
def test_judged_only_equals_trec_evals_j(qrels: Qrels, run: Run) -> None:
    names = {
        "P(judged_only=True)@5": "P_5", "R(judged_only=True)@3": "recall_3", "RR(judged_only=True)": "recip_rank",
        "AP(judged_only=True)": "map", "nDCG(judged_only=True)@3": "ndcg_cut_3",
        "Success(judged_only=True)@1": "success_1",
    }  # fmt: skip
    assert_equal_to_trec_eval(qrels, run, names, judged_docs_only_flag=1)


@pytest.mark.slow
@many
@given(qrels_strategy, run_strategy, st.sampled_from([None, 1, 3, 10]))
def test_exponential_ndcg_is_trec_evals_with_exponential_grades(qrels: Qrels, run: Run, cutoff: int | None) -> None:
    exponential = {q: {doc: 2 ** max(grade, 0) - 1 for doc, grade in docs.items()} for q, docs in qrels.items()}
    tail, theirs = (f"@{cutoff}", f"ndcg_cut_{cutoff}") if cutoff else ("", "ndcg")
    expected = trec_eval(exponential, run, {theirs})
    for (_, query), value in score(qrels, run, f"nDCG(dcg='exp-log2'){tail}").items():
        assert value == pytest.approx(expected.get(query, {}).get(theirs, 0.0), abs=1e-9)


# Slow, from the papers' definitions, and sharing nothing with the code under test.


def err_by_definition(grades: dict[str, int], answer: list[str], cutoff: int, highest: int) -> float:
    """Chapelle et al. (CIKM 2009), algorithm 2."""
    trust, value = 1.0, 0.0
    for rank, doc in enumerate(answer[:cutoff], start=1):
        satisfied = (2 ** max(grades.get(doc, 0), 0) - 1) / 2**highest
        value += trust * satisfied / rank
        trust *= 1 - satisfied
    return value


def rbp_by_definition(grades: dict[str, int], answer: list[str], p: float, rel: int | None) -> float:
    """Moffat and Zobel (TOIS 2008), equation 4, with grades as gains when `rel` is None."""
    value = 0.0
    for place, doc in enumerate(answer):
        grade = max(grades.get(doc, 0), 0)
        value += (1 - p) * p**place * (grade if rel is None else grade >= rel)
    return value


@many
@given(qrels_strategy, run_strategy)
def test_err_rbp_and_judged_equal_their_definitions(qrels: Qrels, run: Run) -> None:
    values = score(
        qrels, run, "ERR@3", "ERR", "ERR(max_rel=6)@10", "RBP", "RBP(p=0.5,rel=2)", "Judged@3", "Judged", "RR@2"
    )
    for query, grades in qrels.items():
        answer = run.get(query, [])
        top = answer[:3]
        expected = {
            "ERR@3": err_by_definition(grades, answer, 3, 4),
            "ERR": err_by_definition(grades, answer, 1000, 4),
            "ERR(max_rel=6)@10": err_by_definition(grades, answer, 10, 6),
            "RBP": rbp_by_definition(grades, answer, 0.8, None),
            "RBP(p=0.5,rel=2)": rbp_by_definition(grades, answer, 0.5, 2),
            "Judged@3": sum(doc in grades for doc in top) / len(top) if top else 0.0,
            "Judged": sum(doc in grades for doc in answer) / len(answer) if answer else 0.0,
            "RR@2": next((1 / i for i, doc in enumerate(answer[:2], 1) if grades.get(doc, 0) >= 1), 0.0),
        }
        for name, value in expected.items():
            assert values[name, query] == pytest.approx(value, abs=1e-12), f"{name} of {query}"


@many
@given(qrels_strategy, run_strategy)
def test_measures_but_graded_rbp_lie_between_0_and_1(qrels: Qrels, run: Run) -> None:
    names = [name for name in EVERY if name != "RBP"]
    assert all(0 <= value <= 1 + 1e-12 for value in score(qrels, run, *names).values())


@many
@given(
    st.dictionaries(st.sampled_from(DOCS), st.integers(0, 4), min_size=1),
    st.permutations([*DOCS, "未判", "x"]),
    st.data(),
)
def test_moving_a_relevant_hit_up_never_lowers_a_measure(
    grades: dict[str, int], answer: list[str], data: st.DataObject
) -> None:
    places = [i for i, doc in enumerate(answer) if grades.get(doc, 0) >= 1]
    assume(places)
    place = data.draw(st.sampled_from(places))
    target = data.draw(st.integers(0, place))
    # Past better documents it would be no improvement for graded measures.
    assume(all(grades.get(doc, 0) <= grades[answer[place]] for doc in answer[target:place]))
    better = [*answer]
    better.insert(target, better.pop(place))
    names = ["nDCG", "nDCG@3", "nDCG(dcg='exp-log2')@5", "AP", "AP@4", "RR", "P@3", "R@3", "ERR@5", "RBP", "Bpref"]
    before, after = score({"q": grades}, {"q": answer}, *names), score({"q": grades}, {"q": better}, *names)
    assert all(after[key] >= before[key] - 1e-12 for key in before)


@many
@given(st.dictionaries(st.sampled_from(DOCS), st.integers(-1, 4), min_size=1))
def test_the_ideal_answer_has_ndcg_1(grades: dict[str, int]) -> None:
    assume(max(grades.values()) > 0)
    ideal = sorted(grades, key=lambda doc: -grades[doc])
    values = score({"q": grades}, {"q": ideal}, "nDCG", "nDCG@2", "nDCG(dcg='exp-log2')@3")
    assert list(values.values()) == pytest.approx([1.0] * 3, abs=1e-12)


def test_memory_follows_the_rows_and_not_queries_times_depth() -> None:
    """One answer of 200,000 documents beside 20,000 of one document: 4e9 cells if it were a matrix."""
    deep = pl.DataFrame({"query_id": ["deep"] * 200_000, "doc_id": [f"d{i}" for i in range(200_000)]})
    flat = pl.DataFrame({"query_id": [f"q{i}" for i in range(20_000)], "doc_id": ["d1"] * 20_000})
    run = pl.concat(
        [deep.with_columns(rank=pl.int_range(1, 200_001)), flat.with_columns(rank=pl.lit(1, dtype=pl.Int64))]
    )
    qrels = pl.concat([deep.tail(1), flat]).with_columns(grade=pl.lit(1, dtype=pl.Int64))
    scores: Scores = evaluate(qrels, run, parse_measures(EVERY))
    assert scores.mean()[parse_measure("RR")] == pytest.approx((20_000 + 1 / 200_000) / 20_001)


def test_importing_the_measures_imports_nothing_heavy() -> None:
    code = "import bench.measures, sys; print(sorted(m for m in sys.modules if m in sys.argv[1].split(',')))"
    heavy = "pandas,scipy,numba,typer,rich,jinja2,ir_measures,pytrec_eval,ranx,pyarrow"
    done = subprocess.run([sys.executable, "-c", code, heavy], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
