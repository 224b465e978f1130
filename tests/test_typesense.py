"""What Typesense promises, on a real server."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from corpora.model import Document
from indexers.conformance import CHECKS, CORPUS
from indexers.engines.typesense import SETUPS, Engine, Options
from indexers.errors import IndexBuildError, IndexerError, SearchError, SearchTimeoutError
from tests.servers import Running, require
from tests.servers import typesense as server

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    require(server.missing())
    with server.started(tmp_path_factory.mktemp("typesense")) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONGCHA_TYPESENSE_URL", running.url)
        patch.setenv("TONGCHA_TYPESENSE_PASSWORD", server.PASSWORD)
        yield running


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    headers = {"X-TYPESENSE-API-KEY": server.PASSWORD}
    with httpx.Client(base_url=running.url, headers=headers, trust_env=False) as client:
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


def pages(*bodies: str) -> tuple[Document, ...]:
    return tuple(Document(id=f"p{number}", body=body) for number, body in enumerate(bodies))


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("setup", SETUPS)
def test_every_setup_keeps_every_promise(
    setup: str, promise: Callable[..., None], running: Running, tmp_path: Path
) -> None:
    """Both set-ups pass every check of the conformance suite."""
    promise(lambda folder: Engine(SETUPS[setup], folder), tmp_path)


def test_the_conformance_suite_left_nothing_behind(client: httpx.Client) -> None:
    """Dropping removes a collection: after all of the above the server has none."""
    assert client.get("/collections").json() == []


def test_words_are_dropped_from_either_end_and_never_from_both(built: Callable[..., Engine]) -> None:
    """Of a query of four words, its first or its last is enough, and one or two from its middle are not: no OR.

    The number of pages found by then, 30 here, does not end the dropping.
    """
    engine = built((*pages("社保", "医保", "入学", "津贴", "医保 入学"), *pages(*["社保 医保 入学 津贴"] * 30)))
    hits = engine.search("社保 医保 入学 津贴", 100)
    assert len(hits) == 32
    assert sorted(hit.doc_id for hit in hits[30:]) == ["p0", "p3"]


def test_neither_often_nor_rare_counts(built: Callable[..., Engine]) -> None:
    """A page that says a word five times and one that says it once have the same score: no BM25."""
    engine = built(pages("医保 报销", "医保 医保 医保 医保 医保 报销"))
    once, often = engine.search("医保", 2)
    assert once.score == often.score
    assert [once.doc_id, often.doc_id] == ["p0", "p1"]


def test_the_title_weighs_more(built: Callable[..., Engine]) -> None:
    """Of two pages of the same words, the one with the asked word in its title comes first, up to the largest boost."""
    documents = (Document(id="body", title="证明", body="补贴"), Document(id="title", title="补贴", body="证明"))
    assert found(built(documents), "补贴") == ["title", "body"]
    assert found(built(documents, title_boost=100), "补贴") == ["title", "body"]


def test_typing_errors_beginnings_and_joined_words_are_not_forgiven(built: Callable[..., Engine]) -> None:
    """What the server does by default is off: 1 of 10 letters wrong, a beginning, two words as one."""
    engine = built(pages("residence permit"))
    assert found(engine, "residence") == ["p0"]
    assert [found(engine, text) for text in ("residense", "resid", "residencepermit")] == [[], [], []]


def test_what_the_server_reads_as_nothing_finds_nothing(built: Callable[..., Engine]) -> None:
    """A letter that the server drops, as it does the apostrophe U+02BC, would else find all pages."""
    assert found(built(), "ʼ") == []


def test_sites_that_differ_by_case_and_punctuation_are_two(built: Callable[..., Engine]) -> None:
    """The server itself takes them for one: it compares filters without either."""
    sites = ("www.a-b.gov.example", "www.ab.gov.example", "WWW.a-b.gov.example", "www.a-b.gov.example`x")
    engine = built(tuple(Document(id=site, site=site, title="医保") for site in sites))
    assert [found(engine, "医保", 10, site) for site in sites] == [[site] for site in sites]


def test_equal_documents_keep_document_order_over_many_pages(built: Callable[..., Engine]) -> None:
    """600 equal documents come in the order in which they were indexed, page by page of the server's 250."""
    ids = [f"x{(number * 7) % 600:03}" for number in range(600)]
    engine = built(tuple(Document(id=i, title="防汛通知公告", body="注意防汛") for i in ids))
    for k in (4, 250, 251, 600, 1000):
        assert found(engine, "防汛通知公告", k) == ids[:k]


def test_words_beyond_what_the_server_keeps_are_found(built: Callable[..., Engine]) -> None:
    """A word of 300 letters, and one of 60 characters of three bytes each, finds its page."""
    engine = built((Document(id="a", body="编号 " + "x" * 300), Document(id="b", body="ཀ" * 60)))
    assert found(engine, "x" * 300) == ["a"]
    assert found(engine, "ཀ" * 60) == ["b"]


def test_it_stops_reading_very_long_queries(built: Callable[..., Engine]) -> None:
    """128 tokens are asked, and the description says so: what comes behind them finds nothing."""
    engine = built()
    assert engine.describe()["limits"] == {"max_tokens": 128}
    assert "d06" in found(engine, "天 " * 126 + "营业执照")
    assert "d06" not in found(engine, "天 " * 128 + "营业执照")


def test_its_own_segmentation_reads_traditional_characters(built: Callable[..., Engine]) -> None:
    """`typesense-zh` finds a page in simplified characters by traditional ones, which our tokens do not."""
    assert found(built(segmenter="zh"), "異地就醫備案") == ["d07"]
    assert found(built(), "異地就醫備案") == []


def test_a_document_that_is_refused_is_named(running: Running, tmp_path: Path) -> None:
    """One that the server does not take is an error with its id and the server's reason."""

    class Spoilt(Engine):
        def _entry(self, ordinal: int, document: Document) -> dict[str, Any]:
            entry = super()._entry(ordinal, document)
            return entry | {"ordinal": "third"} if document.id == "d03" else entry

    with closing(Spoilt(Options(), tmp_path)) as engine:
        with pytest.raises(IndexBuildError, match=r"could not index: 'd03': .*ordinal.*int32"):
            engine.build(iter(CORPUS))
        assert not engine.is_there()


def test_a_failed_build_leaves_nothing_on_the_server(running: Running, client: httpx.Client, tmp_path: Path) -> None:
    """The reader's error comes through, and the collection is gone."""

    def broken() -> Iterator[Document]:
        yield from CORPUS * 50
        raise OSError("disk gone")

    before = client.get("/collections").json()
    with closing(Engine(Options(), tmp_path)) as engine:
        with pytest.raises(OSError, match="disk gone"):
            engine.build(broken())
        assert client.get("/collections").json() == before
        with pytest.raises(IndexBuildError, match="build it first"):
            engine.search("居住证", 10)


def test_a_lost_index_is_named(built: Callable[..., Engine], client: httpx.Client) -> None:
    """A collection that the server has lost is an error that says what to do, and can be dropped and built again."""
    engine = built()
    assert engine.is_there()
    for collection in client.get("/collections").json():
        client.delete(f"/collections/{collection['name']}")
    assert not engine.is_there()
    with pytest.raises(IndexBuildError, match="does not hold this index any longer: build it anew"):
        engine.search("居住证", 10)
    engine.build(iter(CORPUS))
    assert engine.is_there()


def test_an_answer_cut_short_is_none(built: Callable[..., Engine]) -> None:
    """What the server has found when its time, here 1 ms, is up is a timeout and not an answer."""
    words = " ".join(chr(0x4E00 + number) for number in range(128))
    engine = built(tuple(Document(id=f"n{number}", body=words) for number in range(400)))
    assert len(found(engine, words, 250)) == 250
    ask = engine._ask

    def hastily(method: str, path: str, json: dict[str, Any]) -> httpx.Response:
        assert json["searches"][0]["search_cutoff_ms"] == 30_000
        return ask(method, path, json={"searches": [json["searches"][0] | {"search_cutoff_ms": 1}]})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_ask", hastily)
        with pytest.raises(SearchTimeoutError, match="Typesense gave no answer within 30 s"):
            engine.search(words, 10)


def test_a_request_that_the_server_gave_up_is_a_timeout(built: Callable[..., Engine]) -> None:
    """The server may say that time was up for one search among others, or by the status of the whole request."""
    engine = built()

    def given_up(method: str, path: str, json: dict[str, Any]) -> httpx.Response:
        request = httpx.Request(method, f"http://a.example{path}", json=json)
        return httpx.Response(408, json={"message": "Request Timeout"}, request=request).raise_for_status()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_ask", given_up)
        with pytest.raises(SearchTimeoutError, match="Typesense gave no answer within 30 s"):
            engine.search("营业执照", 10)


def test_a_server_that_hangs_is_a_timeout(built: Callable[..., Engine], running: Running) -> None:
    """The search ends in its time, and the next one gets its own answer."""
    engine = built(timeout_s=0.5)
    assert found(engine, "营业执照", 1) == ["d06"]
    os.kill(running.pids[0], signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(SearchTimeoutError, match=r"within 0.5 s"):
            engine.search("营业执照", 1)
        assert time.monotonic() - began < 5
    finally:
        os.kill(running.pids[0], signal.SIGCONT)
    with closing(Engine(Options(), engine._folder)) as patient:
        assert found(patient, "住房公积金", 1) == ["d01"]


def test_a_wrong_key_is_one_clear_error(running: Running, tmp_path: Path) -> None:
    """It names the cause; the key is not in it."""
    engine = Engine(Options(password="not-this-one"), tmp_path)  # noqa: S106 - wrong on purpose
    with pytest.raises(IndexerError, match=r"HTTP 401: Forbidden") as caught:
        engine.build(iter(CORPUS))
    assert "not-this-one" not in str(caught.value)
    engine.close()


def test_an_address_and_its_key_are_in_no_message(tmp_path: Path) -> None:
    """Nobody listens there; the error names the variable and the manual instead."""
    engine = Engine(Options(url="http://clerk:hushhush@127.0.0.2:9"), tmp_path)
    with pytest.raises(IndexerError, match=r"start it \(docs/servers.md\) .*TONGCHA_TYPESENSE_URL") as caught:
        engine.describe()
    for secret in ("127.0.0.2", "hushhush", "clerk"):
        assert secret not in str(caught.value)
    engine.close()


def test_no_secret_is_in_the_index_folder(built: Callable[..., Engine], running: Running, tmp_path: Path) -> None:
    """Neither key nor port is in what the engine says of itself or writes."""
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
    assert {path.name for path in (tmp_path / "server").iterdir()} == {"server.log"}
