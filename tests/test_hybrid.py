"""The engine `hybrid`, with a model that counts characters."""

import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from corpora.model import Document
from indexers import registry
from indexers.api import Hit
from indexers.conformance import CHECKS, CORPUS
from indexers.engines import dense
from indexers.engines.bm25s import Engine as Bm25s
from indexers.engines.bm25s import Options as Bm25sOptions
from indexers.errors import IndexBuildError, MissingPackageError, OptionsError, UnknownEngineError
from indexers.registry import create, resolve
from tests.vectors import CountsCharacters

QUESTIONS = ("居住证办理", "社保卡补办", "申请公租房要什么条件", "高龄津贴", "qzxwvjk")
SITE = CORPUS[0].site


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch) -> CountsCharacters:
    counts = CountsCharacters()
    monkeypatch.setattr(dense, "_model", lambda: counts)
    return counts


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    opened = []

    def build(**options: Any) -> Any:
        engine = create(resolve("hybrid", options), tmp_path / str(len(opened)))
        opened.append(engine)
        engine.build(iter(CORPUS))
        return engine

    yield build
    for engine in opened:
        engine.close()


@pytest.fixture
def members(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """Build the engines that `hybrid` has by default, each by itself."""
    with (
        closing(Bm25s(Bm25sOptions(), tmp_path / "b")) as lexical,
        closing(dense.Engine(dense.Options(), tmp_path / "d")) as near,
    ):
        lexical.build(iter(CORPUS))
        near.build(iter(CORPUS))
        yield lexical, near


def ids(hits: list[Hit]) -> list[str]:
    return [hit.doc_id for hit in hits]


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
def test_every_promise_is_kept(promise: Callable[..., None], tmp_path: Path) -> None:
    """The set-up passes the conformance suite."""
    promise(lambda folder: create(resolve("hybrid"), folder), tmp_path)


@pytest.mark.parametrize("site", ["", SITE])
def test_a_page_scores_its_reciprocal_ranks(site: str, built: Callable[..., Any], members: tuple[Any, Any]) -> None:
    """Each score is 1 / (60 + rank) added up over the lists of bm25s and dense that hold the page."""
    hybrid = built()
    for text in QUESTIONS:
        expected: dict[str, float] = {}
        for member in members:
            for rank, hit in enumerate(member.search(text, 100, site), 1):
                expected[hit.doc_id] = expected.get(hit.doc_id, 0.0) + 1 / (60 + rank)
        hits = hybrid.search(text, 100, site)
        assert {hit.doc_id: hit.score for hit in hits} == pytest.approx(expected)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


@pytest.mark.slow  # ranx compiles first
@pytest.mark.filterwarnings("ignore")  # numba and ranx warn about themselves
def test_the_answers_are_those_of_ranx(built: Callable[..., Any], members: tuple[Any, Any]) -> None:
    """Reciprocal rank fusion by ranx of the members' lists gives the same scores for every query."""
    import ranx

    runs = [
        ranx.Run({text: {hit.doc_id: hit.score for hit in member.search(text, 100)} for text in QUESTIONS[:4]})
        for member in members
    ]
    theirs = ranx.fuse(runs=runs, method="rrf", params={"k": 60}).run
    hybrid = built()
    for text in QUESTIONS[:4]:
        assert {hit.doc_id: hit.score for hit in hybrid.search(text, 100)} == pytest.approx(dict(theirs[text]))


def test_what_only_one_member_finds_is_there(built: Callable[..., Any]) -> None:
    """A word of no page has no list of bm25s's and still one of dense's."""
    assert len(built().search("qzxwvjk", 5)) == 5


def test_lists_are_cut_at_k_each(built: Callable[..., Any], members: tuple[Any, Any]) -> None:
    """With `k_each` 2, only what is among the first two of a list is found, whatever `k` is."""
    hybrid = built(k_each=2)
    for text in QUESTIONS[:4]:
        expected = {hit.doc_id for member in members for hit in member.search(text, 2)}
        assert set(ids(hybrid.search(text, 100))) == expected
        assert ids(hybrid.search(text, 1)) == ids(hybrid.search(text, 100))[:1]


def test_options_reach_the_members(built: Callable[..., Any], model: CountsCharacters) -> None:
    """The lexical engine, the constant and the options of `dense` are as the experiment says."""
    hybrid = built(lexical="fts5", rrf_constant=1, dense={"passage_characters": 0, "search": "hnsw"})
    assert model.passages[0] == CORPUS[0].title
    described = hybrid.describe()
    assert described["lexical"]["engine"] == "fts5"
    assert described["dense"]["ranking"]["search"] == "hnsw"
    assert described["fusion"] == {"method": "rrf", "constant": 1, "k_each": 100}
    assert hybrid.search(CORPUS[0].title, 1)[0].score == pytest.approx(2 / (1 + 1))


def test_pages_are_read_while_they_are_encoded(model: CountsCharacters, tmp_path: Path) -> None:
    """The vectors are made while pages are read, so that progress tells of them; nothing is left beside the members."""
    ahead = []

    def counted() -> Iterator[Document]:
        for number in range(1, 65):
            ahead.append(number - len(model.passages))
            yield Document(id=f"p{number}", title=f"公告{number}")

    folder = tmp_path / "hybrid"
    with closing(create(resolve("hybrid"), folder)) as hybrid:
        hybrid.build(counted())
        assert max(ahead) == 8
        assert len(hybrid.search("公告", 100)) == 64
    assert sorted(path.name for path in folder.iterdir()) == ["dense", "lexical", "made_by.json"]


def test_a_build_that_fails_is_no_index(tmp_path: Path) -> None:
    """When the pages cannot be read to the end, what was there before is not taken for an index of them."""

    def failing() -> Iterator[Document]:
        yield CORPUS[0]
        raise ValueError("line 2 is no document")

    with closing(create(resolve("hybrid"), tmp_path)) as hybrid:
        hybrid.build(iter(CORPUS))
        with pytest.raises(ValueError, match="line 2"):
            hybrid.build(failing())
        with pytest.raises(IndexBuildError, match=r"no hybrid index in .*: build it first"):
            hybrid.search("居住证", 10)


def test_members_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unknown engine, one of vectors and one without an index of pages are refused by name."""
    with pytest.raises(UnknownEngineError, match="bm25"):
        resolve("hybrid", {"lexical": "bm25"})
    for name in ("hybrid", "dense", "dense-hnsw"):
        with pytest.raises(OptionsError, match=f"'{name}' is no engine for words"):
            resolve("hybrid", {"lexical": name})
    with pytest.raises(OptionsError, match="passage_characters"):
        resolve("hybrid", {"dense": {"passage_characters": -1}})
    monkeypatch.setattr(registry, "track", lambda setup: "own-index")
    with pytest.raises(OptionsError, match="'fts5' does not index pages"):
        resolve("hybrid", {"lexical": "fts5"})


def test_without_its_lexical_engine_it_is_not_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without bm25s, the set-ups that can be used are listed without `hybrid`, which says what it lacks."""
    monkeypatch.delitem(sys.modules, "indexers.engines.bm25s", raising=False)
    monkeypatch.setitem(sys.modules, "bm25s", None)
    listed = {setup.id for setup in registry.installed_setups(every=True)}
    assert "dense" in listed
    assert "hybrid" not in listed
    with pytest.raises(MissingPackageError, match="needs the engine 'bm25s', which is not installed: pip install"):
        resolve("hybrid")
