"""The vectors kept between builds."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexers.errors import IndexBuildError
from indexers.vectors import VectorCache, vector_key

RECORD = 32 + 2 * 4 + 4  # key, four halves, checksum

WRITER = """
import sys, time
from pathlib import Path
from indexers.vectors import VectorCache, vector_key
folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
cache = VectorCache(folder, 4)
for number in range(count):
    cache.add([(vector_key(name, str(number)), [number, 1, 2, 3])])
print("added", flush=True)
if sys.argv[4:] == ["stay"]:
    time.sleep(60)
"""


def writer(folder: Path, name: str, count: int, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", WRITER, str(folder), name, str(count), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def key(text: str) -> bytes:
    return vector_key("model", text)


def value(cache: VectorCache, text: str) -> list[float] | None:
    vector = cache.get(key(text))
    return None if vector is None else [float(number) for number in vector]


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Keep the vectors of a, b and c in one shard."""
    cache = VectorCache(tmp_path, 4)
    cache.add([(key(text), np.full(4, number)) for number, text in enumerate("abc", 1)])
    cache.close()
    return tmp_path


def test_what_was_added_is_found_by_this_and_the_next(tmp_path: Path) -> None:
    """A vector comes back in half precision, from the object that added it and from a later one."""
    folder = tmp_path / "not-yet"
    one = VectorCache(folder, 4)
    assert not folder.exists()
    assert one.get(key("a")) is None
    one.add([(key("a"), [0.5, -1.0, 0.1, 0.0])])
    one.add([(key("b"), [1, 2, 3, 4])])
    expected = [0.5, -1.0, 0.0999755859375, 0.0]  # the half nearest to 0.1
    assert (value(one, "a"), value(one, "b")) == (expected, [1, 2, 3, 4])
    one.close()
    one.close()
    two = VectorCache(folder, 4)
    assert (value(two, "a"), value(two, "b"), value(two, "c")) == (expected, [1, 2, 3, 4], None)
    two.close()


def test_a_key_is_of_model_and_text() -> None:
    """Another model or another text is another key; no two of them run together."""
    keys = {vector_key(model, text) for model, text in (("m", "text"), ("n", "text"), ("m", "texts"), ("mt", "ext"))}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}


def test_adding_nothing_writes_nothing(tmp_path: Path) -> None:
    """A build that finds every vector leaves no empty shard."""
    cache = VectorCache(tmp_path, 4)
    cache.add([])
    cache.close()
    assert list(tmp_path.iterdir()) == []


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    """Two processes that add vectors to one folder at the same time lose none."""
    writers = [writer(tmp_path, name, 200) for name in ("one", "two")]
    for process in writers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    cache = VectorCache(tmp_path, 4)
    for name in ("one", "two"):
        found = [cache.get(vector_key(name, str(number))) for number in range(200)]
        assert [vector.tolist() for vector in found] == [[number, 1, 2, 3] for number in range(200)]
    cache.close()


def test_what_a_killed_process_added_stays(tmp_path: Path) -> None:
    """A process that is killed (SIGKILL) leaves everything that it had added."""
    with writer(tmp_path, "one", 50, "stay") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "added\n"
        process.kill()
    cache = VectorCache(tmp_path, 4)
    assert all(cache.get(vector_key("one", str(number))) is not None for number in range(50))
    cache.close()


@pytest.mark.parametrize("left", [1, RECORD - 1])
def test_an_unfinished_record_is_not_read(filled: Path, left: int) -> None:
    """Where a writer died within a record, the ones before it are read and it can be added again."""
    [shard] = filled.iterdir()
    shard.write_bytes(shard.read_bytes()[: 2 * RECORD + left])
    cache = VectorCache(filled, 4)
    assert [value(cache, text) for text in "abc"] == [[1] * 4, [2] * 4, None]
    cache.add([(key("c"), [9] * 4)])
    assert value(cache, "c") == [9] * 4
    cache.close()
    again = VectorCache(filled, 4)
    assert [value(again, text) for text in "abc"] == [[1] * 4, [2] * 4, [9] * 4]
    again.close()


@pytest.mark.parametrize("place", [0, 33, RECORD - 1])
def test_a_damaged_record_costs_itself_only(filled: Path, place: int) -> None:
    """A flipped bit in key, vector or checksum makes that record unknown; its neighbours stay."""
    [shard] = filled.iterdir()
    content = bytearray(shard.read_bytes())
    content[RECORD + place] ^= 1
    shard.write_bytes(content)
    cache = VectorCache(filled, 4)
    assert [value(cache, text) for text in "abc"] == [[1] * 4, None, [3] * 4]
    cache.close()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\0" * 4096, b"\xff" * RECORD * 3])
def test_a_shard_of_nonsense_is_no_hindrance(filled: Path, content: bytes) -> None:
    """A file that holds no record is passed over."""
    (filled / "0-broken.shard").write_bytes(content)
    cache = VectorCache(filled, 4)
    assert value(cache, "a") == [1] * 4
    cache.close()


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """Where the folder cannot be made, one error names it."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    cache = VectorCache(tmp_path / "taken", 4)
    with pytest.raises(IndexBuildError, match=r"vectors cannot be kept in .*taken"):
        cache.add([(key("a"), [1] * 4)])
    cache.close()


def test_a_shard_that_is_deleted_meanwhile_is_forgotten(tmp_path: Path) -> None:
    """Who empties the cache during a build costs it the vectors, and no error."""
    cache = VectorCache(tmp_path, 4)
    cache.add([(key("a"), [1] * 4)])
    for shard in tmp_path.iterdir():
        shard.unlink()
    assert value(cache, "a") is None
    cache.close()


@pytest.mark.parametrize("vector", [[1.0] * 3, [[1.0] * 4], 1.0])
def test_a_vector_of_another_length_is_refused(tmp_path: Path, vector: Any) -> None:
    """A vector that is not of the cache's dimensions is a mistake and nothing is written."""
    cache = VectorCache(tmp_path, 4)
    with pytest.raises(ValueError, match="4 dimensions"):
        cache.add([(key("a"), vector)])
    cache.close()
    assert list(tmp_path.iterdir()) == []
