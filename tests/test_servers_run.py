"""Runs with an engine on a real server: nothing of its address is kept, a lost index is built again."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("redis")
import redis

from bench.results import RunFolder
from indexers.registry import REDACTED
from tests.servers import Running, require
from tests.servers import redisearch as server

pytestmark = pytest.mark.server

TONGCHA = [sys.executable, "-c", "from bench.cli import main; main()"]

EXPERIMENT = """
corpus = "{corpus}"
queries = "{queries}"

[[engines]]
id = "literal"
use = "redisearch"
options = {{ url = "{url}", password = "{password}" }}

[[engines]]
id = "named"
use = "redisearch"
options = {{ url = "env:RS_URL", password = "env:RS_PASSWORD", title_boost = 3 }}

[[engines]]
id = "fts5"
"""


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    require(server.missing())
    with server.started(tmp_path / "server") as running:
        monkeypatch.setenv("RS_URL", running.url)
        monkeypatch.setenv("RS_PASSWORD", server.PASSWORD)
        yield running


@pytest.fixture
def experiment(running: Running, corpus: Path, query_set: Path, tmp_path: Path) -> Path:
    path = tmp_path / "servers.toml"
    text = EXPERIMENT.format(corpus=corpus, queries=query_set, url=running.url, password=server.PASSWORD)
    path.write_text(text, encoding="utf-8")
    return path


def run(experiment: Path, folder: Path, *more: str, code: int = 0) -> str:
    command = [*TONGCHA, "run", str(experiment), "--name", folder.name, *more]
    done = subprocess.run(command, cwd=folder.parent, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def indexes(running: Running) -> list[str]:
    with redis.Redis.from_url(running.url, password=server.PASSWORD, decode_responses=True) as client:
        return sorted(client.execute_command("FT._LIST"))


def test_nothing_of_address_and_password_is_kept(
    experiment: Path, running: Running, cache: Path, tmp_path: Path
) -> None:
    """Neither in the run folder, nor in the cache, nor in what is said; memory and size are the server's or none."""
    said = run(experiment, tmp_path / "first")
    folder = RunFolder(tmp_path / "runs" / "first")
    engines = folder.manifest().engines
    assert engines["literal"].options["password"] == REDACTED
    assert engines["named"].options["url"] == "env:RS_URL"
    assert engines["literal"].track == "same-corpus"
    assert engines["literal"].peak_memory_bytes == 0
    index = engines["literal"].index
    assert index is not None
    assert index.bytes > 1000
    assert {response.outcome for response in folder.responses("literal")} == {"answered"}
    files = [path for place in (folder.folder, cache) for path in place.rglob("*") if path.is_file()]
    assert len(files) > 10
    for secret in (server.PASSWORD, running.url, running.url.removeprefix("redis://")):
        assert [path for path in files if secret.encode() in path.read_bytes()] == []
        assert secret not in said


def test_an_index_that_the_server_lost_is_built_again(experiment: Path, running: Running, tmp_path: Path) -> None:
    """Once; what is there is used again, and what is built anew leaves nothing behind."""
    run(experiment, tmp_path / "first")
    held = indexes(running)
    assert len(held) == 2
    run(experiment, tmp_path / "second")
    assert indexes(running) == held
    with redis.Redis.from_url(running.url, password=server.PASSWORD) as client:
        client.execute_command("FT.DROPINDEX", held[0], "DD")
    run(experiment, tmp_path / "third")
    assert len(indexes(running)) == 2
    assert held[1] in indexes(running)
    manifest = RunFolder(tmp_path / "runs" / "third").manifest()
    assert sorted(record.index.reused for record in manifest.engines.values() if record.index) == [False, True, True]


def test_a_server_that_is_gone_fails_alone(experiment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other engines are run and reported; the message names the variable and not what it holds."""
    monkeypatch.setenv("RS_URL", "redis://127.0.0.1:1")
    said = run(experiment, tmp_path / "gone", code=1)
    assert "RediSearch does not answer at what env:RS_URL holds" in said
    assert "127.0.0.1:1" not in said.replace(f"{tmp_path}", "")
    manifest = RunFolder(tmp_path / "runs" / "gone").manifest()
    assert {name: record.complete for name, record in manifest.engines.items()} == {
        "literal": True,
        "named": False,
        "fts5": True,
    }
