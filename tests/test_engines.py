"""What the built-in engines promise: the conformance suite for every set-up, and what is theirs alone."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from corpora.model import Document
from indexers.api import Hit, Index
from indexers.conformance import CHECKS, CORPUS, check
from indexers.engines import bm25s
from indexers.errors import ConformanceError, IndexBuildError, UnsupportedError
from indexers.registry import EngineSetup, create, installed_setups, resolve

# Lucene starts a Java machine, and two have a model: they have tests of their own.
SETUPS = [setup for setup in installed_setups(every=True) if setup.name not in {"dense", "hybrid", "lucene"}]
WORD_SETUPS = [setup for setup in SETUPS if setup.id in {"bm25s", "fts5", "tantivy", "whoosh", "xapian"}]


def by_id(setup: EngineSetup) -> str:
    return setup.id


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Callable[..., Index]]:
    opened: list[Index] = []

    def build(engine_id: str, documents: tuple[Document, ...] = CORPUS, **options: object) -> Index:
        index = create(resolve(engine_id, options), tmp_path / str(len(opened)))
        opened.append(index)
        index.build(iter(documents))
        return index

    yield build
    for index in opened:
        index.close()


def found(index: Index, text: str, k: int = 10) -> list[str]:
    return [hit.doc_id for hit in index.search(text, k)]


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("setup", SETUPS, ids=by_id)
def test_every_setup_keeps_every_promise(setup: EngineSetup, promise: Callable[..., None], tmp_path: Path) -> None:
    """Every installed set-up passes every check of the conformance suite."""
    promise(lambda folder: create(setup, folder), tmp_path)


@pytest.mark.parametrize("setup", SETUPS, ids=by_id)
def test_equal_documents_keep_document_order(setup: EngineSetup, built: Callable[..., Index]) -> None:
    """Documents of equal score come in the order in which they were indexed, whatever their ids."""
    ids = [f"x{(number * 7) % 25:02}" for number in range(25)]
    index = built(setup.id, tuple(Document(id=i, title="防汛通知公告", body="注意防汛") for i in ids))
    assert found(index, "防汛通知公告", 25) == ids
    assert found(index, "防汛通知公告", 4) == ids[:4]


@pytest.mark.parametrize("setup", WORD_SETUPS, ids=by_id)
def test_a_word_inside_a_longer_one_is_found(setup: EngineSetup, built: Callable[..., Index]) -> None:
    """保障 finds a page that says only 社会保障, one word to jieba."""
    documents = (Document(id="a", title="通知", body="社会保障"), Document(id="b", title="公告", body="义务教育"))
    assert found(built(setup.id, documents), "保障") == ["a"]


@pytest.mark.parametrize("setup", WORD_SETUPS, ids=by_id)
def test_the_title_weighs_more(setup: EngineSetup, built: Callable[..., Index]) -> None:
    """Of two pages of the same words, the one with the asked word in its title comes first."""
    documents = (Document(id="body", title="证明", body="补贴"), Document(id="title", title="补贴", body="证明"))
    assert found(built(setup.id, documents), "补贴") == ["title", "body"]


@pytest.mark.parametrize("setup", WORD_SETUPS, ids=by_id)
def test_one_matching_word_is_enough(setup: EngineSetup, built: Callable[..., Index]) -> None:
    """Words are joined by OR: a sentence finds pages that hold some of its words."""
    assert "d02" in found(built(setup.id), "我的社保卡丢了，请问去哪里重新办一张呢")


@pytest.mark.parametrize("setup", WORD_SETUPS, ids=by_id)
def test_a_user_dictionary_reaches_the_index(setup: EngineSetup, built: Callable[..., Index], tmp_path: Path) -> None:
    """A word of the user dictionary is one token: its characters alone no longer find it."""
    path = tmp_path / "words.txt"
    path.write_text("云川码通 100000\n", encoding="utf-8")
    documents = (Document(id="a", title="云川码通", body="领取方式"), Document(id="b", title="公告", body="其他事项"))
    assert found(built(setup.id, documents, user_dict=str(path)), "云川码通") == ["a"]
    assert found(built(setup.id, documents, user_dict=str(path)), "川") == []


def test_bm25s_gives_lucenes_bm25(built: Callable[..., Index]) -> None:
    """A score equals the one worked by hand from the formula of Lucene's BM25."""
    documents = (Document(id="a", body="补贴 补贴 老人"), Document(id="b", body="居民 老人"))
    # n=1 of N=2: idf = ln(1 + 1.5/1.5) = ln 2; tf=2, length 3, average 2.5: norm = 1.2 * (0.25 + 0.75 * 3/2.5) = 1.38
    hit = built("bm25s", documents).search("补贴", 1)[0]
    assert hit.score == pytest.approx(0.6931472 * 2 / (2 + 1.38), rel=1e-5)


@pytest.mark.parametrize("engine", ["tantivy", "whoosh"])
def test_others_give_lucenes_bm25_with_its_constant(engine: str, built: Callable[..., Index]) -> None:
    """The scores of tantivy and whoosh are bm25s's times (k1 + 1), for field lengths that fit their one-byte norms."""
    documents = (Document(id="a", body="补贴 补贴 老人"), Document(id="b", body="居民 老人"))
    hit = built(engine, documents).search("补贴", 1)[0]
    assert hit.score == pytest.approx(0.6931472 * 2 * 2.2 / (2 + 1.38), rel=1e-5)


def test_fts5_gives_its_own_idf_and_the_common_length(built: Callable[..., Index]) -> None:
    """FTS5's score is BM25 with the IDF log((N - n + 0.5) / (n + 0.5)), and a title lengthens by twice its words."""
    documents = (Document(id="a", title="补贴", body="老人"), Document(id="b", body="居民 老人"), Document(id="c"))
    # n=1 of N=3: idf = ln(2.5/1.5) = 0.5108256; tf=2, length 3, average 5/3: norm = 1.2 * (0.25 + 0.75 * 1.8) = 1.92
    hit = built("fts5", documents).search("补贴", 1)[0]
    assert hit.score == pytest.approx(0.5108256 * 2 * 2.2 / (2 + 1.92), rel=1e-5)


def test_a_word_asked_twice_counts_twice(built: Callable[..., Index]) -> None:
    """Repeating a word doubles its share of the score in every engine."""
    for setup in WORD_SETUPS:
        index = built(setup.id)
        once, twice = index.search("营业执照", 1)[0].score, index.search("营业执照 营业执照", 1)[0].score
        assert once is not None
        assert twice == pytest.approx(2 * once, rel=1e-5), setup.id


def test_trigram_misses_two_character_words(built: Callable[..., Index]) -> None:
    """`fts5-trigram` finds nothing for 社保, of which two pages speak: the known weakness it is in the list for."""
    index = built("fts5-trigram")
    assert found(index, "社保") == []
    assert found(index, "社保卡") == ["d02"]
    assert index.describe()["limits"]["min_characters"] == 3


def test_trigram_wants_every_run_as_it_stands(built: Callable[..., Index]) -> None:
    """`fts5-trigram` joins the runs between punctuation by AND and takes each as it stands."""
    index = built("fts5-trigram")
    assert found(index, "居住证 子女入学") == ["d03"]
    assert found(index, "居住证怎么办理") == []


def test_fts5_stops_reading_very_long_queries(built: Callable[..., Index]) -> None:
    """`fts5` asks for 256 tokens and says so: what comes behind them finds nothing."""
    index = built("fts5")
    assert index.describe()["limits"]["max_tokens"] == 256
    assert "d06" in found(index, "天 " * 255 + "营业执照")
    assert "d06" not in found(index, "天 " * 256 + "营业执照")


def test_bigrams_need_no_dictionary(built: Callable[..., Index]) -> None:
    """`tantivy-bigrams` finds a name that no dictionary knows by its characters."""
    documents = (Document(id="a", title="岚枫岙村便民服务点"), Document(id="b", title="岚县服务"))
    assert found(built("tantivy-bigrams", documents), "枫岙") == ["a"]


@pytest.mark.parametrize("setup", SETUPS, ids=by_id)
def test_a_failed_build_names_no_success(setup: EngineSetup, tmp_path: Path) -> None:
    """When the corpus cannot be read to its end, the reader's error comes through and the engine can be closed."""

    def broken() -> Iterator[Document]:
        yield CORPUS[0]
        raise OSError("disk gone")

    index = create(setup, tmp_path)
    with pytest.raises(OSError, match="disk gone"):
        index.build(broken())
    index.close()
    index.build(iter(CORPUS))
    assert "d01" in found(index, "住房公积金")
    index.close()


def test_an_unbuilt_index_says_what_to_do(tmp_path: Path) -> None:
    """Searching before building raises an `IndexBuildError` that names the place and the remedy."""
    for setup in SETUPS:
        if setup.id.partition("-")[0] not in {"bm25s", "fts5", "tantivy", "whoosh", "xapian"}:
            continue
        with pytest.raises(IndexBuildError, match=r"no .* index in .*: build it first"):
            create(setup, tmp_path / "none").search("住房公积金", 10)


class FillsUp:
    """An engine that answers everything with its first page, and forgets which pages it holds."""

    def build(self, documents: Iterable[Document]) -> None:
        list(documents)

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        return [Hit(doc_id="d01")] * k

    def describe(self) -> dict[str, Any]:
        return {"engine": "fills-up", "fields": ("title",)}

    def close(self) -> None:
        pass


def test_the_suite_catches_a_bad_engine(tmp_path: Path) -> None:
    """Every promise that an engine breaks is named, with its claim; those it keeps are not."""
    with pytest.raises(ConformanceError) as caught:
        check(lambda folder: FillsUp(), tmp_path)
    text = str(caught.value)
    for broken in (
        "says_what_it_is",
        "names_a_missing_index",
        "finds_a_page_by_its_title",
        "returns_known_pages_once",
        "restricts_to_a_site",
        "gives_the_best_k_of_a_site",
        "keeps_the_order_within_a_site",
        "knows_sites_by_their_whole_name",
        "answers_nothing_with_nothing",
        "indexes_nothing",
        "replaces_when_building_again",
    ):
        assert f"{broken} (" in text
    for kept in ("closes_twice", "reopens", "constructs_without_touching_disk"):
        assert f"{kept} (" not in text


class CutsFirst(bm25s.Engine):
    """An engine that picks a site's pages from the `k` best of all."""

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        sites = {document.id: document.site for document in CORPUS} | {f"l{n}": CORPUS[1].site for n in range(3)}
        return [hit for hit in super().search(text, k) if not site or sites.get(hit.doc_id) == site]


class OneBox(bm25s.Engine):
    """An engine that cannot restrict its answer to a site, and says so."""

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        if site:
            raise UnsupportedError("cannot restrict the answer to a site")
        return super().search(text, k)


def test_the_suite_catches_a_filter_behind_the_cut(tmp_path: Path) -> None:
    """Restricting what was already cut at `k` breaks the one promise about the best `k` of a site."""
    with pytest.raises(ConformanceError, match=r"^1 of \d+ promises broken:\ngives_the_best_k_of_a_site "):
        check(lambda folder: CutsFirst(bm25s.Options(), folder), tmp_path)


def test_an_engine_without_sites_conforms_if_it_says_so(tmp_path: Path) -> None:
    """`UnsupportedError` for a site is an answer: every promise is kept."""
    check(lambda folder: OneBox(bm25s.Options(), folder), tmp_path)


def test_a_site_leaves_the_statistics_of_the_whole_index(built: Callable[..., Index]) -> None:
    """A hit has the same score within its site as among all sites, in every set-up."""
    for setup in SETUPS:
        index = built(setup.id)
        scores = {hit.doc_id: hit.score for hit in index.search("居住证", 10)}
        assert scores.keys() >= {"d03", "d08"}
        for document in (CORPUS[2], CORPUS[7]):
            hits = index.search("居住证", 10, site=document.site)
            assert {hit.doc_id: hit.score for hit in hits} == {
                i: score for i, score in scores.items() if CORPUS[int(i[1:]) - 1].site == document.site
            }
