"""The engine on Groonga, against a real one: the promises of every engine, and what is its own."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import log
from pathlib import Path
from typing import Any

import httpx
import pytest

from corpora.model import Document
from indexers.conformance import CHECKS, CORPUS
from indexers.engines import groonga
from indexers.errors import IndexBuildError, IndexerError, SearchError, SearchTimeoutError
from indexers.made_by import FILE
from indexers.registry import resolve
from tests.servers import Running, free_port, require
from tests.servers import groonga as real

pytestmark = pytest.mark.server

SETUPS = sorted(groonga.SETUPS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    require(real.missing())
    with real.started(tmp_path_factory.mktemp("groonga")) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TONGCHA_GROONGA_URL", running.url)
        yield running


@pytest.fixture
def built(server: Running, tmp_path: Path) -> Iterator[Callable[..., groonga.Engine]]:
    made: list[groonga.Engine] = []

    def build(documents: tuple[Document, ...] = CORPUS, setup: str = "", **options: Any) -> groonga.Engine:
        engine = make(tmp_path / str(len(made)), setup, **options)
        made.append(engine)
        engine.build(iter(documents))
        return engine

    yield build
    for engine in made:
        engine.drop()
        engine.close()


def make(folder: Path, setup: str = "", **options: Any) -> groonga.Engine:
    return groonga.Engine(resolve(f"groonga-{setup}" if setup else "groonga", options).options, folder)


def ask(server: Running, command: str, **parameters: str) -> Any:
    return httpx.get(f"{server.url}/d/{command}", params=parameters, trust_env=False).json()[1]


def tables(server: Running) -> int:
    return len(ask(server, "table_list")) - 1  # the first row names the columns


def found(engine: groonga.Engine, text: str, k: int = 10, site: str = "") -> list[str]:
    return [hit.doc_id for hit in engine.search(text, k, site)]


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("setup", SETUPS)
def test_every_setup_keeps_every_promise(
    server: Running, setup: str, promise: Callable[..., None], tmp_path: Path
) -> None:
    """All set-ups pass every check of the conformance suite and leave no table behind."""
    before = tables(server)
    promise(lambda folder: make(folder, setup), tmp_path)
    assert tables(server) == before


@pytest.mark.parametrize("setup", SETUPS)
def test_equals_keep_the_order_of_the_corpus(built: Callable[..., groonga.Engine], setup: str) -> None:
    """Documents of equal score come as they were indexed, whatever their ids, over several batches."""
    ids = [f"x{(number * 7) % 225:03}" for number in range(225)]
    engine = built(tuple(Document(id=i, title="防汛通知公告", body="注意防汛") for i in ids), setup)
    assert found(engine, "防汛通知公告", 225) == ids
    assert found(engine, "防汛通知公告", 4) == ids[:4]


def test_the_score_is_tf_idf(built: Callable[..., groonga.Engine]) -> None:
    """A score equals the one worked by hand: occurrences times ln(N / n), not rounded, and 1 where that is less."""
    documents = (
        Document(id="a", title="补贴", body="补贴 老人"),
        Document(id="b", body="居民 老人"),
        *(Document(id=f"c{number}", body="居民") for number in range(18)),
    )
    engine = built(documents)
    scores = {hit.doc_id: hit.score for hit in engine.search("补贴 老人", 10)}
    # Groonga takes n = 3 for three occurrences in one page, and n = 2 + 2 for two pages.
    assert scores == pytest.approx({"a": 3 * log(20 / 3) + log(20 / 4), "b": log(20 / 4)}, rel=1e-5)
    assert {hit.score for hit in engine.search("居民", 10)} == {1.0}  # ln(20 / 21) is less


def test_own_fields_are_added_up(built: Callable[..., groonga.Engine]) -> None:
    """With Groonga's own character pairs a pair of the title counts `title_boost` times."""
    documents = (
        Document(id="both", title="补贴", body="补贴"),
        Document(id="body", title="防汛", body="补贴"),
        *(Document(id=f"c{number}", title="其他", body="事项") for number in range(18)),
    )
    hits = built(documents, "bigrams", title_boost=3).search("补贴", 10)
    assert [hit.doc_id for hit in hits] == ["both", "body"]
    assert [hit.score for hit in hits] == pytest.approx([3 * log(20 / 1) + log(20 / 4), log(20 / 4)], rel=1e-5)


def test_a_word_asked_twice_counts_twice(built: Callable[..., groonga.Engine]) -> None:
    """Repeating a word doubles its share of the score."""
    engine = built()
    once, twice = engine.search("营业执照", 1)[0].score, engine.search("营业执照 营业执照", 1)[0].score
    assert once is not None
    assert twice == pytest.approx(2 * once, rel=1e-5)


def test_the_title_weighs_more(built: Callable[..., groonga.Engine]) -> None:
    """Of two pages of the same words, the one with the asked word in its title comes first."""
    documents = (
        Document(id="body", title="证明", body="补贴"),
        Document(id="title", title="补贴", body="证明"),
        *(Document(id=f"c{number}", title="其他", body="事项") for number in range(18)),
    )
    for setup in SETUPS:
        assert found(built(documents, setup), "补贴") == ["title", "body"], setup


@pytest.mark.parametrize("setup", SETUPS)
def test_a_site_leaves_scores_alone(built: Callable[..., groonga.Engine], setup: str) -> None:
    """A hit has the same score within its site as among all sites."""
    engine = built(setup=setup)
    scores = {hit.doc_id: hit.score for hit in engine.search("居住证", 10)}
    assert scores.keys() >= {"d03", "d08"}
    for document in (CORPUS[2], CORPUS[7]):
        assert {hit.doc_id: hit.score for hit in engine.search("居住证", 10, document.site)} == {
            i: score for i, score in scores.items() if CORPUS[int(i[1:]) - 1].site == document.site
        }


def test_parts_of_words_are_not_asked_instead(built: Callable[..., groonga.Engine]) -> None:
    """Where no word matches, Groonga does not go on to words that begin like it."""
    engine = built((Document(id="a", title="公积金", body="提取"),), tokens="whole-words")
    assert found(engine, "公积金") == ["a"]
    assert found(engine, "公积") == []


def test_phrases_want_every_run_as_it_stands(built: Callable[..., groonga.Engine]) -> None:
    """`groonga-phrases` joins the runs by AND and takes each as it stands; `groonga-bigrams` needs one pair."""
    phrases, pairs = built(setup="phrases"), built(setup="bigrams")
    assert found(phrases, "居住证 子女入学") == ["d03"]
    assert found(phrases, "居住证怎么办理") == []
    assert "d03" in found(pairs, "居住证怎么办理")


def test_own_pairs_read_single_characters(built: Callable[..., groonga.Engine]) -> None:
    """A query of one character finds the pages that hold it, at the end of a run, too."""
    documents = (Document(id="a", title="汛"), Document(id="b", body="防汛。"), Document(id="c", body="通知"))
    assert set(found(built(documents, "bigrams"), "汛")) == {"a", "b"}


@pytest.mark.parametrize("setup", SETUPS)
def test_pages_beyond_the_limits_are_indexed(built: Callable[..., groonga.Engine], setup: str) -> None:
    """A page of one word 140,000 times and one of a word of 5,000 letters are found by what fits."""
    documents = (Document(id="often", body="防汛 " * 140_000), Document(id="long", body="x" * 5000 + " 防汛"))
    engine = built(documents, setup)
    assert found(engine, "防汛") == ["often", "long"]
    if setup == "":
        assert found(engine, "x" * 5000) == ["long"]


def test_a_failed_build_leaves_nothing(server: Running, tmp_path: Path) -> None:
    """When the corpus cannot be read to its end, the reader's error comes through and no table stays."""

    def broken() -> Iterator[Document]:
        yield CORPUS[0]
        raise OSError("disk gone")

    before = tables(server)
    with closing(make(tmp_path)) as engine:
        with pytest.raises(OSError, match="disk gone"):
            engine.build(broken())
        assert tables(server) == before
        engine.build(iter(CORPUS))
        assert "d01" in found(engine, "住房公积金")
        engine.drop()


def test_building_again_replaces_the_tables(server: Running, built: Callable[..., groonga.Engine]) -> None:
    """There are two tables per index folder, whose size the engine tells."""
    engine = built()
    before = tables(server)
    engine.build(iter(CORPUS[:2]))
    assert tables(server) == before
    assert engine.is_there()
    assert engine.stored_bytes() > 1_000_000


def test_a_lost_table_is_named(server: Running, built: Callable[..., groonga.Engine]) -> None:
    """A search on an index that the server has lost says so, and is no empty answer."""
    engine = built()
    for table in (groonga._words(engine._opened()), engine._opened()):
        ask(server, "table_remove", name=table, dependent="yes")
    assert not engine.is_there()
    assert engine.stored_bytes() == 0
    with pytest.raises(IndexBuildError, match="does not hold this index any longer: build it anew"):
        engine.search("住房公积金", 10)


def test_a_lost_dictionary_is_a_lost_index(server: Running, built: Callable[..., groonga.Engine]) -> None:
    """Without the table of its words, by which Groonga finds, an index is not there."""
    engine = built()
    assert engine.is_there()
    ask(server, "table_remove", name=groonga._words(engine._opened()), dependent="yes")
    assert not engine.is_there()


@contextmanager
def answering(status: int, body: bytes, wait: threading.Event | None = None) -> Iterator[str]:
    """Yield the address of a server that gives one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            if wait:
                wait.wait(20)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.server_address[1]}"
    finally:
        if wait:
            wait.set()
        listener.shutdown()
        thread.join()
        listener.server_close()


def test_no_server_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing listens the error says what to do and not where it is."""
    port = free_port()
    monkeypatch.setenv("TONGCHA_GROONGA_URL", f"http://localhost:{port}")
    with pytest.raises(IndexBuildError, match=r"Groonga does not answer at TONGCHA_GROONGA_URL .*start it") as caught:
        make(tmp_path).build(iter(CORPUS))
    assert "localhost" not in str(caught.value)


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (401, b"Unauthorized"), (200, b"[[0,0,0],{}]")])
def test_what_is_no_groonga_is_one_clear_error(
    status: int, body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page, a proxy that wants a password, and an answer of another shape are no Groonga; no secret is told."""
    with answering(status, body) as url:
        monkeypatch.setenv("TONGCHA_GROONGA_URL", url)
        monkeypatch.setenv("TONGCHA_GROONGA_USER", "citizen-king")
        monkeypatch.setenv("TONGCHA_GROONGA_PASSWORD", "not-the-password")
        with pytest.raises(IndexerError, match=rf"status {status}, and no answer of Groonga") as caught:
            make(tmp_path).build(iter(CORPUS))
    for secret in ("citizen-king", "not-the-password", url):
        assert secret not in str(caught.value)


def test_no_secret_is_written(
    server: Running, built: Callable[..., groonga.Engine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the index folder nor `describe()` nor the place holds user or password."""
    monkeypatch.setenv("TONGCHA_GROONGA_USER", "citizen-king")
    monkeypatch.setenv("TONGCHA_GROONGA_PASSWORD", "not-the-password")
    engine = built()
    texts = [str(engine.describe()), engine.place(), *(path.read_text() for path in tmp_path.rglob(FILE))]
    assert len(texts) == 3
    for text in texts:
        assert "citizen-king" not in text
        assert "not-the-password" not in text


def test_a_server_that_hangs_is_not_waited_for(server: Running, built: Callable[..., groonga.Engine]) -> None:
    """A search that takes longer than `timeout_s` is given up, and the next one answered."""
    engine = built(timeout_s=5)
    assert "d01" in found(engine, "住房公积金")
    impatient = make(engine._folder, timeout_s=0.3)
    impatient._version = engine._version
    with closing(impatient):
        os.kill(server.pids[0], signal.SIGSTOP)
        try:
            with pytest.raises(SearchTimeoutError, match=r"no answer within 0.3 s"):
                impatient.search("住房公积金", 10)
        finally:
            os.kill(server.pids[0], signal.SIGCONT)
    assert "d01" in found(engine, "住房公积金")


def test_a_server_that_dies_between_searches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The searches after its death fail one by one; when it is back, on the same files, they are answered."""
    require(real.missing())
    with real.started(tmp_path / "server") as running:
        monkeypatch.setenv("TONGCHA_GROONGA_URL", running.url)
        with closing(make(tmp_path / "index")) as engine:
            engine.build(iter(CORPUS))
            assert "d01" in found(engine, "住房公积金")
            os.kill(running.pids[0], signal.SIGKILL)
            os.waitid(os.P_PID, running.pids[0], os.WEXITED | os.WNOWAIT)
            for _ in range(2):
                with pytest.raises(SearchError, match="could not answer"):
                    engine.search("住房公积金", 10)
