"""The page about portals says what is so."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from indexers.engines.http_portal import Options
from indexers.portal.preset import load_preset, preset_names, read_preset
from indexers.registry import resolve

PAGE = (Path(__file__).parent.parent / "docs" / "portals.md").read_text(encoding="utf-8")


def blocks() -> list[str]:
    return re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)


def test_the_options_of_the_example_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of the example resolves once its variables are set."""
    monkeypatch.setenv("LINLAN_SEARCH", "https://www.linlan.gov.example")
    monkeypatch.setenv("LINLAN_KEY", "abcdefgh")
    engine = tomllib.loads(blocks()[0])["engines"][1]
    assert resolve(engine["use"], engine["options"]).options.values["siteId"] == "0"


def test_the_preset_of_the_page_is_one(tmp_path: Path) -> None:
    """The commented preset reads without a mistake."""
    path = tmp_path / "ours.toml"
    path.write_text(blocks()[1], encoding="utf-8")
    assert read_preset(path).steps[0].take[0].name == "token"


def test_every_preset_is_in_the_table_with_its_values() -> None:
    """The table names each preset once, with what must be set and what may be; each says that it was not called."""
    rows = {
        name: (re.findall(r"`(\w+)`", needed), re.findall(r"`(\w+)`", others))
        for name, needed, others in re.findall(r"^\| `([\w-]+)` \| [^|]+ \|([^|]*)\|([^|]*)\|$", PAGE, re.MULTILINE)
        if name in preset_names()
    }
    assert sorted(rows) == preset_names()
    for name, told in rows.items():
        preset = load_preset(name)
        assert told == (
            [v for v, text in preset.values.items() if not text],
            [v for v, text in preset.values.items() if text],
        )
        assert "not called live" in preset.description


def test_every_option_is_on_the_page() -> None:
    """The table of options names them all."""
    table = PAGE.partition("| option |")[2].partition("\n\n")[0]
    assert {field.name for field in msgspec.structs.fields(Options)} == set(
        re.findall(r"`(\w+)`", " ".join(line.split("|")[1] for line in table.splitlines()[2:]))
    )
