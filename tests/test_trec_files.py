"""TREC runs and qrels: round trips, ties and messages about faulty files."""

import gzip
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import RunFileError
from bench.measure_names import parse_measures
from bench.measures import evaluate
from bench.ranking import Ties
from bench.ranx_json import read_ranx_json, write_ranx_json
from bench.trec import read_run, write_run
from bench.trec_eval_lines import format_trec_eval
from queries.errors import QuerySetFormatError, QuerySetNotFoundError
from queries.trec import read_qrels, write_qrels

RUN = b"q1 Q0 d1 1 9.5 t\nq1 Q0 d2 2 3 t\nq2 Q0 d1 1 1e-3 t\n"
ROWS = [("q1", "d1", 1), ("q1", "d2", 2), ("q2", "d1", 1)]
QRELS = b"q1 0 d1 3\nq1 0 d2 -1\nq2 0 d1 0\n"
GRADES = [("q1", "d1", 3), ("q1", "d2", -1), ("q2", "d1", 0)]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    def write_bytes(data: bytes) -> Path:
        path = tmp_path / "文件.trec"
        path.write_bytes(data)
        return path

    return write_bytes


SHAPES: dict[str, Callable[[bytes], bytes]] = {
    "spaces": lambda data: data,
    "tabs": lambda data: data.replace(b" ", b"\t"),
    "two spaces": lambda data: data.replace(b" ", b"  "),
    "one wide gap": lambda data: data.replace(b" ", b"  ", 1),
    "tabs and spaces": lambda data: data.replace(b" ", b"\t", 2),
    "vertical tab": lambda data: data.replace(b" ", b"\x0b", 1),
    "indented": lambda data: b" " + data,
    "trailing spaces": lambda data: data.replace(b"\n", b" \n"),
    "blank lines": lambda data: b"\n" + data.replace(b"\n", b"\n \n\n"),
    "CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "no last newline": lambda data: data.rstrip(b"\n"),
    "byte order mark": lambda data: b"\xef\xbb\xbf" + data,
    "gzip": gzip.compress,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_runs_are_read_however_their_columns_are_separated(shape: str, write: Callable[[bytes], Path]) -> None:
    frame = read_run(write(SHAPES[shape](RUN)))
    assert frame.rows() == ROWS
    assert frame.schema == {"query_id": pl.String, "doc_id": pl.String, "rank": pl.Int64}


@pytest.mark.parametrize("shape", SHAPES)
def test_qrels_are_read_however_their_columns_are_separated(shape: str, write: Callable[[bytes], Path]) -> None:
    frame = read_qrels(write(SHAPES[shape](QRELS)))
    assert frame.rows() == GRADES
    assert frame.schema == {"query_id": pl.String, "doc_id": pl.String, "grade": pl.Int64}


@pytest.mark.parametrize("doc", ["文档-一", 'a"b', "'", "#1", "null", "NA", "全角\u3000空格", "nbsp\u00a0x", "1,2"])
def test_ids_are_taken_as_they_are(doc: str, write: Callable[[bytes], Path]) -> None:
    """Only the whitespace that C knows separates columns; quotes, # and null mean nothing."""
    assert read_run(write(f"q Q0 {doc} 1 1 t\n".encode())).rows() == [("q", doc, 1)]
    assert read_run(write(f"q  Q0 {doc} 1 1 t\n".encode())).rows() == [("q", doc, 1)]
    assert read_qrels(write(f"q 0 {doc} 1\n".encode())).rows() == [("q", doc, 1)]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (RUN + b"q2 Q0 d9 2 1\n", "line 4: 5 columns instead of 6; write: query Q0 document rank score tag"),
        (RUN + b"q2 Q0 d 9 2 1 t\n", "line 4: 7 columns"),
        (b"q Q0 d 1 1 t x\n" + RUN, "line 1: 7 columns"),
        (b"\n\nq Q0 d 1 high t\n", "line 3: score 'high' is not a number; correct it"),
        (RUN + b"q2 Q0 d9 2 nan t\n", "line 4: score 'nan' is not a number"),
        (RUN + b"q2 Q0 d9 2 1_0 t\n", "line 4: score '1_0' is not a number"),
        (RUN + b"q2 Q0 d9 1.5 2 t\n", "line 4: rank '1.5' is not a whole number"),
        (RUN + b"q2 Q0 d9 99999999999999999999 2 t\n", "line 4: rank '99999999999999999999'"),
        (RUN + b"q2 Q0 \xff\xfe 2 1 t\n", "line 4: not UTF-8; save the file as UTF-8"),
        (RUN + b"q1 Q0 d2 3 1 t\n", "line 4: query 'q1' has document 'd2' already on line 2; keep one of them"),
        (b"\x1f\x8b\x08broken", "cannot be read"),
    ],
)
def test_faulty_runs_are_refused_with_file_line_and_remedy(
    data: bytes, told: str, write: Callable[[bytes], Path]
) -> None:
    path = write(data)
    with pytest.raises(RunFileError) as caught:
        read_run(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "the file is empty"),
        (b"q1 d1 1\n", "line 1: 3 columns instead of 4; write: query iteration document grade"),
        (b"query-id\tcorpus-id\tscore\n", "line 1: 3 columns instead of 4"),
        (QRELS + b"q1 0 d3 1.0\n", "line 4: grade '1.0' is not a whole number"),
        (QRELS + b"q1 0 d3 good\n", "line 4: grade 'good' is not a whole number"),
        (QRELS + b"q1 0 d3 \xd9\xa1\n", "line 4: grade '\u0661' is not a whole number"),
        (QRELS + b"q1 0 \xff 1\n", "line 4: not UTF-8"),
        (QRELS + b"q1 1 d1 0\n", "line 4: query 'q1' has document 'd1' already on line 1"),
    ],
)
def test_faulty_qrels_are_refused_with_file_line_and_remedy(
    data: bytes, told: str, write: Callable[[bytes], Path]
) -> None:
    path = write(data)
    with pytest.raises(QuerySetFormatError) as caught:
        read_qrels(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_several_faults_are_told_at_once_and_the_rest_counted(write: Callable[[bytes], Path]) -> None:
    with pytest.raises(QuerySetFormatError, match=r"line 1: .*; line 2: .*; line 3: .*; and 2 more faulty lines$"):
        read_qrels(write(b"a\nb\nc\nd\ne\nq1 0 d1 1\n"))


def test_missing_files_and_folders_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match=r"no\.trec: no such file"):
        read_run(tmp_path / "no.trec")
    with pytest.raises(QuerySetNotFoundError, match=r"no\.qrels: no such file"):
        read_qrels(tmp_path / "no.qrels")
    with pytest.raises(RunFileError, match="cannot be read"):
        read_run(tmp_path)
    with pytest.raises(RunFileError, match="cannot be written"):
        write_run(tmp_path, run_frame({"q": ["d"]}), "t")


# d4 has the best score, d1 the worst in spite of its rank 1; d2 and d3 tie, and the rank column puts d2 first.
TIED = b"q Q0 d1 1 1 t\nq Q0 d3 4 5 t\nq Q0 d2 3 5 t\nq Q0 d4 2 9 t\n"


@pytest.mark.parametrize(
    ("ties", "order"), [("rank", ["d4", "d2", "d3", "d1"]), ("trec_eval", ["d4", "d3", "d2", "d1"])]
)
def test_scores_decide_and_ties_follow_the_rule(ties: Ties, order: list[str], write: Callable[[bytes], Path]) -> None:
    assert read_run(write(TIED), ties).get_column("doc_id").to_list() == order


def test_equal_scores_and_ranks_keep_the_order_of_lines(write: Callable[[bytes], Path]) -> None:
    data = b"q Q0 b 0 1 t\nq Q0 c 0 1 t\nq Q0 a 0 1 t\nq Q0 d 0 2 t\n"
    assert read_run(write(data)).get_column("doc_id").to_list() == ["d", "b", "c", "a"]
    assert read_run(write(data), "trec_eval").get_column("doc_id").to_list() == ["d", "c", "b", "a"]


def test_trec_evals_ties_are_those_of_single_precision(write: Callable[[bytes], Path]) -> None:
    """1.00000001 and 1 are one float32, so the document id decides; by rank they are two scores."""
    data = b"q Q0 a 1 1.00000001 t\nq Q0 b 2 1 t\n"
    assert read_run(write(data)).get_column("doc_id").to_list() == ["a", "b"]
    assert read_run(write(data), "trec_eval").get_column("doc_id").to_list() == ["b", "a"]


def test_infinite_and_huge_scores_are_ordered(write: Callable[[bytes], Path]) -> None:
    data = b"q Q0 a 1 -inf t\nq Q0 b 2 1e300 t\nq Q0 c 3 inf t\n"
    assert read_run(write(data)).get_column("doc_id").to_list() == ["c", "b", "a"]
    # Beyond single precision 1e300 is infinite too.
    assert read_run(write(data), "trec_eval").get_column("doc_id").to_list() == ["c", "b", "a"]


def test_interleaved_queries_are_put_together(write: Callable[[bytes], Path]) -> None:
    data = b"q2 Q0 a 1 5 t\nq1 Q0 a 1 5 t\nq2 Q0 b 2 7 t\nq1 Q0 b 2 3 t\n"
    assert read_run(write(data)).rows() == [("q2", "b", 1), ("q2", "a", 2), ("q1", "a", 1), ("q1", "b", 2)]


def run_frame(run: dict[str, list[str]]) -> pl.DataFrame:
    rows = [(query, doc, rank) for query, docs in run.items() for rank, doc in enumerate(docs, start=1)]
    return pl.DataFrame(rows, schema={"query_id": pl.String, "doc_id": pl.String, "rank": pl.Int64}, orient="row")


ids = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=5)
runs = st.dictionaries(ids, st.lists(ids, min_size=1, max_size=6, unique=True), min_size=1, max_size=4)
many = settings(max_examples=60, deadline=None)


@many
@given(runs, st.sampled_from(["run.trec", "run.trec.gz"]), st.sampled_from(["rank", "trec_eval"]))
def test_runs_survive_writing_and_reading_under_both_tie_rules(
    run: dict[str, list[str]], name: str, ties: Ties
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        frame = run_frame(run)
        write_run(path, frame.sample(fraction=1, shuffle=True, seed=1).sort("query_id"), "标签")
        assert read_run(path, ties).sort("query_id", "rank").equals(frame.sort("query_id", "rank"))
        assert [file.name for file in Path(folder).iterdir()] == [name]


@many
@given(st.dictionaries(ids, st.dictionaries(ids, st.integers(-(2**63), 2**63 - 1), min_size=1), min_size=1))
def test_qrels_survive_writing_and_reading(qrels: dict[str, dict[str, int]]) -> None:
    rows = [(query, doc, grade) for query, docs in qrels.items() for doc, grade in docs.items()]
    frame = pl.DataFrame(rows, schema={"query_id": pl.String, "doc_id": pl.String, "grade": pl.Int64}, orient="row")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "qrels")
        write_qrels(path, frame)
        assert read_qrels(path).equals(frame)


@many
@given(runs, st.data())
def test_ties_read_as_trec_eval_ranks_them(run: dict[str, list[str]], data: st.DataObject) -> None:
    """Each document alone as the relevant one: its reciprocal rank in trec_eval is the rank that was read."""
    scores = st.sampled_from([0.1, 1.0, 1.0 + 1e-9, 1 / 3, 2.0, -1.0])
    scored = {query: {doc: data.draw(scores) for doc in docs} for query, docs in run.items()}
    lines = [f"{q} Q0 {d} 0 {s!r} t\n" for q, docs in scored.items() for d, s in docs.items()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.trec")
        path.write_bytes("".join(lines).encode())
        ranked = read_run(path, "trec_eval").rows()
    for query, doc, rank in ranked:
        theirs = pytrec_eval.RelevanceEvaluator({query: {doc: 1}}, {"recip_rank"}).evaluate({query: scored[query]})
        assert theirs[query]["recip_rank"] == pytest.approx(1 / rank)


@many
@given(runs, st.sampled_from(["rank", "trec_eval"]))
def test_ranx_json_survives_writing_and_reading(run: dict[str, list[str]], ties: Ties) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.json")
        write_ranx_json(path, run_frame(run))
        assert read_ranx_json(path, ties).equals(run_frame(run))


def test_ranx_json_is_ranked_by_score_and_keeps_its_order_in_ties(write: Callable[[bytes], Path]) -> None:
    path = write('{"问": {"a": 1, "b": 2.5, "c": 1}, "空": {}}'.encode())
    assert read_ranx_json(path).rows() == [("问", "b", 1), ("问", "a", 2), ("问", "c", 3)]
    assert read_ranx_json(path, "trec_eval").get_column("doc_id").to_list() == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "not JSON"),
        (b"[]", "the run is not a JSON object"),
        (b'{"q": 1}', "query 'q' is not a JSON object"),
        (b'{"q": [["d", 1]]}', "query 'q' is not a JSON object"),
        (b'{"q": {"d": "1"}}', "query 'q', document 'd': '1' is not a number"),
        (b'{"q": {"d": NaN}}', "query 'q', document 'd': nan is not a number"),
        (b'{"q": {"d": true}}', "True is not a number"),
        (b'{"q": {"d": 1, "d": 2}}', "query 'q' holds document 'd' twice"),
        (b'{"q": {"d": 1}, "q": {}}', "the run holds query 'q' twice"),
        (b'{"q": "\xff"}', "not JSON"),
        (b'{"q": {"\\ud800": 1}}', "an id is not text"),
    ],
)
def test_faulty_ranx_json_is_refused_by_name(data: bytes, told: str, write: Callable[[bytes], Path]) -> None:
    with pytest.raises(RunFileError) as caught:
        read_ranx_json(write(data))
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_same_content_is_gzipped_to_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        write_run(tmp_path / name, run_frame({"q": ["d"]}), "t")
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize("bad", ["a b", "a\tb", "全角\u3000空格", "", "a\nb", "a\x1fb"])
def test_ids_that_the_format_would_split_are_not_written(bad: str, tmp_path: Path) -> None:
    with pytest.raises(RunFileError, match="splits at whitespace"):
        write_run(tmp_path / "run", run_frame({"q": [bad]}), "t")
    with pytest.raises(RunFileError, match="splits at whitespace"):
        write_run(tmp_path / "run", run_frame({"q": ["d"]}), bad)
    with pytest.raises(QuerySetFormatError, match="splits at whitespace"):
        write_qrels(tmp_path / "qrels", pl.DataFrame({"query_id": [bad], "doc_id": ["d"], "grade": [1]}))
    assert list(tmp_path.iterdir()) == []


def test_written_lines_are_plain_trec(tmp_path: Path) -> None:
    write_run(tmp_path / "run", run_frame({"q1": ["d2", "d1"], "q2": ['"d"']}), "t")
    assert (tmp_path / "run").read_text() == 'q1 Q0 d2 1 2 t\nq1 Q0 d1 2 1 t\nq2 Q0 "d" 1 1 t\n'
    write_qrels(tmp_path / "qrels", pl.DataFrame({"query_id": ["q"], "doc_id": ["d"], "grade": [-1]}))
    assert (tmp_path / "qrels").read_text() == "q 0 d -1\n"


def test_scores_are_laid_out_as_trec_eval_prints_them() -> None:
    qrels = pl.DataFrame({"query_id": ["q1", "%s"], "doc_id": ["a", "a"], "grade": [1, 1]})
    scores = evaluate(qrels, run_frame({"q1": ["x", "y", "a"]}), parse_measures(["RR", "P(rel=2)@5"]))
    assert list(format_trec_eval(scores)) == [
        "RR\tq1\t0.3333",
        "P(rel=2)@5\tq1\t0.0000",
        "RR\t%s\t0.0000",
        "P(rel=2)@5\t%s\t0.0000",
        "RR\tall\t0.1667",
        "P(rel=2)@5\tall\t0.0000",
    ]
    assert list(format_trec_eval(scores, per_query=False, digits=2)) == ["RR\tall\t0.17", "P(rel=2)@5\tall\t0.00"]
