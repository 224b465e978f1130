"""The page about engines says what is so."""

import importlib
import re
from pathlib import Path
from typing import Any

from indexers.api import Index
from indexers.registry import status

PAGE = Path(__file__).parent.parent / "docs" / "engines.md"


def test_the_example_engine_runs_and_conforms(tmp_path: Path) -> None:
    """The engine on the page, and the check under it, run as they stand."""
    engine, check = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "coverage"}
    exec(compile(engine, "coverage.py", "exec"), namespace)  # noqa: S102 - the page's own code
    exec(compile(check, "check.py", "exec"), namespace)  # noqa: S102 - the page's own code
    assert all(isinstance(namespace["Engine"](options, tmp_path), Index) for options in namespace["SETUPS"].values())


def test_every_built_in_setup_is_on_the_page() -> None:
    """The table names each set-up of the built-in engines that index our corpus, installed or not, and no other."""
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == sorted(
        setup
        for engine in status()
        if engine.origin == "built-in"
        and not hasattr(importlib.import_module(f"indexers.engines.{engine.id}"), "TRACK")
        for setup in engine.setups
    )
