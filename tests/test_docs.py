"""What the documentation shows works as shown."""

import re
from pathlib import Path

import msgspec

from bench.experiment import read_experiment
from corpora.model import Document
from queries.model import Judgment, Query

ROOT = Path(__file__).parent.parent


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)


def test_the_records_in_the_formats_page_are_records() -> None:
    """Documents, queries and judgments stand there as tongcha reads them."""
    document, queries, judgments = blocks("docs/formats.md", "json")
    assert msgspec.json.decode(document, type=Document).region == "云川省/临澜市"
    assert [msgspec.json.decode(line, type=Query).parent for line in queries.splitlines()] == ["", "q1"]
    assert [msgspec.json.decode(line, type=Judgment).grade for line in judgments.splitlines()] == [3, 0]


def test_the_experiment_in_the_docs_runs(tmp_path: Path) -> None:
    """Every key of the documented experiment is known and every engine and measure in it exists."""
    (text,) = blocks("docs/experiments.md", "toml")
    path = tmp_path / "documented.toml"
    path.write_text(text)
    experiment, _ = read_experiment(path)
    assert (experiment.name, len(experiment.contestants())) == ("gongjijin", 3)


def test_both_readmes_give_the_same_two_commands() -> None:
    """Exactly two commands install and run, in English and in Chinese; .ci/run takes them from the README."""
    commands = [
        re.findall(r"^\$\(command .*", (ROOT / page).read_text(), re.MULTILINE)
        for page in ("README.md", "README.zh-CN.md")
    ]
    assert commands[0] == commands[1]
    assert [command.rsplit(" && ", 1)[1] for command in commands[0]] == [".venv/bin/tongcha run", ".venv/bin/pytest"]


def test_links_in_the_docs_lead_somewhere() -> None:
    """Every relative link of every page names a file that is there."""
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)
