"""一网通查 over live portals: members of several families, politely, with a deadline and partial answers."""

import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bench.cli import app
from bench.experiment import content_to_keep, read_experiment
from bench.rescore import rescore, write_reports
from bench.results import RunFolder
from bench.run import run
from corpora.card import Card
from corpora.store import write_corpus
from indexers.engines import federated
from indexers.errors import BlockedError, IndexBuildError, OptionsError, SearchError, SearchTimeoutError
from indexers.pages import write_pages
from indexers.registry import burden, create, longest_wait_s, resolve, track, versions, without_secrets
from queries.model import Judgment, Query
from queries.store import write_query_set
from tests.portal_emulator.collection import DOCUMENTS, SITES, Backend
from tests.portal_emulator.server import Emulator
from tests.test_http_portal_run import content

LINLAN, QINGLAN = SITES["1"], SITES["2"]
CARD = Card(name="sixty", version="1", licence="Apache-2.0")
KEY = "k3y-of-the-portal"


@pytest.fixture
def portals(tmp_path: Path) -> Iterator[dict[str, Emulator]]:
    """Two portals, each of which holds the pages of its own site."""
    with ExitStack() as stack:
        found = {}
        for site in SITES.values():
            own = [document for document in DOCUMENTS if document.site == site]
            backend = stack.enter_context(closing(Backend(tmp_path / f"backend-{site}", own)))
            found[site] = stack.enter_context(Emulator(backend))
        yield found


def options(portals: dict[str, Emulator], **others: Any) -> dict[str, Any]:
    shared = {"delay_s": 0, "max_results": 10, "timeout_s": 4.0}
    return {
        "members": [
            {
                "site": LINLAN,
                "options": {
                    "preset": "trs-igs",
                    "url": portals[LINLAN].url,
                    "values": {"code": "c0de", "siteId": "0"},
                    "secrets": {"key": KEY},
                    "headers": {"Authorization": "Bearer {key}"},
                    **shared,
                },
            },
            {
                "site": QINGLAN,
                "use": "http_portal",
                "options": {"preset": "hunan", "url": portals[QINGLAN].url, "values": {"id": "0"}, **shared},
            },
        ],
        **others,
    }


def asked(portals: dict[str, Emulator], folder: Path, **others: Any) -> federated.Engine:
    write_pages(folder, DOCUMENTS)
    engine = create(resolve("federated", options(portals, **others)), folder)
    assert isinstance(engine, federated.Engine)
    return engine


def test_portals_of_two_families_are_one_answer(portals: dict[str, Emulator], tmp_path: Path) -> None:
    """First results first, then second ones, by their places; one site's query goes to that portal alone."""
    own = {document.id: document.site for document in DOCUMENTS}
    with closing(asked(portals, tmp_path)) as engine:
        hits = engine.search("公积金贷款", 20)
        assert [own[hit.doc_id] for hit in hits[:4]] == [LINLAN, QINGLAN, LINLAN, QINGLAN]
        assert len(hits) == 20
        assert engine.last_partial == ""
        before = len(portals[LINLAN].asked)
        assert {own[hit.doc_id] for hit in engine.search("公积金贷款", 5, site=QINGLAN)} == {QINGLAN}
        assert len(portals[LINLAN].asked) == before


def test_a_dead_and_a_slow_portal(portals: dict[str, Emulator], tmp_path: Path) -> None:
    """One that breaks or is slow is named and the other's results are given; without any there is no answer."""
    with closing(asked(portals, tmp_path, deadline_s=0.5)) as engine:
        portals[QINGLAN].fault = "500"
        assert engine.search("公积金贷款", 20)
        assert engine.last_partial.startswith(f"partial: 1 of 2 sites missing: {QINGLAN} failed (HTTP 500")
        portals[QINGLAN].fault = "slow"
        started = time.monotonic()
        assert engine.search("公积金贷款", 20)
        assert 0.4 < time.monotonic() - started < 3
        assert engine.last_partial.endswith(f"{QINGLAN} late (no answer within 0.5 s)")
        portals[LINLAN].fault = "500"
        with pytest.raises(SearchError, match="no site answered"):
            engine.search("公积金贷款", 20)
        portals[QINGLAN].slow.set()


def test_a_refusal_of_all_is_a_refusal(portals: dict[str, Emulator], tmp_path: Path) -> None:
    """Captchas of every portal make the answer blocked, and late ones a timeout."""
    with closing(asked(portals, tmp_path, deadline_s=3.0)) as engine:
        for portal in portals.values():
            portal.fault = "captcha"
        with pytest.raises(BlockedError):
            engine.search("公积金贷款", 20)
    with closing(asked(portals, tmp_path, deadline_s=0.1)) as engine:
        for portal in portals.values():
            portal.fault = "slow"
        with pytest.raises(SearchTimeoutError):
            engine.search("公积金贷款", 20)
        for portal in portals.values():
            portal.slow.set()


def test_politeness_is_kept_and_does_not_make_late(portals: dict[str, Emulator], tmp_path: Path) -> None:
    """Each member keeps its distance of half a second, longer than the deadline, and that is no latency."""
    chosen = options(portals, deadline_s=0.4)
    for member in chosen["members"]:
        member["options"]["delay_s"] = 0.7
    write_pages(tmp_path, DOCUMENTS)
    with closing(create(resolve("federated", chosen), tmp_path)) as engine:
        assert isinstance(engine, federated.Engine)
        started = time.monotonic()
        assert len(engine.search("公积金贷款", 20)) == 20  # robots.txt first, so each waits once
        took_s = time.monotonic() - started
        assert engine.last_partial == ""
        assert took_s > 0.65
        assert 0.6 < engine.waited_s() < took_s
        assert longest_wait_s(resolve("federated", chosen)) == 60.0


def test_it_is_a_service_of_its_own(portals: dict[str, Emulator]) -> None:
    """With members it is on the track own-index with the members' versions; what it asks of them adds up."""
    setup = resolve("federated", options(portals, k_each=30))
    assert track(setup) == "own-index"
    assert track(resolve("federated")) == "same-corpus"
    assert set(versions(setup)) == {"httpx", "lxml"}
    assert "sqlite" in versions(resolve("federated"))
    told = burden(setup, 10)
    # Both show ten results at most: one request each; robots.txt of each before.
    assert told is not None
    assert (told.requests, told.opening, told.least_s, told.searches, told.shown) == ((2, 2), 2, 0.0, 4999, 20)
    alone = burden(setup, 10, QINGLAN)
    assert alone is not None
    assert alone.requests == (1, 1)
    assert burden(resolve("federated"), 10) is None


def test_members_are_redacted_one_by_one(portals: dict[str, Emulator]) -> None:
    """Addresses and secrets of members are left out, what else they say is kept; what cannot be read is left out."""
    bare = without_secrets("federated", options(portals))
    assert [member["options"]["url"] for member in bare["members"]] == ["***", "***"]
    assert bare["members"][0]["options"]["secrets"] == {"key": "***"}
    assert bare["members"][0]["options"]["preset"] == "trs-igs"
    assert [member["site"] for member in bare["members"]] == [LINLAN, QINGLAN]
    assert without_secrets("federated", {"members": "http://127.0.0.1:1"}) == {"members": "***"}
    assert without_secrets("federated", {"engine": "fts5"}) == {"engine": "fts5"}


def test_members_that_cannot_be_are_told_at_once(portals: dict[str, Emulator], tmp_path: Path) -> None:
    """Every mistake of every member is in one message, which holds no address."""
    chosen = options(portals)
    chosen["members"][0]["options"]["preset"] = "trs-igs2"
    chosen["members"] += [{"site": QINGLAN, "use": "fts5"}, {"site": "", "use": "federated"}]
    with pytest.raises(OptionsError) as caught:
        resolve("federated", chosen)
    said = str(caught.value)
    for part in ("trs-igs2", "is listed twice", "'fts5' indexes our pages", "'site' is empty", "a federation cannot"):
        assert part in said
    assert "127.0.0.1" not in said
    with pytest.raises(OptionsError, match="portals give no scores for 'combsum': use bordafuse, isr, rrf"):
        resolve("federated", options(portals, method="combsum"))
    with pytest.raises(OptionsError, match="list services under 'members'"):
        resolve("federated", {"engine": "http_portal"})
    with pytest.raises(IndexBuildError, match="none is built"):
        create(resolve("federated", options(portals)), tmp_path).build([])


EXPERIMENT = """
corpus = "corpus"
queries = "queries"

[scoring]
resamples = 50

[[engines]]
id = "fts5"

[[engines]]
id = "province"
use = "federated"

[[engines.options.members]]
site = "www.linlan.gov.example"
[engines.options.members.options]
preset = "trs-igs"
url = "{linlan}"
values = {{ code = "c0de", siteId = "0" }}
secrets = {{ key = "{key}" }}
headers = {{ Authorization = "Bearer {{key}}" }}
delay_s = 0

[[engines.options.members]]
site = "www.qinglan.gov.example"
[engines.options.members.options]
preset = "hunan"
url = "env:QINGLAN"
values = {{ id = "0" }}
delay_s = 0
"""


@pytest.mark.slow
def test_partial_answers_are_counted_in_reports(
    portals: dict[str, Emulator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A portal that is down for three of eight queries makes three partial answers, told in every report."""
    monkeypatch.setenv("QINGLAN", portals[QINGLAN].url)
    monkeypatch.setenv("TONGCHA_CACHE", str(tmp_path / "cache"))
    write_corpus(tmp_path / "corpus", DOCUMENTS, CARD)
    write_query_set(
        tmp_path / "queries",
        [Query(id=f"q{n}", text=document.title, scope="all") for n, document in enumerate(DOCUMENTS[:8])],
        [Judgment(query_id=f"q{n}", doc_id=document.id, grade=3) for n, document in enumerate(DOCUMENTS[:8])],
        CARD,
    )
    path = tmp_path / "province.toml"
    path.write_text(EXPERIMENT.format(linlan=portals[LINLAN].url, key=KEY), encoding="utf-8")
    portals[QINGLAN].fault, portals[QINGLAN].times = "500", 3
    experiment, text = read_experiment(path)
    folder = run(experiment, text, tmp_path / "runs", Silent())
    assert folder.manifest().engines["province"].track == "own-index"
    summary = rescore(folder)
    assert {engine.id: (engine.partial, engine.outcomes["answered"]) for engine in summary.engines} == {
        "fts5": (0, 8),
        "province": (3, 8),
    }
    for language, warning, column in (
        ("zh", "province：3 个回答不完整（共 8 个）", "其中不完整"),
        ("en", "province: 3 of 8 answers are partial", "partial, of those answered"),
    ):
        page, book, markdown = write_reports(folder, summary, language)  # type: ignore[arg-type] # a literal
        for report in (page, markdown):
            told = report.read_text(encoding="utf-8")
            assert warning in told
            assert column in told
            assert "3 (37.5 %)" in told
        with zipfile.ZipFile(book) as archive:
            assert b"partial" in archive.read("xl/sharedStrings.xml")
    kept = content_to_keep(experiment, text)
    assert b'url = "env:QINGLAN"' in kept
    files = [file for file in folder.folder.rglob("*") if file.is_file()]
    for secret in (KEY, "127.0.0.1", portals[LINLAN].url.removeprefix("http://")):
        assert not [file for file in files if secret.encode() in content(file)]
    assert RunFolder(folder.folder).manifest().engines["province"].options["members"][0]["options"]["url"] == "***"


def test_a_federation_is_audited_for_coverage(
    portals: dict[str, Emulator], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one of two portals down, the titles of its pages are not found, and every answer is told as partial."""
    monkeypatch.setenv("QINGLAN", portals[QINGLAN].url)
    monkeypatch.setenv("TONGCHA_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "corpus", DOCUMENTS, CARD)
    Path("province.toml").write_text(EXPERIMENT.format(linlan=portals[LINLAN].url, key=KEY), encoding="utf-8")
    portals[QINGLAN].fault = "500"
    command = ["audit-coverage", "corpus", "--experiment", "province.toml", "--engine", "province"]
    ran = CliRunner().invoke(app, [*command, "--preset", "inspection", "--all-sites", "--json"])
    assert ran.exit_code == 0, ran.output
    # Both portals are asked for k_each, cut to max_results: 20 results, two pages of ten at most; robots.txt before.
    assert "60 searches: 122 to 242 requests" in ran.stderr
    told = json.loads(ran.stdout)
    everything = next(one for one in told["shares"] if one["facet"] == "all" and one["probe"] == "title")
    assert (everything["found"], everything["n"], told["partial"]) == (40, 60, 60)
    assert "60 个回答不完整" in Path("coverage-sixty-province/coverage.html").read_text(encoding="utf-8")


class Silent:
    """A watcher that watches nothing."""

    def phase(self, name: str, total: int | None, done: int = 0) -> Any:
        return lambda _: None

    def note(self, text: str) -> None:
        pass
