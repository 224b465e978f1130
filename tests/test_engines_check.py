"""`tongcha engines check`: whether an engine keeps its promises here."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench.cli import app
from indexers.conformance import CHECKS
from tests.portal_emulator.collection import Backend
from tests.portal_emulator.server import Emulator


def check(*arguments: str, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["engines", "check", *arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.stdout, result.stderr


def test_an_engine_that_keeps_its_promises_is_told_so() -> None:
    """Every promise is listed as kept, with the engine's versions in the last line."""
    shown, _ = check("fts5")
    *promises, last = shown.splitlines()
    assert len(promises) == len(CHECKS)
    assert all(line.startswith("kept") for line in promises)
    assert last.startswith("fts5 (sqlite ")
    assert last.endswith(f"{len(CHECKS)} of {len(CHECKS)} promises kept")


def test_a_broken_promise_is_shown_and_ends_with_1(faulty: Callable[..., dict[str, object]]) -> None:
    """The promise, and what was seen in its place."""
    faulty()
    shown, _ = check("faulty", code=1)
    assert "BROKEN  Searching before building raises an `IndexerError`" in shown
    found = json.loads(check("faulty", "--json", code=1)[0])
    broken = {one["promise"]: one["broken"] for one in found["promises"] if one["broken"]}
    assert "never built gave" in broken["names_a_missing_index"]
    assert len(found["promises"]) == len(CHECKS)


def test_options_reach_the_engine() -> None:
    """As TOML where they are, else as text; a mistake is one line."""
    shown = json.loads(check("bm25s", "-o", "k1=0.9", "-o", "tokens=bigrams", "--json")[0])
    assert shown["describe"]["ranking"]["k1"] == 0.9
    assert shown["describe"]["tokenizer"]["kind"] == "bigrams"
    _, told = check("bm25s", "-o", "k9=1", code=1)
    assert "unknown option 'k9'" in told
    assert "write it as key=value" in check("bm25s", "-o", "k1", code=2)[1]


@pytest.mark.parametrize("json_too", [False, True])
def test_a_portal_is_asked_one_question(tmp_path: Path, json_too: bool) -> None:
    """Its results are listed; nothing is built."""
    with closing(Backend(tmp_path)) as backend, Emulator(backend) as emulator:
        portal = ("http_portal", "-o", "preset=hunan", "-o", f"url={emulator.url}", "-o", 'values={ id = "0" }')
        shown, _ = check(*portal, "--query", "公积金贷款", *(["--json"] if json_too else []))
        gone, told = check(*portal[:3], "-o", "url=http://127.0.0.1:1", "-o", 'values={ id = "0" }', code=1)
    if json_too:
        hits = json.loads(shown)["hits"]
        assert len(hits) == 10
        assert hits[0]["title"]
    else:
        assert shown.splitlines()[-1] == "http_portal: 10 results for 公积金贷款"
    assert gone == ""
    assert len(told.splitlines()) == 1
