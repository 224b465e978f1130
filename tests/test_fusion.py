"""Fusion of ranked lists."""

import random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexers.api import Hit
from indexers.errors import UnsupportedError
from indexers.fusion import Method, Norm, fuse


def hits(*scored: tuple[str, float]) -> list[Hit]:
    return [Hit(doc_id=doc_id, score=score) for doc_id, score in scored]


def shown(fused: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.doc_id, round(hit.score or 0.0, 6)) for hit in fused]


ONE = hits(("a", 9.0), ("b", 5.0), ("c", 1.0))
TWO = hits(("c", 0.4), ("d", 0.2))


def test_reciprocal_ranks_add_up() -> None:
    """A document third in one list and first in the other is worth 1/63 + 1/61; url and title are the better copy's."""
    two = [Hit(doc_id="c", score=0.4, url="https://two.gov.example/c"), TWO[1]]
    fused = fuse({"one": ONE, "two": two}, "rrf")
    assert shown(fused) == [("c", 0.032266), ("a", 0.016393), ("b", 0.016129), ("d", 0.016129)]
    assert fused[0].url == "https://two.gov.example/c"


@pytest.mark.parametrize(
    ("method", "norm", "expected"),
    [
        # one: 9, 5, 1 → 1, .5, 0; two: .4, .2 → 1, 0
        ("combsum", "min-max", [("a", 1.0), ("c", 1.0), ("b", 0.5), ("d", 0.0)]),
        ("combmnz", "min-max", [("c", 2.0), ("a", 1.0), ("b", 0.5), ("d", 0.0)]),
        # one: 1, .555556, .111111; two: 1, .5
        ("combsum", "max", [("c", 1.111111), ("a", 1.0), ("b", 0.555556), ("d", 0.5)]),
        # one: mean 5, deviation √(32/3); two: mean .3, deviation .1
        ("combsum", "zmuv", [("a", 1.224745), ("b", 0.0), ("c", -0.224745), ("d", -1.0)]),
        ("combsum", "none", [("a", 9.0), ("b", 5.0), ("c", 1.4), ("d", 0.2)]),
        ("combmnz", "none", [("a", 9.0), ("b", 5.0), ("c", 2.8), ("d", 0.2)]),
        ("combanz", "none", [("a", 9.0), ("b", 5.0), ("c", 0.7), ("d", 0.2)]),
        ("combmed", "none", [("a", 9.0), ("b", 5.0), ("c", 0.7), ("d", 0.2)]),
        ("combmax", "none", [("a", 9.0), ("b", 5.0), ("c", 1.0), ("d", 0.2)]),
        ("combmin", "none", [("a", 9.0), ("b", 5.0), ("c", 0.4), ("d", 0.2)]),
    ],
)
def test_normalised_scores_add_up(method: Method, norm: Norm, expected: list[tuple[str, float]]) -> None:
    """CombSUM adds up, CombMNZ multiplies that by the lists that hold it; others take mean, median, most or least."""
    assert shown(fuse({"one": ONE, "two": TWO}, method, norm)) == expected


def test_ranks_alone_are_enough() -> None:
    """By hand: isr gives c (1/9 + 1) × 2; Borda, of 4 documents, 4, 3, 2 and 4, 3 points and shares of the rest."""
    lists = {"one": [Hit(doc_id=name) for name in "abc"], "two": [Hit(doc_id=name) for name in "cd"]}
    assert shown(fuse(lists, "isr")) == [("c", 2.222222), ("a", 1.0), ("b", 0.25), ("d", 0.25)]
    # a: 4 + 1.5, as two leaves 2 and 1 to two documents; b: 3 + 1.5; c: 2 + 4; d: 1 + 3
    assert shown(fuse(lists, "bordafuse")) == [("c", 6.0), ("a", 5.5), ("b", 4.5), ("d", 4.0)]


def test_equal_scores_have_one_order() -> None:
    """Equals keep the order of the lists, unless the lists' own scores compare: then the higher comes first."""
    lists = {"one": hits(("a", 1.0)), "two": hits(("b", 7.0)), "three": hits(("c", 3.0))}
    assert [hit.doc_id for hit in fuse(lists, "rrf")] == ["a", "b", "c"]
    assert [hit.doc_id for hit in fuse(lists, "rrf", comparable=True)] == ["b", "c", "a"]


def test_lists_without_scores_can_only_be_fused_by_rank() -> None:
    """Adding up scores that a list does not give is refused by name; reciprocal ranks need none."""
    lists = {"www.a.gov.example": [Hit(doc_id="a")], "www.b.gov.example": hits(("b", 1.0))}
    assert [hit.doc_id for hit in fuse(lists, "rrf")] == ["a", "b"]
    with pytest.raises(UnsupportedError, match=r"www\.a\.gov\.example gives no scores"):
        fuse(lists, "combsum")


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), max_size=5), st.sampled_from(get_args(Method)))
def test_fusion_keeps_every_document_once(lists: list[list[str]], method: Method) -> None:
    """What is fused holds each document of any list once, with scores that never rise, and changes no list."""
    given_lists = {str(at): hits(*((i, float(-rank)) for rank, i in enumerate(ids))) for at, ids in enumerate(lists)}
    before = {name: list(held) for name, held in given_lists.items()}
    fused = fuse(given_lists, method)
    ids = [hit.doc_id for hit in fused]
    assert sorted(ids) == sorted({doc_id for held in lists for doc_id in held})
    scores = [hit.score or 0.0 for hit in fused]
    assert scores == sorted(scores, reverse=True)
    assert given_lists == before


@pytest.mark.slow  # ranx compiles each method first
@pytest.mark.filterwarnings("ignore")  # numba and ranx warn about themselves
@pytest.mark.parametrize(
    ("method", "norm", "theirs"),
    [
        ("rrf", "none", ("rrf", None)),
        ("combsum", "min-max", ("sum", "min-max")),
        ("combsum", "max", ("sum", "max")),
        ("combsum", "zmuv", ("sum", "zmuv")),
        ("combmnz", "min-max", ("mnz", "min-max")),
        ("combanz", "min-max", ("anz", "min-max")),
        ("combmed", "max", ("med", "max")),
        ("combmax", "zmuv", ("max", "zmuv")),
        ("combmin", "min-max", ("min", "min-max")),
        ("isr", "none", ("isr", None)),
        ("bordafuse", "none", ("bordafuse", None)),
    ],
)
def test_equals_ranx(method: Method, norm: Norm, theirs: tuple[str, str | None]) -> None:
    """Random overlapping lists get ranx's fused scores, document by document."""
    import ranx

    chance = random.Random(7)  # noqa: S311 - seeded test data
    # Ids of one length: to ranx 0.3.21's bordafuse a list that holds d2 can hold d25, too.
    for _ in range(20):
        lists = {
            f"s{place}": hits(
                *((f"d{i:02}", chance.uniform(0.1, 30.0)) for i in chance.sample(range(40), chance.randint(1, 25)))
            )
            for place in range(4)
        }
        lists = {name: sorted(held, key=lambda hit: -(hit.score or 0.0)) for name, held in lists.items()}
        runs = [ranx.Run({"q": {hit.doc_id: hit.score for hit in held}}) for held in lists.values()]
        expected = ranx.fuse(runs=runs, method=theirs[0], norm=theirs[1]).run["q"]
        assert {hit.doc_id: hit.score for hit in fuse(lists, method, norm)} == pytest.approx(dict(expected), abs=1e-9)
