"""The audit of coverage of live portals: foretold, polite, resumable, and without secrets on disk."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import openpyxl
import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.coverage import judge
from bench.coverage_sample import Probe, Stratum
from bench.experiment import read_experiment
from bench.response import Response
from corpora.card import Card
from corpora.store import write_corpus
from indexers.api import Hit
from tests.portal_emulator.collection import DOCUMENTS, SITES, Backend
from tests.portal_emulator.server import Emulator
from tests.test_http_portal_run import content

LINLAN, QINGLAN = SITES["1"], SITES["2"]
KEY, LITERAL = "k3y-of-the-portal", "l1teral-secret"
LOST = frozenset({"p01", "p02", "p04", "p05", "p07"})
"""Pages of Linlan that the portal never indexed."""
TWIN = msgspec.structs.replace(DOCUMENTS[1], id="twin", url=f"https://{LINLAN}/copy/1.html")
"""A copy of p01 that the portal holds."""

EXPERIMENT = """
[replay]
timeout_s = 5.0

[[engines]]
id = "linlan-live"
use = "http_portal"

[engines.options]
preset = "{preset}"
url = "{url}"
base = "https://www.linlan.gov.example"
values = {{ webid = "0" }}
sites = {{ "www.linlan.gov.example" = {{ webid = "0" }} }}
secrets = {{ key = "env:PORTAL_KEY", other = "l1teral-secret" }}
headers = {{ Authorization = "Bearer {{key}}", X-Other = "{{other}}" }}
delay_s = {delay}

[[engines]]
id = "open"
use = "fts5"
"""


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    held = [document for document in (*DOCUMENTS, TWIN) if document.id not in LOST]
    with closing(Backend(tmp_path / "backend", held)) as backend, Emulator(backend) as emulator:
        yield emulator


@pytest.fixture
def portal(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an experiment file for the emulated portal, beside a corpus of 61 pages of two sites."""
    monkeypatch.setenv("PORTAL_KEY", KEY)
    monkeypatch.setenv("TONGCHA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "pages", (*DOCUMENTS, TWIN), Card(name="sixty", version="1", licence="Apache-2.0"))
    (tmp_path / "pages" / "duplicates.jsonl").write_text('{"group":"g1","kind":"exact","doc_ids":["p01","twin"]}\n')
    return written(tmp_path, emulator)


def written(folder: Path, emulator: Emulator, delay: float = 0, preset: str = "hanweb-jrobot") -> Path:
    path = folder / "portal.toml"
    path.write_text(EXPERIMENT.format(url=emulator.url, delay=delay, preset=preset), encoding="utf-8")
    return path


def audited(*arguments: str, code: int = 0) -> tuple[str, str]:
    """Run the command on the 61 pages; return what it says on standard output and on standard error."""
    command = ["audit-coverage", "pages", "--experiment", "portal.toml", *arguments]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == code, result.output
    return result.stdout, " ".join(result.stderr.split())


def searches(emulator: Emulator) -> int:
    return emulator.asked.count("/jrobot/search.do")


LIVE = ("--engine", "linlan-live")


def test_a_live_portal_is_inspected_by_its_first_page(portal: Path, emulator: Emulator, tmp_path: Path) -> None:
    """Of 41 pages five were never indexed, one of which is found as its copy: 37 of 41; no secret is kept."""
    emulator.unheld = True
    shown, said = audited(*LIVE, "--preset", "inspection", "--site", LINLAN, "--out", "found", "--json")
    told = json.loads(shown)
    assert (told["track"], told["first"], told["pages"], told["drawn"]) == ("own-index", 12, 41, 41)
    everything = next(one for one in told["shares"] if one["facet"] == "all" and one["probe"] == "title")
    assert (everything["found"], everything["n"], everything["left_out"]) == (37, 41, 0)
    assert told["unmapped"] == 41  # the page that the corpus lacks, in every answer
    # jrobot shows 12 results a page, so that every title is one request; robots.txt comes before.
    assert "41 searches: 42 requests, at least 0 s" in said
    assert searches(emulator) == 41
    whole = json.loads((tmp_path / "found" / "coverage.json").read_bytes())
    copies = [one for one in whole["probed"] if one["found_as"]]
    assert [(one["probe"]["doc_id"], one["found_as"]) for one in copies] == [("p01", "twin")]
    files = [path for path in (tmp_path / "found").rglob("*") if path.is_file()]
    assert {path.name for path in files} > {"coverage.html", "coverage.xlsx", "settings.json", "responses.jsonl"}
    for secret in (KEY, LITERAL, "127.0.0.1", emulator.url.removeprefix("http://")):
        assert secret not in shown + said
        assert not [path.name for path in files if secret.encode() in content(path)]
    assert b"env:PORTAL_KEY" in (tmp_path / "found" / "settings.json").read_bytes()


def test_the_report_names_the_pages_not_found(portal: Path, tmp_path: Path) -> None:
    """Page and workbook hold the shares and the four lost pages with their addresses, in either language."""
    lost = {DOCUMENTS[int(name[1:])].url for name in LOST - {"p01"}}
    for language, sheets, rule in (
        ("zh", ["可查率", "搜不到的页面", "全部检索", "怎么查的"], "国办秘函〔2019〕19号"),
        ("en", ["Shares found", "Pages not found", "All searches", "How this was done"], "must show them"),
    ):
        chosen = ("--preset", "inspection", "--site", LINLAN, "--out", "found", "--lang", language)
        audited(*LIVE, *chosen)
        page = (tmp_path / "found" / "coverage.html").read_text(encoding="utf-8")
        assert rule in page
        assert "90.2%" in page
        assert all(url in page for url in lost)
        book = openpyxl.load_workbook(tmp_path / "found" / "coverage.xlsx")
        assert book.sheetnames == sheets
        rows = list(book[sheets[1]].iter_rows(values_only=True))
        assert {row[5] for row in rows[1:]} == lost
        shares = list(book[sheets[0]].iter_rows(values_only=True))
        assert shares[1][3:6] == (41, 37, pytest.approx(37 / 41))


@pytest.mark.slow
def test_a_killed_audit_goes_on(portal: Path, emulator: Emulator, tmp_path: Path) -> None:
    """Killed on the way, the same command asks only what has no answer yet, and says how many had one."""
    written(tmp_path, emulator, delay=0.05)
    arguments = ["audit-coverage", "pages", "--experiment", "portal.toml", *LIVE, "--preset", "inspection"]
    arguments += ["--site", LINLAN, "--out", "found"]
    answers = tmp_path / "found" / "linlan-live" / "responses.jsonl"
    root = str(Path(__file__).parent.parent)
    begun = subprocess.Popen(
        [sys.executable, "-c", "from bench.cli import main; main()", *arguments],
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 60
        while not (answers.is_file() and answers.read_bytes().count(b"\n") >= 4):
            assert time.monotonic() < until
            assert begun.poll() is None
            time.sleep(0.02)
    finally:
        begun.kill()
        begun.wait()
    kept = answers.read_bytes()
    kept = kept[: kept.rfind(b"\n") + 1]
    before = kept.count(b"\n")
    assert 4 <= before < 41
    _, said = audited(*LIVE, "--preset", "inspection", "--site", LINLAN, "--out", "found")
    assert f"{41 - before} searches, {before} were answered before: {42 - before} requests, at least" in said
    assert answers.read_bytes().startswith(kept)
    assert answers.read_bytes().count(b"\n") == 41
    assert 41 <= searches(emulator) <= 42  # one may have been on its way
    asked = searches(emulator)
    _, said = audited(*LIVE, "--preset", "inspection", "--site", LINLAN, "--out", "found")
    assert "found is finished; nothing is asked again" in said
    assert searches(emulator) == asked


@pytest.mark.slow
def test_blocked_searches_are_left_out_and_can_be_asked_again(portal: Path, emulator: Emulator) -> None:
    """Two captchas after two answers: blocked is no miss; --retry-blocked asks these alone again."""
    emulator.fault, emulator.times = "captcha", 2
    chosen = (*LIVE, "--preset", "inspection", "--site", LINLAN, "--out", "found", "--json")
    told = json.loads(audited(*chosen)[0])
    everything = next(one for one in told["shares"] if one["facet"] == "all" and one["probe"] == "title")
    assert told["outcomes"] == {"answered": 39, "blocked": 2}
    assert (everything["n"], everything["left_out"]) == (39, 2)
    before = searches(emulator)
    told, said = audited(*chosen, "--retry-blocked")
    assert "2 searches, 39 were answered before: 3 requests" in said
    assert searches(emulator) == before + 2
    assert json.loads(told)["outcomes"] == {"answered": 41}


def test_sites_that_cannot_be_asked_are_counted_apart(portal: Path, emulator: Emulator) -> None:
    """Pages of a site without values are unsupported and no misses; an audit of that site alone is refused at once."""
    shown, said = audited(*LIVE, "--preset", "inspection", "--json")
    told = json.loads(shown)
    assert told["outcomes"] == {"answered": 41, "unsupported": 20}
    assert "20 more are of sites that it cannot be restricted to" in said
    before = len(emulator.asked)
    _, said = audited(*LIVE, "--preset", "inspection", "--site", QINGLAN, code=1)
    assert "cannot restrict its search to the sites of the pages" in said
    assert len(emulator.asked) == before
    chosen = ("--preset", "inspection", "--site", QINGLAN, "--all-sites", "--out", "found", "--json")
    told = json.loads(audited(*LIVE, *chosen)[0])
    assert told["outcomes"] == {"answered": 20}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "names no engine '': choose --engine from linlan-live, open"),
        (("--engine", "linlan"), "names no engine 'linlan'"),
        ((*LIVE, "--first", "50"), "is asked for 20 results at most"),
    ],
)
def test_mistakes_are_told_before_anything_is_asked(
    portal: Path, emulator: Emulator, arguments: tuple[str, ...], says: str
) -> None:
    """An engine that the file lacks, and more results than the portal is asked for, are told in one line."""
    assert says in audited(*arguments, code=1)[1]
    assert emulator.asked == []


def test_a_portal_needs_an_experiment(portal: Path) -> None:
    """An engine that needs an address says where to give it; another audit's folder is not mixed with."""
    result = CliRunner().invoke(app, ["audit-coverage", "pages", "--engine", "http_portal"])
    assert result.exit_code == 1
    assert "give --experiment FILE" in " ".join(result.stderr.split())
    chosen = (*LIVE, "--preset", "inspection", "--site", LINLAN, "--out", "found")
    audited(*chosen, "--size", "5")
    assert "found holds an audit with another size: give" in audited(*chosen, "--size", "6", code=1)[1]
    audited(*chosen, "--size", "6", "--fresh")
    assert Path("found-2/coverage.json").is_file()


def test_the_budget_is_foretold(portal: Path, emulator: Emulator, tmp_path: Path) -> None:
    """Where max_requests cannot last, that is said before, and what is left is blocked."""
    path = written(tmp_path, emulator)
    path.write_text(path.read_text(encoding="utf-8").replace("delay_s = 0", "delay_s = 0\nmax_requests = 11"))
    shown, said = audited(*LIVE, "--preset", "inspection", "--site", LINLAN, "--json")
    assert "may end after 10 searches" in said
    assert json.loads(shown)["outcomes"] == {"answered": 10, "blocked": 31}
    assert searches(emulator) == 10


def test_options_can_stand_in_the_command(portal: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A portal is described by --option as by a file; both at once are refused."""
    monkeypatch.setenv("PORTAL_URL", emulator.url)
    given = ("preset=hanweb-jrobot", "url=env:PORTAL_URL", 'values={ webid = "0" }', "delay_s=0")
    options = [part for one in given for part in ("--option", one)]
    command = ["audit-coverage", "pages", "--all-sites", "--preset", "inspection", "--size", "7", *options, "--engine"]
    ran = CliRunner().invoke(app, [*command, "http_portal", "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["outcomes"] == {"answered": 7}
    assert emulator.url not in Path("coverage-sixty-http_portal/settings.json").read_text()
    ran = CliRunner().invoke(app, [*command, "http_portal", "--experiment", "portal.toml"])
    assert ran.exit_code == 2


def test_a_result_of_the_same_title_is_told() -> None:
    """Another page under exactly the title, highlights and spaces aside, is no find, but its rank is kept."""
    stratum = Stratum(column="", age="undated", format="html")
    asked = [
        Probe(id=f"1-{kind}", doc_id="a", site="", kind=kind, text="停水通知", stratum=stratum)  # type: ignore[arg-type] # a literal
        for kind in ("title", "sentence")
    ]
    hits = (Hit(doc_id="unmapped:x", title="停水"), Hit(doc_id="unmapped:y", title="停水 通知"))
    answer = Response(query_id="", outcome="answered", hits=hits, scheduled_at=0, started_at=0, took_ms=1)
    responses = {probe.id: msgspec.structs.replace(answer, query_id=probe.id) for probe in asked}
    assert [(one.rank, one.same_title) for one in judge(asked, responses, {}, 10)] == [(None, 2), (None, None)]


def test_the_experiment_on_the_page_resolves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The portal described on the page about coverage can be used once its variable is set."""
    monkeypatch.setenv("LINLAN_SEARCH", "https://www.linlan.gov.example")
    text = (Path(__file__).parent.parent / "docs" / "coverage.md").read_text(encoding="utf-8")
    (tmp_path / "portal.toml").write_text(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[0], encoding="utf-8")
    experiment, _ = read_experiment(tmp_path / "portal.toml")
    assert [spec.id for spec in experiment.contestants()] == ["linlan-live"]
