"""Query sets on disk: formats both ways, and what cannot be used is named."""

from pathlib import Path

import pytest

from queries.errors import QuerySetFormatError, QuerySetNotFoundError
from queries.model import Judgment, Query
from queries.store import open_query_set, write_query_set
from tests.conftest import CARD, JUDGMENTS, QUERIES

Q = '{"id": "q1", "text": "公积金"}\n'
J = '{"query_id": "q1", "doc_id": "d1", "grade": 3}\n'


def test_the_native_format_keeps_everything(tmp_path: Path) -> None:
    """Queries with their facets, judgments with assessor and flags, and the card come back as written."""
    write_query_set(tmp_path / "set", QUERIES, JUDGMENTS, CARD)
    opened = open_query_set(tmp_path / "set")
    assert (opened.queries, opened.judgments, opened.card) == (QUERIES, JUDGMENTS, CARD)


def test_beir_keeps_queries_and_grades(tmp_path: Path) -> None:
    """A BEIR folder keeps queries with facets and grades; who judged and why has no place in it."""
    write_query_set(tmp_path / "set", QUERIES, JUDGMENTS, CARD, layout="beir")
    assert (tmp_path / "set/qrels/test.tsv").read_text().splitlines()[:2] == ["query-id\tcorpus-id\tscore", "q1\td1\t3"]
    opened = open_query_set(tmp_path / "set")
    assert opened.queries == QUERIES
    assert opened.judgments == tuple(
        Judgment(query_id=judgment.query_id, doc_id=judgment.doc_id, grade=judgment.grade) for judgment in JUDGMENTS
    )


def test_trec_keeps_ids_texts_and_grades(tmp_path: Path) -> None:
    """TREC topics and qrels keep ids, texts and grades, the line layout being trec_eval's."""
    write_query_set(tmp_path / "set", QUERIES, JUDGMENTS, CARD, layout="trec")
    assert (tmp_path / "set/qrels.txt").read_text().splitlines()[0] == "q1 0 d1 3"
    opened = open_query_set(tmp_path / "set")
    assert opened.queries == tuple(Query(id=query.id, text=query.text) for query in QUERIES)
    assert [judgment.grade for judgment in opened.judgments] == [judgment.grade for judgment in JUDGMENTS]


def test_trec_cannot_hold_ids_with_spaces(tmp_path: Path) -> None:
    """An id that a qrels file would split is refused by name and nothing is written."""
    spaced = Judgment(query_id="q1", doc_id="d 1", grade=1)
    with pytest.raises(QuerySetFormatError, match="d 1"):
        write_query_set(tmp_path / "set", QUERIES, [spaced], CARD, layout="trec")
    assert not (tmp_path / "set/qrels.txt").exists()


@pytest.mark.parametrize(
    ("queries", "judgments", "says"),
    [
        (Q + Q, J, "queries.jsonl line 2: query id 'q1' already stands at"),
        (Q, J + J, "judgments.jsonl line 2: the judgment of document 'd1' for query 'q1' already stands at"),
        (
            Q,
            J.replace("q1", "q9"),
            "judgments.jsonl line 1: judgments name 1 queries that the set does not hold ('q9')",
        ),
        ('{"id": "q1", "text": " "}\n', J, "line 1: the query has no id or no text"),
        ("", J, "is empty"),
        (Q + '{"id": "q2", "text": "公积金题取", "parent": "q0"}\n', J, "line 2: query 'q2' has the parent 'q0'"),
        (Q, "", "has no judgments"),
        (
            Q,
            '{"query_id": "q1", "doc_id": "d1", "grade": 2.5}\n',
            "judgments.jsonl line 1: Expected `int`, got `float`",
        ),
        (Q + "{broken\n", J, "queries.jsonl line 2: broken JSON"),
    ],
)
def test_what_cannot_be_used_is_named(queries: str, judgments: str, says: str, tmp_path: Path) -> None:
    """A bad query or judgment is refused with its place and the remedy in one line."""
    (tmp_path / "queries.jsonl").write_text(queries)
    (tmp_path / "judgments.jsonl").write_text(judgments)
    with pytest.raises(QuerySetFormatError) as caught:
        open_query_set(tmp_path)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_gbk_is_recognised(tmp_path: Path) -> None:
    """A query set saved as GBK is refused with the command that converts it, whichever file it is."""
    (tmp_path / "queries.jsonl").write_bytes(Q.encode("gbk"))
    (tmp_path / "judgments.jsonl").write_text(J)
    with pytest.raises(QuerySetFormatError, match=r"queries\.jsonl line 1: not UTF-8 but GBK/GB18030 text.*iconv"):
        open_query_set(tmp_path)
    (tmp_path / "queries.tsv").write_bytes("q1\t公积金\n".encode("gbk"))
    (tmp_path / "qrels.txt").write_text("q1 0 d1 1\n")
    (tmp_path / "queries.jsonl").unlink()
    with pytest.raises(QuerySetFormatError, match=r"queries\.tsv.*iconv"):
        open_query_set(tmp_path)


def test_a_split_is_chosen_by_name(tmp_path: Path) -> None:
    """`test` is taken where there are several splits; a split that is not there is refused with those that are."""
    write_query_set(tmp_path, QUERIES, JUDGMENTS, CARD, layout="beir")
    (tmp_path / "qrels/dev.tsv").write_text("query-id\tcorpus-id\tscore\nq2\td3\t1\n")
    assert len(open_query_set(tmp_path).judgments) == len(JUDGMENTS)
    assert len(open_query_set(tmp_path, "dev").judgments) == 1
    with pytest.raises(QuerySetNotFoundError, match="'train'; it has dev, test"):
        open_query_set(tmp_path, "train")


def test_a_bad_qrels_line_is_named(tmp_path: Path) -> None:
    """A BEIR qrels line without an integer grade is refused with its number."""
    write_query_set(tmp_path, QUERIES, JUDGMENTS, CARD, layout="beir")
    (tmp_path / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\nq2\td3\thigh\n")
    with pytest.raises(QuerySetFormatError, match=r"test\.tsv line 2: 'q2\\td3\\thigh' is no judgment"):
        open_query_set(tmp_path)


def test_judgments_of_unknown_documents_are_refused(query_set: Path) -> None:
    """Judging documents that the corpus does not hold is refused, naming them and the way out."""
    opened = open_query_set(query_set)
    opened.check_documents({"d1", "d2", "d3", "d4", "d5"}, "c")
    with pytest.raises(QuerySetFormatError, match=r"2 documents that corpus 'c' does not hold \('d3', 'd4'\)"):
        opened.check_documents({"d1", "d2", "d5"}, "c")


def test_unjudged_queries_stay_out(tmp_path: Path) -> None:
    """Only queries with judgments are replayed."""
    (tmp_path / "queries.jsonl").write_text(Q + '{"id": "q2", "text": "身份证"}\n')
    (tmp_path / "judgments.jsonl").write_text(J)
    opened = open_query_set(tmp_path)
    assert [query.id for query in opened.judged_queries()] == ["q1"]
    assert len(opened.queries) == 2


def test_a_folder_without_a_query_set_is_refused(tmp_path: Path) -> None:
    """The message lists the three layouts that would do."""
    with pytest.raises(QuerySetNotFoundError, match="no query set folder"):
        open_query_set(tmp_path / "nowhere")
    with pytest.raises(QuerySetNotFoundError, match=r"\(tongcha\).*\(BEIR\).*\(TREC\)"):
        open_query_set(tmp_path)
