"""The page about engines says what is so."""

import re
from pathlib import Path
from typing import Any

from indexers.api import Index
from indexers.registry import installed_setups, status

PAGE = Path(__file__).parent.parent / "docs" / "engines.md"


def test_the_example_engine_runs_and_conforms(tmp_path: Path) -> None:
    """The engine on the page, and the check under it, run as they stand."""
    engine, check = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "coverage"}
    exec(compile(engine, "coverage.py", "exec"), namespace)  # noqa: S102 - the page's own code
    exec(compile(check, "check.py", "exec"), namespace)  # noqa: S102 - the page's own code
    assert all(isinstance(namespace["Engine"](options, tmp_path), Index) for options in namespace["SETUPS"].values())


def test_every_built_in_setup_is_on_the_page() -> None:
    """The table names each built-in set-up once, those on servers, too, and no other."""
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    embedded = [setup.id for setup in installed_setups(every=True) if setup.module.startswith("indexers.engines.")]
    on_servers = [setup for state in status() if state.server and state.origin == "built-in" for setup in state.setups]
    assert rows == sorted([*embedded, *on_servers])
