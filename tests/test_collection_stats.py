"""The properties of a collection, on texts small enough to count by hand."""

import pytest

from bench.collection_stats import VOCABULARY_AT, corpus_stats, side_by_side
from corpora.card import Card
from corpora.model import Document
from queries.model import Judgment, Query
from queries.store import QuerySet, check

CARD = Card(name="tiny")


def document(name: str, title: str, body: str, **extra: str) -> Document:
    return Document(id=name, site="a.gov.example", url="", title=title, body=body, extra=extra)


def queries() -> QuerySet:
    asked = [Query(id="q1", text="身份证 丢了"), Query(id="q2", text="护照"), Query(id="q3", text="护罩", parent="q2")]
    judged = [
        Judgment(query_id="q1", doc_id="a", grade=3),
        Judgment(query_id="q1", doc_id="b", grade=1),
        Judgment(query_id="q2", doc_id="b", grade=2),
    ]
    return check(CARD, (("here", query) for query in asked), (("here", judgment) for judgment in judged))


DOCUMENTS = [
    document("a", "身份证 补领", "派出所 办理 身份证"),
    document("b", "出境", "护照 办理"),
    document("c", "转载", "护照 办理", mirror_of="b"),
]


def test_lengths_words_and_copies_are_counted() -> None:
    read: list[int] = []
    stats = corpus_stats("tiny", DOCUMENTS, None, read.append)
    assert (stats.documents, read) == (3, [1, 2, 3])
    assert (stats.body_characters.p50, stats.body_characters.max) == (5, 10)
    assert stats.body_characters.mean == pytest.approx(20 / 3)
    assert stats.running_words == 11
    assert stats.vocabulary == 7
    assert stats.hapax_share == pytest.approx(4 / 7)
    assert stats.vocabulary_at == {}
    assert stats.near_duplicate_share == pytest.approx(2 / 3)
    assert stats.unintended_near_duplicate_share == 0.0
    assert stats.queries is None


def test_overlap_is_measured_on_clean_queries_and_their_best_document() -> None:
    """Of 身份证/丢/了 the title of `a` holds one word; 护照 is in the body of `b` and not in its title."""
    stats = corpus_stats("tiny", DOCUMENTS, queries(), lambda _: None).queries
    assert stats is not None
    assert stats.queries == 2
    assert stats.title_overlap == pytest.approx((1 / 3 + 0) / 2)
    assert stats.text_overlap == pytest.approx((1 / 3 + 1) / 2)


def test_heaps_exponent_of_ever_new_words_is_one() -> None:
    words = [document(str(n), "", " ".join(f"w{n * 100 + m}" for m in range(100))) for n in range(50)]
    stats = corpus_stats("new", words, None, lambda _: None)
    assert stats.heaps_exponent == pytest.approx(1.0)
    same = [document(str(n), "", "同样 的 话 " * 500) for n in range(3)]
    assert corpus_stats("same", same, None, lambda _: None).heaps_exponent == pytest.approx(0.0)


def test_corpora_stand_side_by_side_with_blanks_where_nothing_is_known() -> None:
    found = [corpus_stats("tiny", DOCUMENTS, asked, lambda _: None) for asked in (None, queries())]
    rows = {row[0]: row[1:] for row in side_by_side(found)}
    assert rows["documents"] == ["3", "3"]
    assert rows["clean queries"] == ["–", "2"]
    assert rows[f"vocabulary at {VOCABULARY_AT[0]:,} words"] == ["–", "–"]
