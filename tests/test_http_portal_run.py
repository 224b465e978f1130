"""A run with a portal's search beside an engine: two tracks, and nothing of the address or the key on disk."""

import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import zstandard

from bench import worker
from bench.experiment import content_to_keep, read_experiment
from bench.rescore import rescore
from bench.response import Response
from bench.results import RunFolder
from corpora.card import Card
from corpora.store import write_corpus
from indexers.api import Hit
from queries.model import Judgment, Query
from queries.store import write_query_set
from tests.portal_emulator.collection import DOCUMENTS, SITES, Backend
from tests.portal_emulator.server import Emulator

TONGCHA = [sys.executable, "-c", "from bench.cli import main; main()"]
CARD = Card(name="sixty", version="1", licence="Apache-2.0")
KEY = "k3y-of-the-portal"
LITERAL = "l1teral-secret"

EXPERIMENT = """
# the key was once l1teral-secret
corpus = "corpus"
queries = "queries"

[replay]
timeout_s = 5.0

[[engines]]
id = "fts5"

[[engines]]
id = "portal"
use = "http_portal"

[engines.options]
preset = "trs-igs"
url = "{url}"
base = "https://www.linlan.gov.example"
values = {{ code = "c0de", siteId = "0" }}
sites = {{ "www.qinglan.gov.example" = {{ siteId = "2" }} }}
secrets = {{ key = "env:PORTAL_KEY", other = "l1teral-secret" }}
headers = {{ Authorization = "Bearer {{key}}", X-Other = "{{other}}" }}
delay_s = 0

[[engines]]
id = "portal-env"
use = "http_portal"

[engines.options]
preset = "hunan"
url = "env:PORTAL_URL"
values = {{ id = "0" }}
sites = {{ "www.qinglan.gov.example" = {{ id = "2" }} }}
delay_s = 0
"""


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    backend = Backend(tmp_path / "backend")
    with Emulator(backend) as emulator:
        yield emulator
    backend.close()


@pytest.fixture
def experiment(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PORTAL_KEY", KEY)
    monkeypatch.setenv("PORTAL_URL", emulator.url)
    write_corpus(tmp_path / "corpus", DOCUMENTS, CARD)
    queries = [Query(id=f"q{n}", text=document.title, scope="all") for n, document in enumerate(DOCUMENTS[:6])]
    queries.append(Query(id="here", text="公积金贷款", scope=SITES["2"]))
    queries.append(Query(id="there", text="公积金贷款", scope=SITES["1"]))
    judgments = [Judgment(query_id=f"q{n}", doc_id=document.id, grade=3) for n, document in enumerate(DOCUMENTS[:6])]
    judgments += [Judgment(query_id="here", doc_id="p21", grade=3), Judgment(query_id="there", doc_id="p22", grade=3)]
    write_query_set(tmp_path / "queries", queries, judgments, CARD)
    path = tmp_path / "portals.toml"
    path.write_text(EXPERIMENT.format(url=emulator.url), encoding="utf-8")
    return path


def test_a_portal_and_an_engine_run_in_two_tracks(experiment: Path, emulator: Emulator, tmp_path: Path) -> None:
    """Both are scored, the portal by mapped hits; only portals are compared with portals; no secret is anywhere."""
    emulator.unheld = emulator.ignore_site = True
    said = tongcha(experiment, tmp_path)
    folder = RunFolder(tmp_path / "runs" / "portals")
    manifest = folder.manifest()
    assert manifest.finished
    assert {name: record.track for name, record in manifest.engines.items()} == {
        "fts5": "same-corpus",
        "portal": "own-index",
        "portal-env": "own-index",
    }
    portal = manifest.engines["portal"]
    assert portal.index is None
    assert portal.unmapped == 7  # one page that the corpus lacks for each query answered
    assert 0 < portal.elsewhere < 20  # one query was asked in one site, and answered from both
    assert (portal.options["url"], portal.options["headers"]["Authorization"]) == ("***", "***")
    assert portal.shown == 7 * 20
    outcomes = {response.query_id: response for response in folder.responses("portal")}
    assert outcomes["there"].outcome == "unsupported"
    assert outcomes["q1"].hits[0].doc_id == "unmapped:https://linlan.gov.example/new/1.html"
    assert outcomes["q1"].hits[1].doc_id == "p01"
    summary = rescore(folder)
    compared = {(c.track, pair.first, pair.second) for c in summary.comparisons for pair in c.pairs}
    assert compared == {("own-index", "portal", "portal-env")}
    assert [engine.id for engine in summary.engines] == ["fts5", "portal", "portal-env"]
    assert "portal 是线上服务" in (folder.folder / "report.md").read_text(encoding="utf-8")
    address = emulator.url.removeprefix("http://")
    files = [path for path in folder.folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    for text in (KEY, LITERAL, address, "127.0.0.1"):
        for path in files:
            assert text.encode() not in content(path), (text, path.name)
        assert text not in said


def test_the_kept_experiment_names_variables_and_hides_values(experiment: Path, tmp_path: Path) -> None:
    """The copy for the run folder reads back, with `env:` names kept and literal secrets and the address redacted."""
    content = content_to_keep(*read_experiment(experiment))
    (tmp_path / "kept.toml").write_bytes(content)
    kept, _ = read_experiment(tmp_path / "kept.toml", to_run=False)
    options = {spec.id: spec.options for spec in kept.contestants()}
    assert options["portal"]["url"] == "***"
    assert options["portal"]["secrets"] == {"key": "env:PORTAL_KEY", "other": "***"}
    assert options["portal"]["values"] == {"code": "c0de", "siteId": "0"}
    assert options["portal-env"]["url"] == "env:PORTAL_URL"
    assert b'corpus = "corpus"' in content


@pytest.mark.slow
def test_refusals_and_failures_keep_the_secrets_too(experiment: Path, emulator: Emulator, tmp_path: Path) -> None:
    """A run that is broken, then refused, records outcomes without address or key."""
    emulator.fault, emulator.times = "truncated", 3
    emulator.robots = "User-agent: *\nDisallow: /hunan/\n"
    said = tongcha(experiment, tmp_path)
    folder = RunFolder(tmp_path / "runs" / "portals")
    given = {name: [r.outcome for r in folder.responses(name)] for name in ("portal", "portal-env")}
    assert given["portal"] == ["failed"] * 3 + ["answered"] * 4 + ["unsupported"]
    assert given["portal-env"] == ["blocked"] * 7 + ["unsupported"]
    for text in (KEY, LITERAL, "127.0.0.1"):
        assert text not in said
        assert not [path for path in folder.folder.rglob("*") if path.is_file() and text.encode() in content(path)]


def test_a_variable_that_is_not_set_is_told_before_the_run(
    experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked when an `env:` name has no value; the message names the variable and exits with 1."""
    monkeypatch.delenv("PORTAL_URL")
    assert "'PORTAL_URL', which is not set" in " ".join(tongcha(experiment, tmp_path, expect=1).split())
    assert not (tmp_path / "runs").exists()


class Waiting:
    """An engine that is slow out of politeness only."""

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        time.sleep(0.2)
        return []

    def waited_s(self) -> float:
        return 0.2

    def describe(self) -> dict[str, object]:
        return {}

    def close(self) -> None:
        pass


def test_waits_of_politeness_are_no_latency(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a query nor, on a timetable, the ones after it are slower for what an engine waits of its own accord."""
    monkeypatch.setattr(worker.registry, "create", lambda setup, folder: Waiting())
    asked = tuple(worker.Asked(id=name, text="公积金") for name in ("a", "b", "c"))
    settings = {"k": 10, "timeout_s": 0.19, "warmup": (), "folder": str(tmp_path), "options": {}}
    for rate in (None, 100.0):
        sent = Sent()
        worker.replay(worker.ReplayJob(use="fts5", queries=asked, rate_per_s=rate, **settings), sent)  # type: ignore[arg-type]
        responses = [msgspec.json.decode(item, type=Response) for kind, item in sent if kind == "response"]
        assert [response.outcome for response in responses] == ["empty"] * 3
        assert all(response.latency_ms < 150 for response in responses)


class Sent(list[tuple[str, bytes]]):
    """A connection that keeps what is sent."""

    send = list.append


def tongcha(experiment: Path, tmp_path: Path, *arguments: str, expect: int = 0) -> str:
    """Run the experiment with the command line and return all that it says."""
    command = [*TONGCHA, "run", str(experiment), "--runs", str(tmp_path / "runs"), *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ran.returncode == expect, ran.stderr
    return ran.stdout + ran.stderr


def content(path: Path) -> bytes:
    """Return a file's bytes, what is compressed in it unpacked."""
    if path.suffix == ".zst":
        with path.open("rb") as stream:
            return zstandard.ZstdDecompressor().stream_reader(stream).read()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    return path.read_bytes()
