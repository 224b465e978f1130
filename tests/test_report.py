"""Reports: the same numbers in both languages and formats, safe to open and to print."""

import io
import re
import shutil
import string
import subprocess
from pathlib import Path

import msgspec
import pytest

from bench.experiment import Experiment, Scoring, to_toml
from bench.report import excel, html, markdown, numbers, tables, words
from bench.report.words import Words
from bench.rescore import rescore
from bench.run import run
from bench.statistics import Estimate
from bench.summary import Summary, Withheld
from corpora.store import write_corpus
from queries.model import Query
from queries.store import write_query_set
from tests.conftest import CARD, DOCUMENTS, JUDGMENTS, QUERIES
from tests.test_run import Silent

NASTY = "<script>alert(1)</script> & | [x](javascript:1) `挂失`"


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return a scored run of two engines whose corpus and queries try to break the page."""
    folder = tmp_path_factory.mktemp("report")
    documents = [msgspec.structs.replace(DOCUMENTS[0], title=NASTY), *DOCUMENTS[1:]]
    queries = [Query(id="q1", text=NASTY, intent="service"), *QUERIES[1:]]
    write_corpus(folder / "c", documents, CARD)
    write_query_set(folder / "q", queries, JUDGMENTS, CARD)
    experiment = Experiment(
        name="tiny",
        corpus=str(folder / "c"),
        queries=str(folder / "q"),
        engines=("fts5", "fts5-trigram"),
        scoring=Scoring(min_judged=0.0, max_judged_gap=1.0),
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TONGCHA_CACHE", str(folder / "cache"))
        return rescore(run(experiment, to_toml(experiment), folder / "runs", Silent()))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_text_from_outside_stays_text(summary: Summary, language: words.Language) -> None:
    """Titles and queries with scripts, table signs and links are shown as they are, never run or followed."""
    page = html.render(summary, Words(language))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    text = markdown.render(summary, Words(language))
    assert "<script" not in text
    assert not re.search(r"(?<!\\)\]\(", text)
    rows = [line for line in text.splitlines() if "alert" in line]
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in rows)


def test_the_page_stands_alone(summary: Summary) -> None:
    """The HTML report loads nothing from anywhere: no scripts, links, images or fonts."""
    page = html.render(summary, Words("zh"))
    assert not re.search(r"(src|href)\s*=|url\(|@import|<link|<script", page)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_reports_say_what_was_measured_and_how(summary: Summary, language: words.Language) -> None:
    """Gain and discount, grades, settings, hashes and set-ups are in the page, beside every engine's headlines."""
    page = html.render(summary, Words(language))
    for part in (
        "log2",
        summary.corpus.content_hash[:16],
        summary.judgments_hash[:16],
        "4.4",
        "2026",
        "trigram",
        numbers.score(summary.engines[0].found),
        "Fisher",
        "Holm",
    ):
        assert str(part) in page, part


def test_both_languages_have_the_same_blanks() -> None:
    """Every text exists in Chinese and English and is filled with the same values."""
    for key, (chinese, english) in words._WORDS.items():
        blanks = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (chinese, english)]
        assert blanks[0] == blanks[1], key
        assert chinese, key
        assert english, key


def test_every_cause_of_a_miss_is_counted_once(summary: Summary) -> None:
    """For each engine the causes add up to the answerable queries."""
    for engine in summary.engines:
        assert sum(engine.causes.values()) == 3
    table = tables.misses(summary, Words("en"))
    assert table.header[:2] == ["Engine", "found"]


def test_perturbed_queries_stand_beside_their_parents_only(summary: Summary) -> None:
    """The typo query enters no headline; its difference from its clean parent is reported."""
    assert summary.perturbed_queries == 1
    assert all(engine.measures["RR"].n == 3 for engine in summary.engines)
    drop = next(item for item in summary.variants if item.engine == "fts5")
    assert (drop.variant, drop.found.n) == ("typo", 1)
    assert tables.variants(summary, Words("en"))["Found"].header == ["variant", "pairs", "fts5", "fts5-trigram"]


def test_excel_gets_numbers_as_numbers_and_text_as_text(summary: Summary) -> None:
    """The workbook opens; headlines are numbers with their intervals, and a query that looks like a formula is text."""
    openpyxl = pytest.importorskip("openpyxl")
    formula = msgspec.structs.replace(summary.hardest[0], text="=HYPERLINK(1)")
    shown = msgspec.structs.replace(summary, hardest=[formula, *summary.hardest[1:]])
    workbook = openpyxl.load_workbook(io.BytesIO(excel.render(shown, Words("zh"))))
    assert workbook.sheetnames == ["全部数字", "未找到原因", "分项得分", "改写", "两两比较", "最难的查询", "怎么测的"]
    rows = list(workbook["全部数字"].values)
    found = summary.engines[0].found
    assert found is not None
    assert rows[0][:4] == ("搜索配置", "找得到", "找得到 2.5%", "找得到 97.5%")
    assert rows[1][:4] == ("fts5", found.value, found.low, found.high)
    cell = workbook["最难的查询"]["B2"]
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")


def test_a_withheld_headline_shows_no_number(summary: Summary) -> None:
    """Where judgments cover an engine too thinly, the table says withheld and why, and draws nothing."""
    thin = msgspec.structs.replace(
        summary.engines[0],
        found=None,
        fast=None,
        accurate=None,
        withheld=Withheld(reason="thinly_judged", value=0.1, limit=0.5),
    )
    shown = msgspec.structs.replace(summary, engines=[thin, *summary.engines[1:]])
    assert tables.final(shown, Words("en")).rows[0][1:4] == ["withheld"] * 3
    assert "fts5: 前 10 条结果里有标注的只占 0.10，不足 0.50，三项得分暂不公布" in html.render(shown, Words("zh"))


def test_numbers_read_the_same_everywhere() -> None:
    """One decimal for headlines, three for measures, three digits for latencies, binary units for sizes."""
    assert numbers.score(Estimate(value=84.66, low=82.94, high=86.31, n=9)) == "84.7 [82.9, 86.3]"
    assert numbers.score(None) == "–"
    assert [numbers.milliseconds(value) for value in (0.123, 12.34, 1234.5, None)] == ["0.12", "12.3", "1234", "–"]
    assert [numbers.size(value) for value in (512, 2048, 5 * 2**20, 3 * 2**40)] == [
        "512 B",
        "2.0 KiB",
        "5.0 MiB",
        "3.0 TiB",
    ]


@pytest.mark.browser
def test_the_page_renders_in_a_browser(summary: Summary, tmp_path: Path) -> None:
    """Chromium draws the report: a dot per engine and headline, and no part wider than the window."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Debian's package chromium: apt-get install chromium"
    (tmp_path / "report.html").write_text(html.render(summary, Words("zh")))
    shown = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1280,3000",
            f"--screenshot={tmp_path / 'report.png'}",
            "--dump-dom",
            (tmp_path / "report.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert shown.stdout.count("<circle") == 3 * len(summary.engines)
    assert "找得到" in shown.stdout
    assert (tmp_path / "report.png").stat().st_size > 20_000
