"""The page about engines says what is so."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from indexers.api import Index
from indexers.registry import installed_setups, resolve, track

PAGE = Path(__file__).parent.parent / "docs" / "engines.md"


def test_the_example_engine_runs_and_conforms(tmp_path: Path) -> None:
    """The engine on the page, and the check under it, run as they stand."""
    engine, check = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "coverage"}
    exec(compile(engine, "coverage.py", "exec"), namespace)  # noqa: S102 - the page's own code
    exec(compile(check, "check.py", "exec"), namespace)  # noqa: S102 - the page's own code
    assert all(isinstance(namespace["Engine"](options, tmp_path), Index) for options in namespace["SETUPS"].values())


def test_every_built_in_setup_is_on_the_page() -> None:
    """The table names each built-in set-up once, and no other."""
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [setup.id for setup in installed_setups(every=True) if setup.module.startswith("indexers.engines.")]


def test_the_federation_of_portals_on_the_page_resolves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its options can be used once its variables are set, and make a service of it."""
    monkeypatch.setenv("LINLAN_SEARCH", "https://www.linlan.gov.example")
    monkeypatch.setenv("QINGLAN_SEARCH", "https://www.qinglan.gov.example")
    text = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    (engine,) = tomllib.loads(text)["engines"]
    assert track(resolve(engine["use"], engine["options"])) == "own-index"
