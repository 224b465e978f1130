"""What an audit writes: a page, a workbook, JSON and groups of copies; and how its command ends."""

import io
import json
import re
import shutil
import string
import subprocess
from pathlib import Path

import msgspec
import openpyxl
import pytest
from typer.testing import CliRunner

from bench.audit_report import excel, html, words
from bench.audit_report.screen import summary_table
from bench.audit_report.words import AuditWords
from bench.cli import app
from bench.report.words import Language
from corpora.audit.dead import Visited
from corpora.audit.findings import KINDS
from corpora.audit.run import Audit, Notes, audit
from corpora.card import Card
from corpora.duplicates import Copies
from corpora.files import read_jsonl
from corpora.model import Document
from corpora.problems import Problem
from corpora.store import write_corpus

SITE = "www.linlan.gov.example"
HOSTILE = "=HYPERLINK(1)<script>alert(1)</script>"


def page(doc_id: str, title: str, body: str, **fields: str) -> Document:
    known = {"site": SITE, "region": "云川省/临澜市", "agency": "临澜市公安局", "published": "2026-05-01"}
    return msgspec.convert(
        {"id": doc_id, "title": title, "body": body, "column": "要闻动态", "url": f"https://{SITE}/{doc_id}"}
        | known
        | fields,
        Document,
    )


NEWS = "昨日市公安局在各街道开展养犬登记服务，现场为居民办理登记、注射疫苗、植入芯片，共服务三百二十户，收到好评。"
DOCUMENTS = [
    page("guide", "养犬登记办事指南", "养犬人带犬只登记。\n办理时限：4个工作日。收费：每只200元。", column="办事指南"),
    page("faq", f"{HOSTILE}养犬登记收多少", "养犬人带犬只登记，费用：每只300元。", column="常见问题"),
    page("n1", "养犬登记进街道", NEWS, published="2026-05-03"),
    page("n2", "养犬登记进街道", f"{NEWS}\n（来源：临澜市公安局）", published="2026-05-08", site="a.gov.example"),
    page("t1", "公示", "名单见附件。", agency=""),
    page("t2", "公示", "锟斤拷锟斤拷", column="null", published="2026-06-30"),
]
NOTES = Notes(
    problems=(Problem(doc_id="n1", code="site-id-code", detail="ab12"),),
    visited=(Visited(url=f"https://{SITE}/x", status=404, found_on=(f"https://{SITE}/",)),),
)


@pytest.fixture
def found() -> Audit:
    return audit(DOCUMENTS, NOTES, name="tiny")[0]


def test_every_class_is_found_and_counted_by_site(found: Audit) -> None:
    """One small corpus shows a finding of each class; counts are by class and site."""
    assert (found.documents, found.as_of, found.crawled) == (6, "2026-06-30", True)
    assert {kind: sum(sites.values()) for kind, sites in found.counts.items()} == {
        "facts": 1,
        "dates": 1,
        "copies": 1,
        "title": 1,
        "stale": 2,
        "dead": 1,
        "meta": 3,
        "encoding": 1,
    }
    assert found.counts["dates"] == {"a.gov.example": 1}
    table = summary_table(found, AuditWords("en"))
    assert table.rows[-1] == ["Total", "1", "1", "1", "1", "2", "1", "3", "1"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_both_sentences_and_runs_nothing(found: Audit, language: Language) -> None:
    """Both sentences stand in it; titles with scripts are text; nothing is loaded or linked."""
    shown = html.render(found, AuditWords(language))
    assert "收费：每只200元。" in shown
    assert "费用：每只300元。" in shown
    assert "&lt;script&gt;" in shown
    assert not re.search(r"(src|href)\s*=|url\(|@import|<link|<script", shown)


def test_a_class_that_was_not_looked_for_is_not_called_clean() -> None:
    """Without the index of a crawl, dead links have a dash and a sentence, no zero."""
    found, _ = audit(DOCUMENTS, Notes(), name="tiny")
    assert "未检查失效链接" in html.render(found, AuditWords("zh"))
    assert {row[1 + KINDS.index("dead")] for row in summary_table(found, AuditWords("zh")).rows} == {"–"}


def test_the_workbook_keeps_titles_as_text(found: Audit) -> None:
    """A sheet for each class; a title that looks like a formula is a string."""
    workbook = openpyxl.load_workbook(io.BytesIO(excel.render(found, AuditWords("zh"))))
    assert workbook.sheetnames[:2] == ["各站问题数", "同一事项说法不一"]
    assert len(workbook.sheetnames) == 1 + len(KINDS)
    cells = [cell for row in workbook["同一事项说法不一"].rows for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in cells)
    assert [cell.value for cell in workbook["栏目久未更新"][2]][:3] == ["动态要闻类", "要闻动态", 53]


def test_both_languages_have_the_same_blanks_and_every_code_a_name(found: Audit) -> None:
    """Every text exists in Chinese and English with the same blanks; codes of findings are told in words."""
    for key, texts in words._WORDS.items():
        blanks = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in texts]
        assert blanks[0] == blanks[1], key
        assert all(texts), key
    told = AuditWords("zh")
    assert [one.code for one in found.findings if told.code(one.code) == one.code] == []
    assert told.code("a-code-of-others") == "a-code-of-others"
    assert told.code("http-404") == "HTTP 404"


def tongcha(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "tiny", DOCUMENTS, Card(name="tiny"))
    return tmp_path / "tiny"


def test_the_command_writes_what_later_runs_read(folder: Path, tmp_path: Path) -> None:
    """It writes four files; the groups of copies name their original first; the JSON on screen has the counts."""
    code, shown, _ = tongcha("corpus", "audit", str(folder), "--out", "out", "--lang", "en", "--json")
    assert code == 0
    assert json.loads(shown)["counts"]["facts"] == {SITE: 1}
    assert json.loads(shown)["written"] == [
        "out/audit.html",
        "out/audit.xlsx",
        "out/audit.json",
        "out/duplicates.jsonl",
    ]
    groups = [group for _, group in read_jsonl(tmp_path / "out/duplicates.jsonl", Copies, ValueError)]
    assert groups == [Copies(group="g1", kind="exact", doc_ids=("n1", "n2"))]
    assert msgspec.json.decode(Path("out/audit.json").read_bytes(), type=Audit).documents == 6


def test_a_crawl_folder_tells_dead_links(folder: Path) -> None:
    """`--crawl` adds what a crawl left elsewhere, and the thresholds are options."""
    Path("crawled").mkdir()
    Path("crawled/pages.jsonl").write_text(f'{{"url": "https://{SITE}/y", "status": 500}}\n')
    code, shown, _ = tongcha(
        "corpus", "audit", str(folder), "--crawl", "crawled", "--as-of", "2026-05-10", "--news-days", "1", "--json"
    )
    counts = json.loads(shown)["counts"]
    assert code == 0
    assert counts["dead"] == {SITE: 1}
    assert counts["stale"] == {SITE: 1, "a.gov.example": 1}
    assert Path("audit-tiny/audit.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("nowhere",), "no corpus folder 'nowhere'"),
        (("tiny", "--as-of", "2026-13-01"), "--as-of '2026-13-01' is no date"),
        (("tiny", "--crawl", "nowhere"), "--crawl 'nowhere' is no folder"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(folder: Path, arguments: tuple[str, ...], line: str) -> None:
    """Exit code 1, one line that says what to do, no files."""
    code, shown, said = tongcha("corpus", "audit", *arguments, "--out", "out")
    assert (code, shown, said.count("\n")) == (1, "", 1)
    assert line in said
    assert not Path("out").exists()


@pytest.mark.browser
def test_the_page_renders_in_a_browser(found: Audit, tmp_path: Path) -> None:
    """Chromium draws the page with the two sentences side by side."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Debian's package chromium: apt-get install chromium"
    (tmp_path / "audit.html").write_text(html.render(found, AuditWords("zh")))
    shown = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1280,2000",
            f"--screenshot={tmp_path / 'audit.png'}",
            "--dump-dom",
            (tmp_path / "audit.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert shown.stdout.count('class="pair"') == 2
    assert (tmp_path / "audit.png").stat().st_size > 20_000
