"""Runs from experiment to folder: what is recorded, resumed, refused, and survived."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import polars as pl
import pytest

from bench import replay
from bench.errors import RunFolderError
from bench.experiment import EngineSpec, Experiment, Replay, to_toml
from bench.rescore import rescore, write_reports
from bench.results import RunFolder
from bench.run import run
from bench.trec import read_run
from corpora.duplicates import COPIES_FILE, Copies
from corpora.errors import CorpusFormatError
from corpora.files import write_jsonl
from corpora.store import write_corpus
from queries.errors import QuerySetFormatError
from queries.model import Judgment
from queries.store import write_query_set
from tests.conftest import CARD, DOCUMENTS, JUDGMENTS, QUERIES

ENGINES = ("fts5",)


class Silent:
    """A watcher that remembers what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.phases: list[tuple[str, int | None, int]] = []

    def phase(self, name: str, total: int | None, done: int = 0) -> Callable[[int], None]:
        self.phases.append((name, total, done))
        return lambda completed: None

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def experiment(corpus: Path, query_set: Path) -> Experiment:
    return Experiment(name="tiny", corpus=str(corpus), queries=str(query_set), engines=ENGINES)


def made(experiment: Experiment, runs: Path, watcher: Silent | None = None, **options: bool) -> RunFolder:
    return run(experiment, to_toml(experiment), runs, watcher or Silent(), **options)


def with_engine(experiment: Experiment, table: dict[str, object], **settings: float) -> Experiment:
    return msgspec.structs.replace(
        experiment, engines=(msgspec.convert(table, EngineSpec),), replay=Replay(k=5, warmup=0, **settings)
    )


def test_a_run_folder_holds_what_the_plan_says(experiment: Experiment, tmp_path: Path) -> None:
    """Experiment, manifest, sealed responses, exported runs, scores and reports are there, and readable."""
    folder = made(experiment, tmp_path / "runs")
    summary = rescore(folder)
    write_reports(folder, summary, "zh")
    names = {str(path.relative_to(folder.folder)) for path in folder.folder.rglob("*") if path.is_file()}
    assert {
        "experiment.toml",
        "manifest.json",
        "fts5/responses.jsonl.zst",
        "fts5/run.trec",
        "queryset/queries.jsonl",
        "documents.jsonl",
        "scores.parquet",
        "report.html",
        "report.xlsx",
        "report.md",
    } <= names
    assert "fts5/responses.jsonl" not in names
    assert folder.experiment_path.read_bytes() == to_toml(experiment)
    manifest = folder.manifest()
    assert manifest.finished
    assert manifest.corpus.size == 6
    record = manifest.engines["fts5"]
    assert record.index is not None
    assert record.index.bytes > 0
    assert not record.index.reused
    assert record.describe["fields"]
    assert 0 < record.baseline_memory_bytes < record.peak_memory_bytes


def test_scores_are_those_of_the_exported_run(experiment: Experiment, tmp_path: Path) -> None:
    """pytrec_eval gives the exported run the nDCG@10 that the summary shows."""
    pytrec_eval = pytest.importorskip("pytrec_eval")
    folder = made(experiment, tmp_path / "runs")
    summary = rescore(folder)
    qrels: dict[str, dict[str, int]] = {}
    perturbed = {query.id for query in folder.query_set().queries if query.parent}
    for judgment in folder.query_set().judgments:
        if judgment.query_id not in perturbed:
            qrels.setdefault(judgment.query_id, {})[judgment.doc_id] = judgment.grade
    for engine in summary.engines:
        ranked = read_run(folder.folder / engine.id / "run.trec", "trec_eval")
        scores: dict[str, dict[str, float]] = {}
        for query_id, doc_id, rank in ranked.iter_rows():
            scores.setdefault(query_id, {})[doc_id] = -float(rank)
        values = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut_10"}).evaluate(scores)
        mean = sum(value["ndcg_cut_10"] for value in values.values()) / len(qrels)
        assert engine.measures["nDCG@10"].value == pytest.approx(mean, abs=1e-9)


def test_a_query_in_one_site_gets_only_its_documents(experiment: Experiment, tmp_path: Path) -> None:
    """One text in the boxes of all sites and of each of two: the best result of each box is its own site's."""
    here = msgspec.structs.replace(QUERIES[0], id="here", scope="www.linlan.gov.example")
    there = msgspec.structs.replace(QUERIES[0], id="there", scope="www.qinglan.gov.example")
    judgments = (Judgment(query_id="here", doc_id="d1", grade=3), Judgment(query_id="there", doc_id="d2", grade=3))
    write_query_set(tmp_path / "scoped", (*QUERIES, here, there), (*JUDGMENTS, *judgments), CARD)
    scoped = msgspec.structs.replace(experiment, queries=str(tmp_path / "scoped"), replay=Replay(k=1, warmup=6))
    folder = made(scoped, tmp_path / "runs")
    all_sites = made(msgspec.structs.replace(experiment, name="all"), tmp_path / "runs")
    for engine in ENGINES:
        found = {r.query_id: [hit.doc_id for hit in r.hits] for r in folder.responses(engine)}
        assert (found["here"], found["there"], found["q3"]) == (["d1"], ["d2"], ["d4"])
        unscoped = {r.query_id: {hit.doc_id for hit in r.hits} for r in all_sites.responses(engine)}
        assert {"d1", "d2", "d5"} <= unscoped["q1"]


def test_a_finished_run_is_not_asked_again(experiment: Experiment, tmp_path: Path) -> None:
    """The same experiment again changes nothing; --fresh measures in a folder beside it, with the cached index."""
    first = made(experiment, tmp_path / "runs")
    before = first.manifest_path.read_bytes()
    watcher = Silent()
    assert made(experiment, tmp_path / "runs", watcher).folder == first.folder
    assert first.manifest_path.read_bytes() == before
    assert [name for name, _, _ in watcher.phases] == ["corpus · check"]
    second = made(experiment, tmp_path / "runs", fresh=True)
    assert second.folder == tmp_path / "runs" / "tiny-2"
    index = second.manifest().engines["fts5"].index
    assert index is not None
    assert index.reused
    third = made(experiment, tmp_path / "runs", fresh=True, reindex=True).manifest().engines["fts5"].index
    assert third is not None
    assert not third.reused


def test_another_experiment_is_not_mixed_in(experiment: Experiment, corpus: Path, tmp_path: Path) -> None:
    """A folder that holds a run on other data or settings is refused with what differs, and left alone."""
    folder = made(experiment, tmp_path / "runs")
    before = folder.manifest_path.read_bytes()
    with pytest.raises(RunFolderError, match="another experiment"):
        made(msgspec.structs.replace(experiment, seed=1), tmp_path / "runs")
    write_corpus(corpus, [*DOCUMENTS, msgspec.structs.replace(DOCUMENTS[0], id="d7")], CARD)
    with pytest.raises(RunFolderError, match=r"another corpus: .*--name.*--fresh"):
        made(experiment, tmp_path / "runs")
    assert folder.manifest_path.read_bytes() == before


def test_two_versions_of_an_engine_are_not_mixed(experiment: Experiment, tmp_path: Path) -> None:
    """A run that was broken off with one version of a library is not finished with another; one not begun is."""
    folder = made(experiment, tmp_path / "runs")
    manifest = folder.manifest()
    answers = [msgspec.json.encode(response) + b"\n" for response in folder.responses("fts5")]
    (folder.folder / "fts5" / "responses.jsonl.zst").unlink()
    old = msgspec.structs.replace(manifest.engines["fts5"], complete=False, versions={"sqlite": "0.1"})
    manifest.engines["fts5"] = old
    folder.write_manifest(msgspec.structs.replace(manifest, finished=False))
    folder.responses_path("fts5").write_bytes(answers[0])
    with pytest.raises(RunFolderError, match="another version of fts5"):
        made(experiment, tmp_path / "runs")
    folder.responses_path("fts5").unlink()
    assert made(experiment, tmp_path / "runs").manifest().engines["fts5"].versions != {"sqlite": "0.1"}


def test_a_folder_in_use_is_refused(experiment: Experiment, tmp_path: Path) -> None:
    """Two processes cannot run into one folder."""
    folder = RunFolder(tmp_path / "runs" / "tiny")
    with folder.locked(), pytest.raises(RunFolderError, match="in use by another tongcha process"):
        made(experiment, tmp_path / "runs")


def test_bad_data_leaves_no_folder(experiment: Experiment, corpus: Path, tmp_path: Path) -> None:
    """A query set that does not fit the corpus is refused before anything is written."""
    write_corpus(corpus, DOCUMENTS[:3], CARD)
    with pytest.raises(QuerySetFormatError, match="does not hold"):
        made(experiment, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_broken_off_replay_goes_on_where_it_was(experiment: Experiment, tmp_path: Path) -> None:
    """With two answers kept and a third cut in the middle of its line, only the rest is asked."""
    whole = made(experiment, tmp_path / "whole")
    part = made(experiment, tmp_path / "part")
    responses = part.responses("fts5")
    (part.folder / "fts5" / "responses.jsonl.zst").unlink()
    lines = [msgspec.json.encode(response) for response in responses]
    part.responses_path("fts5").write_bytes(lines[0] + b"\n" + lines[1] + b"\n" + lines[2][:30])
    manifest = part.manifest()
    manifest.engines["fts5"] = msgspec.structs.replace(manifest.engines["fts5"], complete=False)
    part.write_manifest(msgspec.structs.replace(manifest, finished=False))
    watcher = Silent()
    part = made(experiment, tmp_path / "part", watcher)
    assert ("fts5 · replay", 4, 2) in watcher.phases
    again = part.responses("fts5")
    assert again[:2] == responses[:2]
    assert [(r.query_id, r.hits) for r in again] == [(r.query_id, r.hits) for r in whole.responses("fts5")]
    assert len(part.manifest().sessions) == 2


@pytest.mark.slow
def test_a_killed_run_ends_like_an_unbroken_one(experiment: Experiment, tmp_path: Path) -> None:
    """`kill -9` in replay, then the same command: rankings and scores are those of an uninterrupted run."""
    slow = msgspec.structs.replace(experiment, replay=Replay(rate_per_s=2.0, warmup=0))
    path = tmp_path / "tiny.toml"
    path.write_bytes(to_toml(slow))
    command = [sys.executable, "-c", "from bench.cli import main; main()", "run", str(path), "--runs"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)
    process = subprocess.Popen([*command, str(tmp_path / "part")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = RunFolder(tmp_path / "part" / "tiny")
    deadline = time.monotonic() + 60
    while not (part.responses_path("fts5").is_file() and part.responses_path("fts5").read_bytes().count(b"\n") >= 2):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = part.responses_path("fts5").read_bytes().count(b"\n")
    assert 2 <= kept < 4
    subprocess.run([*command, str(tmp_path / "part")], check=True, capture_output=True)
    whole = RunFolder(tmp_path / "whole" / "tiny")
    for engine in ENGINES:
        assert (part.folder / engine / "run.trec").read_bytes() == (whole.folder / engine / "run.trec").read_bytes()
        ours, theirs = ({e.id: e for e in rescore(folder).engines}[engine] for folder in (part, whole))
        assert (ours.found, ours.accurate, ours.measures) == (theirs.found, theirs.accurate, theirs.measures)


@pytest.mark.parametrize(
    ("cue", "outcome", "detail"),
    [
        ("raise", "failed", "ValueError: boom"),
        ("block", "blocked", "captcha"),
        ("unsupported", "unsupported", "no typos"),
        ("empty", "empty", ""),
        ("die", "failed", "its process died (exit code 9)"),
    ],
)
def test_each_way_to_give_no_answer_has_its_own_name(
    cue: str,
    outcome: str,
    detail: str,
    experiment: Experiment,
    faulty: Callable[..., dict[str, object]],
    tmp_path: Path,
) -> None:
    """One query fails in its own way, even by ending the process; the others are answered."""
    folder = made(with_engine(experiment, faulty(cue=cue)), tmp_path / "runs")
    rescore(folder)
    by_query = {response.query_id: response for response in folder.responses("faulty")}
    assert [by_query[query_id].outcome for query_id in ("q1", "q2", "q3")] == ["answered"] * 3
    assert (by_query["q4"].outcome, by_query["q4"].detail) == (outcome, detail)
    enters = pl.read_parquet(folder.folder / "scores.parquet").filter(
        pl.col("query") == "q4", pl.col("measure") == "RR"
    )
    assert (enters["value"].null_count() == 1) == (outcome in ("blocked", "unsupported"))


def test_a_hanging_query_is_a_timeout(
    experiment: Experiment,
    faulty: Callable[..., dict[str, object]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An engine that hangs is ended; the query counts as a timeout and the rest is answered by a new process."""
    monkeypatch.setattr(replay, "GRACE_S", 0.2)
    folder = made(with_engine(experiment, faulty(cue="hang", on="身份证"), timeout_s=0.3), tmp_path / "runs")
    outcomes = {response.query_id: response.outcome for response in folder.responses("faulty")}
    assert outcomes == {"q1": "answered", "q2": "timeout", "q3": "answered", "q4": "answered"}
    slow = next(response for response in folder.responses("faulty") if response.query_id == "q2")
    assert slow.latency_ms >= 300


def test_an_answer_after_the_timeout_is_a_timeout(
    experiment: Experiment, faulty: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    """An answer that comes too late scores nothing, and its hits are not kept."""
    folder = made(with_engine(experiment, faulty(cue="slow"), timeout_s=0.2), tmp_path / "runs")
    late = folder.responses("faulty")[-1]
    assert (late.outcome, late.hits) == ("timeout", ())
    assert late.took_ms >= 400


@pytest.mark.parametrize(
    ("cue", "says"),
    [
        ("twice", "returned document 'd1' more than once for query 'q4'"),
        ("unknown", "returned document 'd99', which the corpus does not hold for query 'q4'"),
        ("many", "returned 6 hits where 5 were wanted, for query 'q4'"),
        ("elsewhere", "returned document 'd2' of site 'www.qinglan.gov.example' in place of 'www.linlan.gov.example'"),
    ],
)
def test_answers_that_break_the_rules_are_refused(
    cue: str, says: str, experiment: Experiment, faulty: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    """Such an engine is not scored: the manifest names engine, query and document, and the run is not finished."""
    watcher = Silent()
    on = "社会保障卡" if cue == "elsewhere" else "题取"
    folder = made(with_engine(experiment, faulty(cue=cue, on=on)), tmp_path / "runs", watcher)
    record = folder.manifest().engines["faulty"]
    assert says in record.problem
    assert not record.complete
    assert any(says in note for note in watcher.notes)
    assert rescore(folder).engines[0].found is None


@pytest.mark.parametrize(
    ("build", "says"), [("raise", "ValueError: cannot swallow d1"), ("die", "its process died (exit code 7)")]
)
def test_an_engine_that_cannot_index_costs_only_itself(
    build: str, says: str, experiment: Experiment, faulty: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    """The other engines are run and scored, and nothing half-built stays in the cache."""
    table = msgspec.convert(faulty(build=build), EngineSpec)
    folder = made(msgspec.structs.replace(experiment, engines=(table, "fts5")), tmp_path / "runs")
    manifest = folder.manifest()
    assert says in manifest.engines["faulty"].problem
    assert manifest.engines["fts5"].complete
    assert not manifest.finished
    assert [path.name.split("-")[0] for path in (tmp_path / "cache" / "indexes").iterdir()] == ["fts5"]


def test_an_open_loop_counts_from_the_timetable(
    experiment: Experiment, faulty: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    """At 10 queries a second, one that takes .4 s makes the next ones wait, and their latency says so."""
    folder = made(with_engine(experiment, faulty(cue="slow", on="公积金提取"), rate_per_s=10.0), tmp_path / "runs")
    first, second = folder.responses("faulty")[:2]
    assert second.scheduled_at - first.scheduled_at == pytest.approx(0.1, abs=0.001)
    assert second.latency_ms == pytest.approx(300, abs=60)
    assert second.took_ms < 100


def test_copies_that_the_corpus_names_are_kept_and_counted_once(
    experiment: Experiment, corpus: Path, tmp_path: Path
) -> None:
    """With all documents one group, one hit of every answer counts and no other; the report says so."""
    group = Copies(group="g1", kind="near", doc_ids=tuple(document.id for document in DOCUMENTS))
    write_jsonl(corpus / COPIES_FILE, [group])
    folder = made(experiment, tmp_path / "once")
    assert folder.copies() == (group,)
    summary = rescore(folder)
    assert summary.copies == 1
    assert summary.engines[0].measures["P@5"].value == pytest.approx(1 / 5)
    write_reports(folder, summary, "en")
    assert "names 1 groups of pages that say the same" in (folder.folder / "report.md").read_text(encoding="utf-8")


def test_copies_that_the_corpus_does_not_hold_are_refused(experiment: Experiment, corpus: Path, tmp_path: Path) -> None:
    write_jsonl(corpus / COPIES_FILE, [Copies(group="g1", kind="exact", doc_ids=(DOCUMENTS[0].id, "nowhere"))])
    with pytest.raises(CorpusFormatError, match=r"duplicates.jsonl names 1 documents .*'nowhere' first"):
        made(experiment, tmp_path / "runs")
