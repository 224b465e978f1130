"""The command line: what it prints, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli import app

ROOT = Path(__file__).parent.parent

VERBS = (
    "run",
    "score",
    "report",
    "engines",
    "engines check",
    "audit-coverage",
    "corpus info",
    "corpus import",
    "corpus audit",
    "corpus convert",
    "queries info",
    "queries convert",
)

TONGCHA = [sys.executable, "-c", "from bench.cli import main; main()"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def tongcha(*arguments: str, code: int = 0) -> str:
    """Run a command and return its standard output; the exit code must be `code`."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.stdout


def refused(*arguments: str) -> str:
    """Run a command that a user got wrong and return its one line on standard error."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def test_help_and_docs_know_every_verb() -> None:
    """Every verb has help that says what it does, offers --json, and stands in the documentation."""
    docs = "".join(path.read_text() for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    for verb in VERBS:
        shown = tongcha(*verb.split(), "--help")
        assert "--json" in shown
        assert f"tongcha {verb}" in docs, verb


def test_the_version_is_that_of_the_distribution() -> None:
    """`--version` prints name and version."""
    assert re.fullmatch(r"tongcha \d+\.\d+\.\d+\n", tongcha("--version"))


def test_engines_are_listed_with_state() -> None:
    """Each engine is listed, and the JSON carries versions and set-ups."""
    assert "whoosh" in tongcha("engines")
    states = {state["id"]: state for state in json.loads(tongcha("engines", "--json"))}
    assert states["tantivy"]["installed"]
    assert "tantivy-bigrams" in states["tantivy"]["setups"]


def test_a_run_prints_its_table(corpus: Path, query_set: Path) -> None:
    """The common case without a file: corpus, queries and engines give the final table and the reports."""
    shown = tongcha("run", "--corpus", str(corpus), "--queries", str(query_set), "--engine", "fts5,fts5-trigram")
    header = next(line for line in shown.splitlines() if line.startswith("Engine"))
    for column in (
        "Found",
        "Fast",
        "Accurate",
        "nDCG@10",
        "P@5",
        "R@100",
        "RR",
        "p50 ms",
        "p95 ms",
        "Index s",
        "Peak memory",
    ):
        assert column in header
    assert "fts5-trigram" in shown
    assert Path("runs/corpus/report.html").is_file()
    assert tongcha("report", "runs/corpus", "--lang", "en").split() == [
        "runs/corpus/report.html",
        "runs/corpus/report.xlsx",
        "runs/corpus/report.md",
    ]
    assert "Portal search report" in Path("runs/corpus/report.md").read_text()


def test_a_run_is_scored_again_from_its_folder_alone(corpus: Path, query_set: Path, tmp_path: Path) -> None:
    """With corpus, queries and indexes gone and the folder moved, scores are the same; other measures can be asked."""
    first = json.loads(
        tongcha("run", "--corpus", str(corpus), "--queries", str(query_set), "--engine", "fts5", "--json")
    )
    for gone in (corpus, query_set, tmp_path / "cache"):
        gone.rename(gone.with_name(gone.name + "-gone"))
    Path("runs/corpus").rename("elsewhere")
    again = json.loads(tongcha("score", "elsewhere", "--json"))
    assert again == first
    asked = json.loads(tongcha("score", "elsewhere", "--json", "-m", "P(rel=3)@1"))
    assert list(asked["engines"][0]["measures"]) == ["P(rel=3)@1"]


def test_a_trec_run_is_scored_in_trec_evals_lines(tmp_path: Path) -> None:
    """Lines of measure, query and value, the mean last; the missing query counts as 0, the unjudged one not at all."""
    Path("qrels").write_text("q1 0 a 1\nq1 0 b 0\nq2 0 c 2\n")
    Path("run").write_text("q1 Q0 b 1 9 x\nq1 Q0 a 2 8 x\nq3 Q0 a 1 1 x\n")
    result = CliRunner().invoke(app, ["score", "--qrels", "qrels", "--run", "run", "-m", "recip_rank", "-m", "P@1"])
    assert result.stdout.splitlines() == [
        "RR\tq1\t0.5000",
        "P@1\tq1\t0.0000",
        "RR\tq2\t0.0000",
        "P@1\tq2\t0.0000",
        "RR\tall\t0.2500",
        "P@1\tall\t0.0000",
    ]
    assert "1 queries of run have no judgments" in result.stderr
    assert json.loads(tongcha("score", "--qrels", "qrels", "--run", "run", "-m", "RR", "--json"))["queries"] == {
        "q1": {"RR": 0.5},
        "q2": {"RR": 0.0},
    }


def test_ties_follow_trec_eval_only_when_asked() -> None:
    """Equal scores keep the file's order, or go by document id descending."""
    Path("qrels").write_text("q1 0 a 1\n")
    Path("run").write_text("q1 Q0 a 1 5 x\nq1 Q0 b 2 5 x\n")
    command = ("score", "--qrels", "qrels", "--run", "run", "-m", "RR", "--mean-only")
    assert tongcha(*command) == "RR\tall\t1.0000\n"
    assert tongcha(*command, "--ties", "trec_eval") == "RR\tall\t0.5000\n"


def test_a_ranx_run_is_scored_like_a_trec_run() -> None:
    """A `.json` run, query → document → score, gives the same value."""
    Path("qrels").write_text("q1 0 a 1\n")
    Path("run.json").write_text('{"q1": {"b": 2.0, "a": 1.5}}')
    assert tongcha("score", "--qrels", "qrels", "--run", "run.json", "-m", "RR", "--mean-only") == "RR\tall\t0.5000\n"


def test_collections_are_converted_both_ways(corpus: Path, query_set: Path) -> None:
    """Tongcha → BEIR → tongcha gives the same corpus; query sets go through BEIR and TREC."""
    tongcha("corpus", "convert", str(corpus), "beir", "--to", "beir")
    tongcha("corpus", "convert", "beir", "back")
    assert Path("back/documents.jsonl").read_bytes() == (corpus / "documents.jsonl").read_bytes()
    hashes = {json.loads(tongcha("corpus", "info", str(f), "--json"))["content_hash"] for f in (corpus, "beir", "back")}
    assert len(hashes) == 1
    tongcha("queries", "convert", str(query_set), "q-beir", "--to", "beir")
    tongcha("queries", "convert", "q-beir", "q-trec", "--to", "trec")
    info = json.loads(tongcha("queries", "info", "q-trec", "--json"))
    assert (info["queries"], info["judgments"], info["grades"]) == (4, 7, {"3": 4, "1": 1, "0": 2})


def beir(tmp_path: Path, **files: str | bytes) -> Path:
    """Write a small BEIR folder with some of its files replaced."""
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    contents: dict[str, str | bytes] = {
        "corpus.jsonl": '{"_id": "d1", "title": "公积金", "text": "提取"}\n',
        "queries.jsonl": '{"_id": "q1", "text": "公积金"}\n',
        "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t1\n",
        **{
            name.replace("__", "/").replace("_jsonl", ".jsonl").replace("_tsv", ".tsv"): text
            for name, text in files.items()
        },
    }
    for name, text in contents.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"corpus_jsonl": ""}, "corpus.jsonl: the corpus is empty: it must hold at least one document"),
        (
            {"corpus_jsonl": '{"_id": "d1"}\n{"_id": "d1"}\n'},
            "corpus.jsonl line 2: document id 'd1' is already used on line 1: ids must be unique",
        ),
        ({"corpus_jsonl": '{"_id": "d1"}\n{"_id"\n'}, "corpus.jsonl line 2: broken JSON"),
        (
            {"qrels__test_tsv": "q1\td9\t1\n"},
            "1 documents that corpus 'beir' does not hold ('d9'): use the corpus that",
        ),
        (
            {"queries_jsonl": '{"_id": "q1", "text": "公积金"}\n'.encode("gbk")},
            "queries.jsonl line 1: not UTF-8 but GBK/GB18030 text: convert the file with `iconv -f GB18030 -t UTF-8`",
        ),
    ],
)
def test_bad_collections_are_told_in_one_line(files: dict[str, str | bytes], says: str, tmp_path: Path) -> None:
    """Each fault is one line with the item and the remedy; the exit code is 1 and no run folder appears."""
    folder = beir(tmp_path, **files)
    line = refused("run", "--corpus", str(folder), "--queries", str(folder), "--engine", "fts5")
    assert says in line
    assert line.count("\n") == 1
    assert not Path("runs").exists()


def test_a_measure_that_the_grades_do_not_fit_is_told_before_replay(tmp_path: Path) -> None:
    """Grades of 0 to 10 are scored with the usual measures; ERR@10 by name is refused before any engine is built."""
    folder = beir(tmp_path, qrels__test_tsv="q1\td1\t10\n")
    Path("x.toml").write_text(
        f"corpus='{folder}'\nqueries='{folder}'\nengines=['fts5']\n[scoring]\nmeasures=['ERR@10']\n"
    )
    assert "ERR@10: there are grades up to 10, above its scale; write ERR(max_rel=10)" in refused("run", "x.toml")
    assert not Path("runs").exists()
    shown = json.loads(tongcha("run", "--corpus", str(folder), "--queries", str(folder), "--engine", "fts5", "--json"))
    assert "ERR(max_rel=10)@10" in shown["engines"][0]["measures"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("run", "nowhere.toml"), "nowhere.toml: cannot read the experiment file (No such file or directory)"),
        (
            ("run", "--corpus", "nowhere", "--queries", "demo"),
            "nowhere': give a folder, or 'demo' for the bundled corpus",
        ),
        (("run", "--engine", "tantviy"), "no engine 'tantviy'. Did you mean tantivy"),
        (("run", "--name", "../up"), "name '../up' cannot name a folder: use letters, digits, '.', '_' and '-'"),
        (("score", "nowhere"), "no run folder 'nowhere'"),
        (("report", "."), ". is no run folder: it has no manifest.json"),
        (("score", "--qrels", "q", "--run", "r"), "q: no such file"),
        (("score", "--qrels", "good", "--run", "r"), "r: no such file"),
        (("score", "--qrels", "good", "--run", "good"), "good"),
        (
            ("score", "--qrels", "good", "--run", "r", "-m", "nDGC@10"),
            "'nDGC@10': not a measure (did you mean 'nDCG@10'?)",
        ),
        (("corpus", "info", "."), "holds no corpus: it needs documents.jsonl (tongcha) or corpus.jsonl (BEIR)"),
        (("queries", "info", "good"), "no query set folder 'good'"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments: tuple[str, ...], says: str) -> None:
    """A mistake on the command line is one line that names the item; nothing is written."""
    Path("good").write_text("q1 0 a 1\n")
    line = refused(*arguments)
    assert says in line
    assert line.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir() if path.name != "cache") == ["good"]


def test_all_mistakes_of_an_experiment_are_told_together() -> None:
    """Unknown keys, an unknown engine and an unknown measure come in one go, a line each."""
    Path("x.toml").write_text("corpsu = 'a'\nengine = 'b'\nengines = ['bm52s']\n[scoring]\nmeasures = ['P@five']\n")
    lines = refused("run", "x.toml").splitlines()
    assert len(lines) == 4
    assert [word for word in ("corpsu", "'engine'", "bm52s", "P@five") if not any(word in line for line in lines)] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "x.toml", "--corpus", "demo", "--queries", "demo"),
        ("run", "--corpus", "demo"),
        ("score",),
        ("score", "--run", "r"),
    ],
)
def test_contradicting_options_are_a_usage_error(arguments: tuple[str, ...]) -> None:
    """Options that do not go together end with exit code 2."""
    assert CliRunner().invoke(app, list(arguments)).exit_code == 2


def test_an_engine_that_fails_fails_the_command(
    corpus: Path, query_set: Path, faulty: Callable[..., dict[str, object]]
) -> None:
    """The table of the others is printed, the failed engine is named, and the exit code says it."""
    faulty()
    Path("x.toml").write_text(
        f"corpus = '{corpus}'\nqueries = '{query_set}'\n"
        "engines = ['fts5', {id = 'faulty', options = {build = 'raise'}}]\n"
    )
    shown = tongcha("run", "x.toml", code=1)
    assert "faulty: not completed, engine 'faulty' cannot index the corpus: ValueError: cannot swallow d1" in shown
    assert re.search(r"^fts5 +\S", shown, re.MULTILINE)


def test_an_interrupt_is_not_an_error(corpus: Path, query_set: Path) -> None:
    """Ctrl-C ends with 130 and one line that says how to go on, in every process of the group."""
    Path("x.toml").write_text(f"corpus='{corpus}'\nqueries='{query_set}'\nengines=['fts5']\n[replay]\nrate_per_s=0.2\n")
    process = subprocess.Popen(
        [*TONGCHA, "run", "x.toml"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    responses = Path("runs/x/fts5/responses.jsonl")
    deadline = time.monotonic() + 60
    while not (responses.is_file() and responses.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "tongcha: interrupted; run the same command again to go on"
    assert "Traceback" not in errors


def test_a_terminal_without_chinese_is_no_failure() -> None:
    """Where the encoding has no Chinese, the command works and shows question marks."""
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    shown = subprocess.run([*TONGCHA, "--help"], capture_output=True, env=environment, check=True).stdout
    assert b"??: measure whether search on Chinese government portals" in shown


def test_help_imports_nothing_heavy() -> None:
    """`--help` loads no engine, no numpy, no polars: it is there at once."""
    code = (
        "import sys; from bench.cli import app\n"
        "heavy = {'numpy', 'polars', 'scipy', 'jieba', 'rjieba', 'whoosh', 'tantivy', 'bm25s', 'jinja2', 'msgspec'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_bundled_collection_is_used_by_name() -> None:
    """`demo` names the bundled corpus and query set; they are built once into the cache."""
    corpus = json.loads(tongcha("corpus", "info", "demo", "--json"))
    queries = json.loads(tongcha("queries", "info", "demo", "--json"))
    assert corpus["documents"] >= 400
    assert queries["judged_queries"] >= 120
    assert corpus["version"]
    assert queries["version"]
