"""An engine of a third party: `tests/plugin`, installed as its users would install it."""

import importlib.metadata
from pathlib import Path

import pytest

from indexers.api import Index
from indexers.conformance import CORPUS, check
from indexers.registry import create, engine_names, installed_setups, resolve, status


@pytest.fixture(autouse=True)
def installed() -> None:
    try:
        importlib.metadata.version("tongcha-engine-overlap")
    except importlib.metadata.PackageNotFoundError:
        pytest.fail("the plugin is not installed; install it first: pip install ./tests/plugin", pytrace=False)


def test_a_plugin_is_listed_like_any_engine() -> None:
    """An installed plugin is in the list of engines with its set-ups, version, summary and origin."""
    assert "overlap" in engine_names()
    assert {"overlap", "overlap-flat"} <= {setup.id for setup in installed_setups()}
    row = next(row for row in status() if row.id == "overlap")
    assert row.installed
    assert row.origin == "tongcha-engine-overlap"
    assert row.versions == {"tongcha-engine-overlap": "0.1.0"}
    assert row.summary.startswith("Overlap: how many of the query's words")
    assert row.setups == ("overlap", "overlap-flat")


def test_a_plugin_keeps_every_promise(tmp_path: Path) -> None:
    """The plugin passes the conformance suite, called as a third party would call it."""
    setup = resolve("overlap")
    check(lambda folder: create(setup, folder), tmp_path)


def test_a_plugin_takes_options(tmp_path: Path) -> None:
    """The plugin is created by id with options of its own and answers."""
    index = create(resolve("overlap", {"title_boost": 5}), tmp_path)
    assert isinstance(index, Index)
    index.build(iter(CORPUS))
    hit = index.search("居住证", 1)[0]
    # 居住 and 居住证 are both in the title of d03, 5 each.
    assert (hit.doc_id, hit.score) == ("d03", 10.0)
    index.close()
