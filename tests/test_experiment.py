"""Experiment files: what they hold, and every mistake told at once."""

from pathlib import Path

import pytest

from bench.errors import ExperimentError
from bench.experiment import (
    EngineSpec,
    bundled_experiment,
    folder_name,
    make_experiment,
    read_experiment,
    to_toml,
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_an_experiment_is_read_with_its_folders_beside_it(tmp_path: Path) -> None:
    """Relative folders are relative to the file, and the name is the file's where none is given."""
    path = written(
        tmp_path,
        'corpus = "pages"\nqueries = "../asked"\nengines = ["fts5", {id = "flat", use = "whoosh", '
        "options = {title_boost = 1}}]\n[replay]\nk = 20\n[scoring]\nmeasures = ['map']\n",
    )
    experiment, content = read_experiment(path)
    assert experiment.name == "mine"
    assert experiment.corpus == str(tmp_path / "pages")
    assert experiment.queries == str(tmp_path.parent / "asked")
    assert experiment.engines == ("fts5", EngineSpec(id="flat", use="whoosh", options={"title_boost": 1}))
    assert experiment.replay.k == 20
    assert content == path.read_bytes()


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    """Unknown keys, bad values, engines, options and measures come in one report, each with its remedy."""
    path = written(
        tmp_path,
        "corpsu = 'x'\nschema_version = 9\nengines = ['bm25z', {id = 'w', use = 'whoosh', options = {boost = 2}},"
        " {id = 'a/b', use = 'fts5'}, {use = 'fts5'}, 'fts5', 'fts5']\n"
        "[replay]\nk = 0\ntimeout = 3\n[scoring]\nmeasures = ['nDGC@10', 'P']\nread_s = 'long'\n",
    )
    with pytest.raises(ExperimentError) as caught:
        read_experiment(path)
    lines = str(caught.value).splitlines()
    for part in (
        "unknown key 'corpsu' (did you mean 'corpus'?)",
        "schema_version: Expected `int` <= 1",
        "no engine 'bm25z'. Did you mean bm25s?",
        "boost",
        "name 'a/b' cannot name a folder",
        "missing key 'engines[4].id'",
        "engine 'fts5' is listed twice",
        "replay.k: Expected `int` >= 1",
        "unknown key 'replay.timeout' (did you mean 'timeout_s'?)",
        "'nDGC@10': not a measure (did you mean 'nDCG@10'?)",
        "P needs a cutoff",
        "scoring.read_s: Expected `float`, got `str`",
    ):
        assert any(part in line for line in lines), f"{part}\n not in\n{caught.value}"
    assert all(line.startswith(str(path)) for line in lines)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"corpus = ", "not valid TOML"),
        ("名 = '语料'".encode("gbk"), "iconv"),
        (None, "cannot read the experiment file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, says: str, tmp_path: Path) -> None:
    """Broken TOML, GBK and a missing file are each told in one line."""
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ExperimentError, match=says) as caught:
        read_experiment(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_options_make_the_same_experiment_as_a_file(tmp_path: Path) -> None:
    """What is put together from options is kept as a file that reads back the same."""
    made = make_experiment("mine", "demo", str(tmp_path), ("fts5", "bm25s"))
    path = tmp_path / "mine.toml"
    path.write_bytes(to_toml(made))
    assert read_experiment(path)[0] == made


def test_the_bundled_experiment_names_the_bundled_collection() -> None:
    """Without an argument, the demo corpus and queries are used with every installed engine."""
    experiment, _ = bundled_experiment()
    assert (experiment.corpus, experiment.queries, experiment.engines) == ("demo", "demo", ())
    assert {"bm25s", "fts5", "tantivy", "whoosh"} <= {spec.id for spec in experiment.contestants()}


def test_scoring_needs_no_engine_installed(tmp_path: Path) -> None:
    """An experiment is read for scoring even when its engines are not installed where that is done."""
    path = written(tmp_path, "engines = ['vendor-x']")
    assert read_experiment(path, to_run=False)[0].engines == ("vendor-x",)
    with pytest.raises(ExperimentError, match="vendor-x"):
        read_experiment(path)


def test_any_folder_can_give_a_run_its_name() -> None:
    """What a run folder's name cannot hold becomes hyphens; Chinese stays."""
    names = ["my corpus (1)", "公积金 2025", "..", "a" * 99]
    assert [folder_name(name) for name in names] == ["my-corpus-1", "公积金-2025", "run", "a" * 64]
    for name in names:
        make_experiment(folder_name(name), "demo", "demo", ())
