"""The table of all engines: how it reads, and how it gets into a page."""

import os
from pathlib import Path

import pytest

from tests.performance.engines_table import BEGIN, END, Measuring, Row, family, line, replaced, shown_bytes, table
from tests.serving import known

BM25S = Row(
    id="bm25s",
    ndcg=0.8616,
    recall=1.0,
    p50_ms=0.253,
    p95_ms=None,
    build_s=1.31,
    index_bytes=2_345_678,
    memory_bytes=0,
)


def test_a_row_gives_each_figure_in_its_unit() -> None:
    """Shares have three digits and no zero in front; what is unknown is a dash."""
    assert line(BM25S) == "| bm25s | .862 | 1.000 | 0.25 | – | 1.3 | 2.2 MiB | – |"


def test_what_is_not_measured_says_why_in_a_row_of_as_many_cells() -> None:
    """A reason with bars and line ends stays one row of eight cells."""
    row = line(Row(id="solr", problem="IndexBuildError: no\nanswer | none"))
    assert row == "| solr | not measured: IndexBuildError: no answer / none |  |  |  |  |  |  |"
    assert row.count("|") == line(BM25S).count("|")


def test_sizes_change_their_unit_at_1024() -> None:
    """1,023 bytes are bytes, 1,024 are a KiB, and what is larger than the largest unit stays in it."""
    assert [shown_bytes(size) for size in (None, 0, 1023, 1024, 1024**2, 5000 * 1024**3)] == [
        "–",
        "–",
        "1023 B",
        "1.0 KiB",
        "1.0 MiB",
        "5000.0 GiB",
    ]


def test_the_table_is_sorted_below_its_heading() -> None:
    """Rows come by id, below what the figures depend on and the names of the columns."""
    lines = table([Row(id="whoosh", problem="slow"), BM25S], ["ncp: 599 documents."]).splitlines()
    assert lines[:3] == ["ncp: 599 documents.", "", lines[2]]
    assert lines[2].startswith("| id | nDCG@10 |")
    assert [text.split(" ")[1] for text in lines[4:]] == ["bm25s", "whoosh"]


def test_only_what_is_between_the_marks_is_replaced() -> None:
    """The old table goes, all else on the page stays, and doing it again changes nothing."""
    page = f"# Engines\n\n{BEGIN}\nold\n{END}\n\nMore.\n"
    once = replaced(page, "new\n")
    assert once == f"# Engines\n\n{BEGIN}\n\nnew\n\n{END}\n\nMore.\n"
    assert replaced(once, "new\n") == once


@pytest.mark.parametrize("page", ["none", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}\n{END}\n{BEGIN}\n{END}"])
def test_a_page_without_its_marks_is_refused(page: str) -> None:
    """Without both marks, once each and in order, nothing is replaced."""
    with pytest.raises(ValueError, match="must hold the line"):
        replaced(page, "new")


def test_a_server_is_its_processes_and_what_they_started() -> None:
    """Children and their children belong to a server; the process that started it does not."""
    assert family((10, 20), {10: 1, 11: 10, 12: 11, 20: 1, 21: 20, 30: 1}) == {10, 11, 12, 20, 21}


def test_a_server_that_nobody_can_start_is_in_the_table(tmp_path: Path) -> None:
    """Each set-up on it has a row that says what is lacking."""
    measuring = Measuring("corpus", "queries", tmp_path)
    measuring.take_server("nosuch", ("nosuch", "nosuch-bigrams"))
    why = "tests/servers has no nosuch.py that starts the server"
    assert measuring.rows == [Row(id="nosuch", problem=why), Row(id="nosuch-bigrams", problem=why)]


def test_an_engine_that_cannot_be_measured_is_in_the_table(tmp_path: Path) -> None:
    """Whatever goes wrong with a set-up becomes the reason in its row, and is not raised."""
    measuring = Measuring(str(tmp_path / "none"), str(tmp_path / "none"), tmp_path)
    measuring.take("fts5")
    (row,) = measuring.rows
    assert row.id == "fts5"
    assert "…/none" in row.problem
    assert str(tmp_path) not in row.problem


def test_a_server_is_known_only_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its address replaces what the environment held, credentials too, which are back behind it."""
    monkeypatch.setenv("TONGCHA_SOLR_URL", "http://other")
    monkeypatch.setenv("TONGCHA_SOLR_USER", "old")
    with known("solr", "http://u:p@127.0.0.1:1"):
        assert os.environ["TONGCHA_SOLR_URL"] == "http://u:p@127.0.0.1:1"
        assert "TONGCHA_SOLR_USER" not in os.environ
    assert os.environ["TONGCHA_SOLR_URL"] == "http://other"
    assert os.environ["TONGCHA_SOLR_USER"] == "old"
