"""The demo judgments reach what every embedded engine shows, and the set tells engines apart."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from indexers.registry import installed_setups

PLUGIN = "overlap"
ENCODE_FOR_MINUTES = ("dense", "hybrid")
"""Judged, too: docs/collection.md says by which command that was seen."""


@pytest.mark.slow
def test_the_first_ten_of_every_embedded_engine_are_judged(tmp_path: Path) -> None:
    """Judged@10 is at least .95; plain BM25 is neither too easy nor near chance; colloquial wording costs something."""
    engines = [setup.id for setup in installed_setups(every=True) if setup.name not in (PLUGIN, *ENCODE_FOR_MINUTES)]
    assert len(engines) >= 8
    command = "from bench.cli import main; main()"
    run = [
        sys.executable, "-c", command, "run", "--corpus", "demo", "--queries", "demo", "--runs", str(tmp_path),
        "--name", "all", "--json", "--engine", ",".join(engines),
    ]  # fmt: skip
    printed = subprocess.run(run, capture_output=True, check=True, encoding="utf-8").stdout
    summary = json.loads(printed)
    judged = {engine["id"]: engine["shares"]["judged@10"] for engine in summary["engines"]}
    assert {name for name, share in judged.items() if share < 0.95} == set(), judged
    plain = next(engine for engine in summary["engines"] if engine["id"] == "bm25s")
    assert 0.35 < plain["measures"]["nDCG@10"]["value"] < 0.85
    drop = next(v for v in summary["variants"] if v["engine"] == "bm25s" and v["variant"] == "colloquial")
    assert drop["accurate"]["high"] < 0
