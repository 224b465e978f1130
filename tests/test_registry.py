"""Finding engines by id."""

import importlib.metadata
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import msgspec
import pytest

from indexers import engine_modules
from indexers.api import Index
from indexers.errors import IndexerError, MissingPackageError, OptionsError, UnknownEngineError
from indexers.registry import create, engine_names, installed_setups, resolve, status

BUILT_IN = {"bm25s", "fts5", "tantivy", "whoosh"}


@pytest.fixture
def without_tantivy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "indexers.engines.tantivy", raising=False)
    monkeypatch.setitem(sys.modules, "tantivy", None)


def give_extras(monkeypatch: pytest.MonkeyPatch, *extras: str) -> None:
    class Metadata:
        def get_all(self, name: str) -> list[str]:
            assert name == "Provides-Extra"
            return list(extras)

    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: Metadata())


def give_plugin(monkeypatch: pytest.MonkeyPatch, name: str, module: types.ModuleType | str) -> None:
    path = module if isinstance(module, str) else module.__name__
    if isinstance(module, types.ModuleType):
        monkeypatch.setitem(sys.modules, path, module)
    point = importlib.metadata.EntryPoint(name, path, engine_modules.ENTRY_POINT_GROUP)
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [point])


def test_listing_imports_no_engine() -> None:
    """Engine names are known without importing any engine's library."""
    script = (
        "import sys, indexers.registry as r; print(r.engine_names());"
        "print([m for m in ('whoosh', 'tantivy', 'bm25s', 'numpy', 'jieba', 'rjieba') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names, imported = run.stdout.splitlines()
    assert all(repr(name) in names for name in BUILT_IN)
    assert imported == "[]"


def test_an_id_is_a_name_or_a_name_and_a_setup() -> None:
    """`tantivy` is the plain set-up and `tantivy-bigrams` the one of that name."""
    assert set(engine_names()) >= BUILT_IN
    assert resolve("tantivy").options.tokens == "words"
    bigrams = resolve("tantivy-bigrams")
    assert (bigrams.id, bigrams.name, bigrams.options.tokens) == ("tantivy-bigrams", "tantivy", "bigrams")


def test_all_setups_of_installed_engines_are_listed() -> None:
    """Every set-up that can be used here is listed once, sorted, and is what its id resolves to."""
    setups = installed_setups()
    ids = [setup.id for setup in setups]
    assert ids == sorted(set(ids))
    words = {"bm25s", "fts5", "tantivy", "tantivy-bigrams", "tantivy-summed", "whoosh"}
    assert words | {"fts5-trigram"} <= set(ids)
    assert "federated" not in ids, "it asks to be compared only where it is named"
    assert all(resolve(setup.id) == setup for setup in setups)


@pytest.mark.parametrize("wrong", ["tantvy", "tantivy-bigram", "tantivy-", "Tantivy", "tantivy bigrams"])
def test_unknown_ids_get_near_matches_and_the_list(wrong: str) -> None:
    """A mistyped id is answered with what was probably meant and with all that there is."""
    with pytest.raises(UnknownEngineError) as caught:
        resolve(wrong)
    text = str(caught.value)
    assert repr(wrong) in text
    assert "Did you mean" in text
    assert "tantivy-bigrams" in text.partition("Known:")[2]
    assert "whoosh" in text.partition("Known:")[2]


@pytest.mark.usefixtures("without_tantivy")
def test_a_missing_library_comes_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error of an engine without its library is one line that installs it, through our extra where there is one."""
    give_extras(monkeypatch, "tantivy", "bm25s")
    for engine_id in ("tantivy", "tantivy-bigrams"):
        with pytest.raises(MissingPackageError) as caught:
            resolve(engine_id)
        assert str(caught.value) == "engine 'tantivy' needs the package 'tantivy': pip install 'tongcha[tantivy]'"
    give_extras(monkeypatch, "bm25s")
    with pytest.raises(MissingPackageError, match=r"pip install tantivy$"):
        resolve("tantivy")


def test_the_extra_of_http_portal_is_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without httpx, the engine that asks portals names the extra that brings all it needs."""
    monkeypatch.delitem(sys.modules, "indexers.engines.http_portal", raising=False)
    monkeypatch.setitem(sys.modules, "httpx", None)
    give_extras(monkeypatch, "portal")
    with pytest.raises(MissingPackageError, match=r"needs the package 'httpx': pip install 'tongcha\[portal\]'$"):
        resolve("http_portal")


@pytest.mark.usefixtures("without_tantivy")
def test_status_tells_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine without its library is listed with its summary and its install line, and others are not touched."""
    give_extras(monkeypatch, "tantivy")
    rows = {row.id: row for row in status()}
    missing, there = rows["tantivy"], rows["whoosh"]
    assert not missing.installed
    assert missing.install == "pip install 'tongcha[tantivy]'"
    assert missing.summary.startswith("tantivy, a search library in Rust")
    assert "needs the package" in missing.problem
    assert there.installed
    assert there.versions == {"Whoosh": importlib.metadata.version("whoosh")}
    assert (there.install, there.problem, there.origin) == ("", "", "built-in")
    assert rows["fts5"].setups == ("fts5", "fts5-trigram")
    assert "tantivy" not in {setup.name for setup in installed_setups()}


@pytest.fixture
def needs_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a plugin whose module imports, and which needs a program that is only in the folder `/there`."""
    module: Any = types.ModuleType("needs_a_program")

    class Options(msgspec.Struct, frozen=True):
        where: str = ""

    module.__doc__ = "Needs: an engine that asks a program."
    module.DISTRIBUTIONS, module.Engine, module.Options = (), object, Options
    module.SETUPS = {"": Options(), "other": Options()}
    module.missing = lambda options: "" if options.where == "/there" else "the program (/bin: none): apt install it"
    give_plugin(monkeypatch, "needs", module)


@pytest.mark.usefixtures("needs_a_program")
def test_an_engine_may_lack_more_than_a_package() -> None:
    """What `missing()` of a module names is told by status and error alike, and keeps it out of comparisons."""
    row = next(row for row in status() if row.id == "needs")
    assert not row.installed
    assert (row.setups, row.versions, row.summary) == (
        ("needs", "needs-other"),
        {},
        "Needs: an engine that asks a program.",
    )
    assert row.install == "apt install it"
    assert row.problem == "engine 'needs' needs the program (/bin: none): apt install it"
    assert "needs" not in {setup.name for setup in installed_setups(every=True)}
    for engine_id in ("needs", "needs-other"):
        with pytest.raises(MissingPackageError) as caught:
            resolve(engine_id)
        assert str(caught.value) == row.problem
    with pytest.raises(UnknownEngineError, match=r"Did you mean needs-other"):
        resolve("needs-othr")


@pytest.mark.usefixtures("needs_a_program")
def test_an_option_may_say_where_the_missing_is() -> None:
    """`missing()` is asked with the options of the set-up: nothing lacks where they name the right place."""
    assert resolve("needs", {"where": "/there"}).options.where == "/there"
    with pytest.raises(MissingPackageError):
        resolve("needs", {"where": "/elsewhere"})


def test_options_replace_those_of_the_setup() -> None:
    """Options given in a file replace the set-up's own and leave the others."""
    options = resolve("tantivy-bigrams", {"title_boost": 3}).options
    assert (options.title_boost, options.tokens) == (3, "bigrams")
    assert resolve("whoosh", {"k1": 2}).options.k1 == 2.0


def test_all_bad_options_are_in_one_error() -> None:
    """Unknown options and bad values are named together, with near matches and what is allowed."""
    with pytest.raises(OptionsError) as caught:
        resolve("whoosh", {"titel_boost": 3, "b": 7, "tokens": "word", "k1": "high", "zzz": 1, "title_boost": 1.5})
    text = str(caught.value)
    assert "engine 'whoosh'" in text
    assert "unknown option 'titel_boost' (did you mean 'title_boost'?)" in text
    assert "unknown option 'zzz' (known: title_boost, tokens" in text
    assert "tokens = 'word': expected one of words, whole-words, bigrams" in text
    assert "b = 7: " in text
    assert "k1 = 'high': " in text
    assert "title_boost = 1.5: " in text


def test_creating_touches_nothing(tmp_path: Path) -> None:
    """A created engine is an `Index` and has not made its folder."""
    for setup in installed_setups():
        index = create(setup, tmp_path / "x")
        assert isinstance(index, Index)
        index.close()
    assert not (tmp_path / "x").exists()


def test_a_plugin_cannot_take_a_built_in_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin named like a built-in engine is ignored with a warning."""
    give_plugin(monkeypatch, "fts5", "somebody.elses.fts5")
    with pytest.warns(UserWarning, match="'fts5' of .* is ignored"):
        assert resolve("fts5").module == "indexers.engines.fts5"


def test_a_plugin_name_may_look_like_a_setup(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin named `fts5-icu` is not taken for a set-up of fts5, and its own set-ups are found."""
    module: Any = types.ModuleType("fts5_icu")
    original = resolve("fts5")
    module.DISTRIBUTIONS, module.Engine, module.Options = (), object, type(original.options)
    module.SETUPS = {"": original.options, "fast": original.options}
    give_plugin(monkeypatch, "fts5-icu", module)
    assert resolve("fts5-icu").name == "fts5-icu"
    assert resolve("fts5-icu-fast").id == "fts5-icu-fast"
    assert resolve("fts5-trigram").name == "fts5"


def test_a_broken_plugin_is_reported_and_spoils_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A plugin that fails when imported, or lacks what an engine must have, shows as a problem of its own."""
    (tmp_path / "raises_engine.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    for name, module, reason in (
        ("raises", "raises_engine", "ZeroDivisionError"),
        ("hollow", types.ModuleType("hollow_engine"), "lacks DISTRIBUTIONS, SETUPS, Options, Engine"),
    ):
        give_plugin(monkeypatch, name, module)
        with pytest.raises(IndexerError, match=reason):
            resolve(name)
        row = next(row for row in status() if row.id == name)
        assert reason in row.problem
        assert {setup.name for setup in installed_setups()} >= BUILT_IN
