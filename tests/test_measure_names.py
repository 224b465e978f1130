"""Measure names: the ir_measures grammar, aliases and messages about mistakes."""

import doctest
from pathlib import Path

import ir_measures
import msgspec
import pytest

from bench import measure_names
from bench.errors import BenchError, MeasureError
from bench.measure_names import RULES, Measure, chosen_measures, parse_measure, parse_measures

CANONICAL = [
    "nDCG@10", "nDCG", "nDCG(dcg='exp-log2')@10", "nDCG(judged_only=True)@10", "P@5", "P(rel=2)@5",
    "P(rel=2,judged_only=True)@5", "R@100", "R(rel=3)@100", "Success@1", "Success(rel=2)@10", "RR", "RR@10",
    "RR(rel=2)", "RR(rel=2)@10", "AP", "AP@100", "AP(rel=2)@100", "ERR", "ERR@10", "RBP", "RBP(p=0.5)", "RBP(rel=1)",
    "RBP(p=0.95,rel=2)", "RBP(p=0.5)@10", "Judged", "Judged@10", "Bpref", "Bpref(rel=2)",
]  # fmt: skip
OTHER_SPELLINGS = [
    "NDCG@10", "MRR@10", "MAP", "Precision@3", "Recall@3", "BPref", "P(cutoff=5)", "P(rel=1)@5", "RBP(p=0.8)",
    'nDCG(dcg="exp-log2")@5', "nDCG(dcg='log2')@5", "P (rel=2)@5", "P( rel = 2 , judged_only=False ) @ 5",
]  # fmt: skip


@pytest.mark.parametrize("text", [*CANONICAL, *OTHER_SPELLINGS])
def test_names_agree_with_ir_measures(text: str) -> None:
    theirs = ir_measures.parse_measure(text)
    theirs.validate_params()
    assert str(parse_measure(text)) == str(theirs)


@pytest.mark.parametrize("text", CANONICAL)
def test_canonical_names_read_back_to_themselves(text: str) -> None:
    measure = parse_measure(text)
    assert str(measure) == text
    assert parse_measure(str(measure)) == measure
    assert msgspec.json.decode(msgspec.json.encode(measure), type=Measure) == measure


@pytest.mark.parametrize(
    ("alias", "canonical"),
    [
        ("map", "AP"),
        ("map_cut.100", "AP@100"),
        ("map_cut_100", "AP@100"),
        ("ndcg", "nDCG"),
        ("ndcg_cut_10", "nDCG@10"),
        ("ndcg_cut.10", "nDCG@10"),
        ("P_5", "P@5"),
        ("P.5", "P@5"),
        ("recall_100", "R@100"),
        ("recall.100", "R@100"),
        ("recip_rank", "RR"),
        ("success_1", "Success@1"),
        ("bpref", "Bpref"),
    ],
)
def test_trec_eval_spellings_are_aliases(alias: str, canonical: str) -> None:
    assert str(parse_measure(alias)) == canonical


@pytest.mark.parametrize(
    ("alias", "canonical"),
    [
        ("ndcg@10", "nDCG@10"),
        ("ndcg_burges", "nDCG(dcg='exp-log2')"),
        ("ndcg_burges@10", "nDCG(dcg='exp-log2')@10"),
        ("mrr", "RR"),
        ("mrr@10", "RR@10"),
        ("mrr@10-l2", "RR(rel=2)@10"),
        ("precision@5", "P@5"),
        ("recall@100", "R@100"),
        ("hit_rate@10", "Success@10"),
        ("map@100", "AP@100"),
        ("map-l2", "AP(rel=2)"),
        ("rbp.8", "RBP"),
        ("rbp.80", "RBP"),
        ("rbp.95", "RBP(p=0.95)"),
        ("bpref", "Bpref"),
    ],
)
def test_ranx_spellings_are_aliases(alias: str, canonical: str) -> None:
    assert str(parse_measure(alias)) == canonical


def test_defaults_are_filled_in_so_that_equal_measures_are_equal() -> None:
    assert Measure(name="P", cutoff=5) == Measure(name="P", cutoff=5, rel=1) == parse_measure("P(rel=1)@5")
    assert {parse_measure("RBP"): 1}[parse_measure("rbp.80")] == 1


def test_err_may_name_the_highest_grade_of_its_scale() -> None:
    measure = parse_measure("ERR(max_rel=3)@10")
    assert (measure.max_rel, str(measure)) == (3, "ERR(max_rel=3)@10")
    assert parse_measure("ERR(max_rel=4)") == parse_measure("ERR")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nDGC@10", "did you mean 'nDCG@10'?"),
        ("p@5", "'P@5'"),
        ("Sucess@1", "'Success@1'"),
        ("ndcg_cutt_10", "'ndcg_cut'"),
        ("P", "P needs a cutoff, such as P@10"),
        ("precision", "P needs a cutoff"),
        ("R(rel=2)", "R needs a cutoff"),
        ("Bpref@10", "takes no cutoff"),
        ("P@0", "cutoff must be a whole number of at least 1"),
        ("P@-1", "not a measure"),
        ("P@5.5", "not a measure"),
        ("P(rel=0)@5", "rel must be a whole number of at least 1"),
        ("P(rel=True)@5", "rel must be a whole number"),
        ("P(rel='1')@5", "rel must be a whole number"),
        ("P(rel=x)@5", "rel must be a whole number"),
        ("RBP(p=1)", "p must lie between 0 and 1"),
        ("RBP(p=1.5)", "p must lie between 0 and 1"),
        ("RBP(p=nan)", "p must lie between 0 and 1"),
        ("nDCG(dcg='log')@5", "dcg must be 'log2' or 'exp-log2'"),
        ("nDCG(judged_only=1)@5", "judged_only must be True or False"),
        ("nDCG(rel=2)@5", "no parameter 'rel'"),
        ("nDCG(gains={1:2})@5", "cannot read"),
        ("ERR(p=0.5)", "no parameter 'p'"),
        ("P(rell=2)@5", "did you mean 'rel'?"),
        ("P(5)", "write parameters as name=value"),
        ("P(rel=2,)@5", "write parameters as name=value"),
        ("P(rel=2,rel=3)@5", "given twice"),
        ("ndcg@10-l2", "nDCG is graded"),
        ("rbp.80-l2", "write RBP(p="),
        ("", "not a measure"),
        ("相关", "not a measure (known: nDCG, P,"),
        ("nDCG@10 P@5", "not a measure"),
        ("map_cut_x", "not a measure"),
    ],
)
def test_mistakes_are_named_with_a_remedy(text: str, told: str) -> None:
    with pytest.raises(MeasureError) as caught:
        parse_measure(text)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"'{text}'")
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, BenchError)


def test_every_bad_name_of_a_list_is_told_at_once() -> None:
    with pytest.raises(MeasureError) as caught:
        parse_measures(["nDGC@10", "P@5", "Sucess@1", "P"])
    assert all(bad in str(caught.value) for bad in ("'nDGC@10'", "'Sucess@1'", "'P': P needs"))
    assert "'P@5'" not in str(caught.value)


def test_a_list_keeps_its_order_and_each_measure_once() -> None:
    assert [str(m) for m in parse_measures(["RR", "nDCG@10", "mrr", "ndcg_cut.10", "P@5"])] == ["RR", "nDCG@10", "P@5"]


def test_a_record_of_an_unknown_measure_cannot_be_made() -> None:
    with pytest.raises(MeasureError, match=r"'nDGC'.*'nDCG'"):
        Measure(name="nDGC")


def test_examples_in_the_docstrings_run() -> None:
    assert doctest.testmod(measure_names).failed == 0


def test_every_measure_is_documented_with_its_parameters() -> None:
    page = Path(__file__).parents[1].joinpath("docs", "measures.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1].partition("@")[0]: line for line in page.splitlines() if line.startswith("| `")}
    assert rows.keys() == RULES.keys()
    for name, rules in RULES.items():
        assert all(f"`{parameter}`" in rows[name] for parameter in rules.defaults), name


def test_the_usual_measures_take_the_scale_of_the_judgments() -> None:
    """Without names the usual measures are taken, ERR with a higher scale where grades are higher; named ones stay."""
    assert str(chosen_measures([], 3)[7]) == "ERR@10"
    assert str(chosen_measures([], 10)[7]) == "ERR(max_rel=10)@10"
    assert [str(measure) for measure in chosen_measures(["ERR@5", "map"], 10)] == ["ERR@5", "AP"]
