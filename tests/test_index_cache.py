"""The cache of built indexes."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from indexers import cache as cache_module
from indexers.cache import RECORD_NAME, IndexCache, IndexRecord
from indexers.conformance import CORPUS
from indexers.errors import IndexBuildError
from indexers.registry import create, resolve


@pytest.fixture
def cache(tmp_path: Path) -> IndexCache:
    return IndexCache(tmp_path / "cache")


def fill(folder: Path, text: str = "12345") -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "data").write_text(text, encoding="utf-8")


def test_a_built_index_is_found_again(cache: IndexCache) -> None:
    """An index that was built and committed answers from its place in the cache."""
    setup = resolve("fts5")
    key = cache.key("corpus-1", setup)
    assert cache.find(key) is None
    temp = cache.begin(key)
    with_index = create(setup, temp)
    with_index.build(iter(CORPUS))
    with_index.close()
    folder = cache.commit(key, temp, IndexRecord(engine=setup.id, documents=len(CORPUS), corpus_hash="corpus-1"))
    record = cache.find(key)
    assert record is not None
    assert (record.engine, record.documents) == ("fts5", 12)
    assert not temp.exists()
    index = create(setup, folder)
    assert index.search("社保", 1)[0].doc_id == "d02"
    index.close()


def test_a_key_reads_well_and_covers_what_matters(cache: IndexCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key begins with the engine id and changes with corpus, set-up, options, versions and schema."""
    keys = [
        cache.key("corpus-1", resolve("tantivy")),
        cache.key("corpus-2", resolve("tantivy")),
        cache.key("corpus-1", resolve("tantivy-bigrams")),
        cache.key("corpus-1", resolve("tantivy", {"title_boost": 3})),
    ]
    assert keys[0] == cache.key("corpus-1", resolve("tantivy"))
    assert keys[2].startswith("tantivy-bigrams-")
    monkeypatch.setattr(cache_module, "versions", lambda setup: {"tantivy": "99"})
    keys.append(cache.key("corpus-1", resolve("tantivy")))
    monkeypatch.setattr(cache_module, "INDEX_SCHEMA", 99)
    keys.append(cache.key("corpus-1", resolve("tantivy")))
    assert len(set(keys)) == 6
    assert not cache.root.exists()


def test_a_key_follows_the_user_dictionary(cache: IndexCache, tmp_path: Path) -> None:
    """Editing the user dictionary asks for a new index."""
    path = tmp_path / "words.txt"
    path.write_text("云川码通\n", encoding="utf-8")
    setup = resolve("fts5", {"user_dict": str(path)})
    before = cache.key("corpus-1", setup)
    path.write_text("云川码通\n临澜通\n", encoding="utf-8")
    assert cache.key("corpus-1", setup) != before


def test_the_size_is_that_of_the_index_files(cache: IndexCache) -> None:
    """`bytes` is the sum of the engine's files, without the record."""
    temp = cache.begin("k")
    fill(temp, "1234567")
    cache.commit("k", temp, IndexRecord(engine="k"))
    record = cache.find("k")
    assert record is not None
    assert record.bytes == 7


def test_the_slower_of_two_builders_keeps_the_first_index(cache: IndexCache) -> None:
    """When two build the same key, both get the place; the first index stays and the other's folder goes."""
    one, two = cache.begin("k"), cache.begin("k")
    assert one != two
    fill(one, "first")
    fill(two, "second")
    assert cache.commit("k", one, IndexRecord(engine="k")) == cache.commit("k", two, IndexRecord(engine="k"))
    assert (cache.folder("k") / "sub" / "data").read_text(encoding="utf-8") == "first"
    assert [path.name for path in cache.root.iterdir()] == ["k"]


def _build(root: str, start: Any) -> None:
    cache = IndexCache(Path(root))
    for number in range(20):
        key = f"k{number}"
        start.wait()
        temp = cache.begin(key)
        fill(temp)
        cache.commit(key, temp, IndexRecord(engine=key))
        if cache.find(key) is None:
            raise SystemExit(1)


def test_processes_racing_for_a_key_all_end_well(cache: IndexCache) -> None:
    """Three processes that build the same keys at the same moments all find complete indexes."""
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(3)
    processes = [context.Process(target=_build, args=(str(cache.root), start)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert sorted(path.name for path in cache.root.iterdir()) == sorted(f"k{number}" for number in range(20))


@pytest.mark.parametrize("record", [None, "", "{", '{"engine": 3}', "[]"])
def test_a_damaged_index_is_absent_and_replaced(cache: IndexCache, record: str | None) -> None:
    """A folder without a readable record counts as absent, and a new build takes its place."""
    cache.folder("k").mkdir(parents=True)
    fill(cache.folder("k"), "damaged")
    if record is not None:
        (cache.folder("k") / RECORD_NAME).write_text(record, encoding="utf-8")
    assert cache.find("k") is None
    temp = cache.begin("k")
    fill(temp, "whole")
    cache.commit("k", temp, IndexRecord(engine="k"))
    assert cache.find("k") is not None
    assert (cache.folder("k") / "sub" / "data").read_text(encoding="utf-8") == "whole"
    assert [path.name for path in cache.root.iterdir()] == ["k"]


def test_what_dead_processes_left_is_removed(cache: IndexCache) -> None:
    """Half-built folders of processes that are gone are removed; those of living ones and whole indexes stay."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = cache.root / f"k.building-{gone.pid}-00ff"
    alive = cache.root / f"k.building-{os.getpid()}-00ff"
    whole = cache.root / "k"
    for folder in (dead, alive, whole):
        folder.mkdir(parents=True)
        fill(folder)
    assert cache.remove_stale() == [dead]
    assert alive.is_dir()
    assert whole.is_dir()
    dead.mkdir()
    cache.begin("other")
    assert not dead.exists()


def test_discarding_touches_only_what_was_begun(cache: IndexCache, tmp_path: Path) -> None:
    """A begun folder can be discarded twice; any other folder is refused."""
    temp = cache.begin("k")
    cache.discard(temp)
    cache.discard(temp)
    assert not temp.exists()
    for other in (cache.root, tmp_path, cache.folder("k"), tmp_path / "k.building-1-ff"):
        with pytest.raises(IndexBuildError, match="is not a folder that this cache began"):
            cache.discard(other)


def test_an_empty_cache_has_nothing(cache: IndexCache) -> None:
    """Asking a cache that does not exist yet finds nothing and makes nothing."""
    assert cache.find("k") is None
    assert cache.remove_stale() == []
    assert not cache.root.exists()
