"""`tongcha corpus import` as users meet it, and hostile titles on every page that shows them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from bench.cli import app
from corpora.model import Document
from corpora.store import open_corpus, write_corpus
from queries.model import Judgment, Query
from queries.store import write_query_set
from tests.conftest import CARD

ROOT = Path(__file__).parent.parent
FORMULA = "=cmd|'/c calc'!A1"
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def tongcha(*arguments: str, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    return result.stdout, result.stderr


def test_an_import_says_what_became_of_every_item() -> None:
    """The summary counts documents and reasons, with the first item and the remedy of each; the corpus is usable."""
    Path("a.csv").write_text("id,标题,正文\n1,题,文\n1,又,文\n2,,\n")
    shown, _ = tongcha("corpus", "import", "a.csv", "--out", "out", "--site", "a.gov.example")
    first, *others = shown.splitlines()
    assert first == "out: 1 documents from csv, 2 items skipped"
    assert others[0] == "  1 × duplicate-id: an earlier document has the same id; the first is kept; first: 1 (又)"
    assert "out/import.json" in others[-1]
    assert "documents: 1" in tongcha("corpus", "info", "out")[0]
    assert [document.site for document in open_corpus("out")] == ["a.gov.example"]


def test_an_import_as_json_is_the_report() -> None:
    """`--json` prints what stands in import.json."""
    Path("a.csv").write_text("甲,乙\n题,文\n")
    shown, _ = tongcha("corpus", "import", "a.csv", "-o", "out", "--map", "甲=title", "--map", "乙=body", "--json")
    assert json.loads(shown) == json.loads(Path("out/import.json").read_bytes())
    assert json.loads(shown)["fields"] == {"甲": "title", "乙": "body"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.csv"], "no file or folder 'nowhere.csv'"),
        (["a.csv", "--format", "cvs"], "no format 'cvs' (did you mean 'csv'"),
        (["a.csv", "--map", "标体=title"], "no column '标体' (did you mean '标题'?)"),
        (["a.csv", "--map", "标题"], "write COLUMN=FIELD"),
        (["ir_datasets:no/such"], "ir_datasets"),
    ],
)
def test_a_mistake_ends_in_one_line(arguments: list[str], says: str) -> None:
    """Exit code 1, nothing on standard output, one line that says what to do, nothing written."""
    Path("a.csv").write_text("标题,正文\n题,文\n")
    out, err = tongcha("corpus", "import", *arguments, "--out", "out", code=1)
    assert (out, err.count("\n")) == ("", 1)
    assert says in err
    assert not Path("out/documents.jsonl").exists()


def test_an_interrupted_import_leaves_no_corpus() -> None:
    """Ctrl-C during an import ends with 130 and leaves neither a corpus nor a temporary file."""
    os.mkfifo("endless.jsonl")
    code = "from bench.cli import main; main()"
    arguments = ["corpus", "import", "endless.jsonl", "--format", "tongcha", "--out", "out"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    with contextlib.suppress(BrokenPipeError), Path("endless.jsonl").open("wb", buffering=0) as pipe:
        for number in range(1_000_000):  # until the import ends and nobody reads any more
            pipe.write(b'{"id": "%d", "title": "t"}\n' % number)
            if number == 500:
                process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert errors == "tongcha: interrupted; run the same command again to go on\n"
    assert list(Path("out").iterdir()) == []


def test_formulas_and_scripts_in_titles_stay_text_in_every_export() -> None:
    """From the import to the converted corpus and the reports, a title is text: no cell is a formula, no tag is one."""
    rows = [Document(id="d1", title=FORMULA, body=f"公积金 {SCRIPT}"), Document(id="d2", title=SCRIPT, body="身份证")]
    write_corpus(Path("source"), rows, CARD)
    tongcha("corpus", "import", "source", "--out", "corpus")
    tongcha("corpus", "convert", "corpus", "beir", "--to", "beir")
    for folder in ("corpus", "beir"):
        assert [document.title for document in open_corpus(folder)] == [FORMULA, SCRIPT]
    texts = ["@SUM(A1) 天气", f"{SCRIPT}天气", FORMULA]
    queries = [Query(id=f"q{number}", text=text) for number, text in enumerate(texts, 1)]
    judgments = [Judgment(query_id=f"q{number}", doc_id=f"d{1 + number % 2}", grade=3) for number in (1, 2, 3)]
    write_query_set(Path("queries"), queries, judgments, CARD)
    tongcha("run", "--corpus", "beir", "--queries", "queries", "--engine", "fts5")
    book = openpyxl.load_workbook("runs/beir/report.xlsx")
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert FORMULA in [cell.value for cell in cells]
    with zipfile.ZipFile("runs/beir/report.xlsx") as packed:
        sheets = [packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/")]
    assert not any(b"<f>" in sheet or b"<f " in sheet for sheet in sheets)
    for name in ("report.html", "report.md"):
        report = Path("runs/beir", name).read_text()
        assert SCRIPT not in report
        assert "&lt;script&gt;" in report
