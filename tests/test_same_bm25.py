"""Engines that claim the same BM25 over the same tokens agree on real questions."""

import itertools
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bench.experiment import Experiment, to_toml
from bench.rescore import rescore
from bench.run import run
from indexers.registry import EngineSetup, create, installed_setups, resolve, status
from indexers.segment import Analyzer
from tests.servers import require
from tests.serving import missing, names, serving
from tests.test_run import Silent

NCP = Path(__file__).parent.parent.parent / "shared" / "data" / "ncp"
WITHIN = 0.01

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not NCP.is_dir(), reason="the shared data folder is not beside the project"),
]


def claims_it(setup: EngineSetup, folder: Path) -> bool:
    """Tell whether a set-up says that it ranks our words, in one field, by the common BM25."""
    with closing(create(setup, folder)) as index:
        said: dict[str, Any] = index.describe()
    return (
        {"name": "BM25", "k1": 1.2, "b": 0.75}.items() <= said.get("ranking", {}).items()
        and said["tokenizer"] == Analyzer().describe()
        and said.get("field_model", "combined") == "combined"
    )


def accuracy(setups: list[EngineSetup], folder: Path) -> dict[str, float]:
    """Return the nDCG@10 of set-ups over the real questions."""
    experiment = Experiment(name="same", corpus=str(NCP), queries=str(NCP), engines=tuple(setup.id for setup in setups))
    summary = rescore(run(experiment, to_toml(experiment), folder / "runs", Silent()))
    assert summary.finished, [engine.problem for engine in summary.engines]
    found = {engine.id: engine.measures["nDCG@10"].value for engine in summary.engines}
    return {name: value for name, value in found.items() if value is not None}


def apart(values: dict[str, float]) -> dict[tuple[str, str], float]:
    """Return the pairs of engines that differ by more than they may."""
    pairs = itertools.combinations(sorted(values), 2)
    return {(a, b): values[a] - values[b] for a, b in pairs if abs(values[a] - values[b]) > WITHIN}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("embedded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONGCHA_CACHE", str(folder / "cache"))
        return accuracy([setup for setup in installed_setups(every=True) if claims_it(setup, folder / "none")], folder)


def test_embedded_engines_with_the_same_bm25_agree(embedded: dict[str, float]) -> None:
    """bm25s, tantivy and whoosh, and whoever else claims the common BM25, lie within .01 of one another in nDCG@10."""
    assert embedded.keys() >= {"bm25s", "tantivy", "whoosh"}
    assert apart(embedded) == {}


def test_fts5_says_that_its_bm25_is_another(embedded: dict[str, float]) -> None:
    """FTS5's IDF is compiled in: `fts5` does not claim the common BM25."""
    assert "fts5" not in embedded


@pytest.mark.server
@pytest.mark.parametrize("name", names())
def test_an_engine_on_a_server_with_the_same_bm25_agrees(name: str, embedded: dict[str, float], tmp_path: Path) -> None:
    """A set-up on a server that claims the common BM25 lies within .01 of every embedded engine in nDCG@10."""
    require(missing(name))
    setups = [resolve(setup) for entry in status() if entry.id == name for setup in entry.setups]
    assert setups
    with serving(name, tmp_path / "server"):
        claiming = [setup for setup in setups if claims_it(setup, tmp_path / "none")]
        if not claiming:
            pytest.skip(f"{name} has no set-up that claims the common BM25")
        on_server = accuracy(claiming, tmp_path)
    assert apart(embedded | on_server) == {}
