"""Xapian: its own BM25, its own cutting of Chinese, and bindings that only Debian packs."""

import importlib.machinery
import importlib.util
import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from corpora.model import Document
from indexers.api import Index
from indexers.conformance import CORPUS
from indexers.engines import xapian
from indexers.errors import IndexBuildError, MissingPackageError
from indexers.registry import create, resolve, status
from tests.servers import require


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Callable[..., Index]]:
    require(xapian.missing(xapian.Options()))
    opened: list[Index] = []

    def build(engine_id: str, *documents: Document) -> Index:
        index = create(resolve(engine_id), tmp_path / str(len(opened)))
        opened.append(index)
        index.build(iter(documents or CORPUS))
        return index

    yield build
    for index in opened:
        index.close()


def pages(*bodies: str) -> list[Document]:
    return [Document(id=str(number), body=body) for number, body in enumerate(bodies, 1)]


def found(index: Index, text: str, k: int = 10) -> list[str]:
    return [hit.doc_id for hit in index.search(text, k)]


def test_a_rare_word_weighs_ln_r(built: Callable[..., Index]) -> None:
    """A score equals the one worked by hand: IDF is ln(r) for r of 2 and more, the factor (k1 + 1) is there."""
    index = built("xapian", *pages("补贴 补贴 老人", *["居民 老人 老人"] * 7))
    # n=1 of N=8: r = 7.5 / 1.5 = 5; tf=2, all lengths 3: norm = 1.2
    assert index.search("补贴", 1)[0].score == pytest.approx(math.log(5) * 2.2 * 2 / (2 + 1.2))


def test_a_frequent_word_stays_above_zero(built: Callable[..., Index]) -> None:
    """Below r = 2, IDF is ln(1 + r / 2), and length counts as in any BM25."""
    index = built("xapian", *pages("补贴 补贴 老人", "居民 老人"))
    # 补贴: n=1 of N=2: r = 1; tf=2, length 3, average 2.5: norm = 1.2 * (0.25 + 0.75 * 3 / 2.5) = 1.38
    assert index.search("补贴", 1)[0].score == pytest.approx(math.log(1.5) * 2.2 * 2 / (2 + 1.38))
    # 老人: n=2 of N=2: r = 0.5 / 2.5 = 0.2; tf=1, length 2: norm = 1.2 * (0.25 + 0.75 * 2 / 2.5) = 1.02
    assert index.search("老人", 1)[0].score == pytest.approx(math.log(1.1) * 2.2 / (1 + 1.02))


def test_a_page_far_shorter_than_the_average_is_not_lengthened(built: Callable[..., Index]) -> None:
    """Length is taken as it is, without Xapian's least length of half the average."""
    index = built("xapian", *pages("补贴", "居民 " * 99))
    # lengths 1 and 99, average 50: norm = 1.2 * (0.25 + 0.75 / 50) = 0.318; r = 1
    assert index.search("补贴", 1)[0].score == pytest.approx(math.log(1.5) * 2.2 / (1 + 0.318))


def test_a_word_asked_many_times_counts_as_often(built: Callable[..., Index]) -> None:
    """The weight of a word in the query grows in proportion, without saturation."""
    for engine_id in ("xapian", "xapian-bigrams"):
        index = built(engine_id)
        once, often = index.search("居住证", 1)[0].score, index.search("居住证 " * 500, 1)[0].score
        assert once is not None
        assert often == pytest.approx(500 * once, rel=1e-6)


def test_bigrams_index_characters_and_pairs(built: Callable[..., Index]) -> None:
    """A page counts single characters and pairs, the title's twice; a question needs only some of them."""
    index = built("xapian-bigrams", Document(id="a", title="社保", body="卡"), Document(id="b", body="医院"))
    # a: 社 2, 保 2, 社保 2, 卡 1: length 7; b: 医, 院, 医院: length 3; average 5; r = 1
    # 社保 asks 社, 保 and 社保: norm = 1.2 * (0.25 + 0.75 * 7 / 5) = 1.56
    assert index.search("社保", 1)[0].score == pytest.approx(3 * math.log(1.5) * 2.2 * 2 / (2 + 1.56))
    assert found(index, "请问社保怎么办理") == ["a"]
    assert found(index, "卡医") == ["b", "a"], "no pair goes across the border of two pages or of title and body"


def test_long_words_and_hosts_are_found_as_a_whole(built: Callable[..., Index]) -> None:
    """Words and host names of more than 245 bytes keep apart, though a term cannot hold them."""
    one, other = "x" * 300, "x" * 299 + "y"
    sites = [f"{'a' * 300}.example", f"{'a' * 300}.other.example"]
    index = built(
        "xapian",
        Document(id="1", site=sites[0], body=f"补贴 {one}"),
        Document(id="2", site=sites[1], body=f"补贴 {other}"),
    )
    assert (found(index, one), found(index, other)) == (["1"], ["2"])
    assert [[hit.doc_id for hit in index.search("补贴", 10, site=site)] for site in sites] == [["1"], ["2"]]


def test_writing_out_in_between_changes_nothing(built: Callable[..., Index], monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that was written out after every few pages gives the same hits as one written at once."""
    once = built("xapian")
    monkeypatch.setattr(xapian, "_POSTINGS_IN_MEMORY", 50)
    often = built("xapian")
    for document in CORPUS:
        assert often.search(document.body, 12) == once.search(document.body, 12) != []


def test_a_spoilt_index_is_told(built: Callable[..., Index], tmp_path: Path) -> None:
    """An index whose files are not Xapian's raises an error that names the place and the remedy."""
    built("xapian").close()
    for path in (tmp_path / "0" / "xapian").iterdir():
        path.write_bytes(b"spoilt")
    with pytest.raises(IndexBuildError, match=r"the index in .*xapian is spoilt .*: build it anew"):
        create(resolve("xapian"), tmp_path / "0").search("居住证", 1)


def test_only_that_package_of_debian_is_seen() -> None:
    """Loading the bindings adds no folder to where Python looks, and nothing is loaded before it is needed."""
    require(xapian.missing(xapian.Options()))
    script = (
        "import sys; path = list(sys.path); from indexers.engines import xapian; print('xapian' in sys.modules);"
        "xapian.missing(xapian.Options()); print('xapian' in sys.modules);"
        "print(xapian._bindings().version_string()[:2], sys.path == path, xapian._bindings() is sys.modules['xapian'])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False", "1.", "True", "True"]


@pytest.fixture
def debians(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give a Debian whose folder of the bindings is empty, to a Python that has none of its own."""
    monkeypatch.setattr(xapian, "_DEBIANS", tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for loaded in ("xapian", "xapian._xapian"):
        monkeypatch.delitem(sys.modules, loaded, raising=False)
    return tmp_path


def test_without_the_bindings_debians_package_is_named(debians: Path) -> None:
    """Where there are no bindings, status and error give the line that installs them."""
    row = next(row for row in status() if row.id == "xapian")
    assert (row.installed, row.install) == (False, "apt install python3-xapian")
    with pytest.raises(MissingPackageError, match=r"engine 'xapian' needs .*: apt install python3-xapian$"):
        resolve("xapian-bigrams")
    with pytest.raises(MissingPackageError, match=r": apt install python3-xapian$"):
        xapian.Engine(xapian.Options(), debians / "index").describe()


def test_bindings_for_another_python_are_not_loaded(debians: Path) -> None:
    """Where Debian's bindings are for another Python, that version is named and how to use it."""
    (debians / "__init__.py").write_text("raise SystemExit('loaded')", encoding="utf-8")
    (debians / "_xapian.cpython-39-x86_64-linux-gnu.so").touch()
    with pytest.raises(MissingPackageError, match=r"for Python 3\.\d+, and Debian's are for 3\.9: python3\.9 -m venv"):
        resolve("xapian")


def test_bindings_that_do_not_load_are_told(debians: Path) -> None:
    """Bindings that fail when loaded, their library missing, say which and leave nothing half loaded."""
    (debians / "__init__.py").write_text("from . import _xapian", encoding="utf-8")
    (debians / f"_xapian{importlib.machinery.EXTENSION_SUFFIXES[0]}").touch()
    with pytest.raises(MissingPackageError, match=r"engine 'xapian' cannot load .*__init__\.py: "):
        create(resolve("xapian"), debians / "index").describe()
    assert "xapian" not in sys.modules
