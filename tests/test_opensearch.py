"""OpenSearch: every promise on a real cluster of three nodes, what is its own, and a node that dies."""

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from corpora.model import Document
from indexers.api import Hit
from indexers.conformance import CHECKS, CORPUS
from indexers.errors import IndexBuildError, IndexerError, SearchError, SearchTimeoutError
from indexers.made_by import FILE
from indexers.registry import EngineSetup, create, resolve
from tests.servers import Running, free_port, require
from tests.servers import opensearch as servers

pytestmark = pytest.mark.server
pytest.importorskip("opensearchpy")

SETUPS = ("opensearch", "opensearch-standard", "opensearch-cjk")
MANY = (
    *CORPUS,
    *(
        Document(id=f"m{n}", title=f"第{n}号通知", body=CORPUS[n % 12].body + CORPUS[n % 7].title * (n % 3))
        for n in range(400)
    ),
)
QUERIES = tuple(document.title for document in CORPUS) + tuple(f"第{n}号通知 申请补贴" for n in range(28))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    require(servers.missing())
    with servers.started(tmp_path_factory.mktemp("opensearch")) as running, pytest.MonkeyPatch.context() as environment:
        for name in ("USER", "PASSWORD"):
            environment.delenv(f"TONGCHA_OPENSEARCH_{name}", raising=False)
        environment.setenv("TONGCHA_OPENSEARCH_URL", running.url)
        yield running


@pytest.fixture
def built(cluster: Running, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    opened: list[Any] = []

    def build(engine_id: str = "opensearch", documents: tuple[Document, ...] = CORPUS, **options: object) -> Any:
        index = create(resolve(engine_id, options), tmp_path / str(len(opened)))
        opened.append(index)
        index.build(iter(documents))
        return index

    yield build
    for index in opened:
        index.drop()
        index.close()


def found(index: Any, text: str, k: int = 10, site: str = "") -> list[str]:
    return [hit.doc_id for hit in index.search(text, k, site)]


def ask(running: Running, path: str, method: str = "GET") -> Any:
    """Ask the first node that answers, without the library."""
    for url in running.url.split(","):
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        with closing(connection), suppress(ConnectionError):
            connection.request(method, path)
            return json.load(connection.getresponse())
    raise AssertionError("no node answers")


def kept_indexes(running: Running) -> set[str]:
    return {entry["index"] for entry in ask(running, "/_cat/indices?format=json")}


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("engine_id", SETUPS)
def test_every_setup_keeps_every_promise(
    engine_id: str, promise: Callable[..., None], cluster: Running, tmp_path: Path
) -> None:
    """Every set-up passes every check of the conformance suite."""
    setup: EngineSetup = resolve(engine_id)
    promise(lambda folder: create(setup, folder), tmp_path)


def test_the_checks_left_nothing_on_the_server(cluster: Running) -> None:
    """What the suite built and dropped is gone from the cluster."""
    assert not {name for name in kept_indexes(cluster) if name.startswith("tongcha_")}


def test_scores_are_lucenes_bm25_with_its_constant(built: Callable[..., Any]) -> None:
    """A score equals the one worked by hand from the formula, as for tantivy."""
    documents = (Document(id="a", body="补贴 补贴 老人"), Document(id="b", body="居民 老人"))
    # n=1 of N=2: idf = ln(1 + 1.5/1.5) = ln 2; tf=2, length 3, average 2.5: norm = 1.2 * (0.25 + 0.75 * 3/2.5) = 1.38
    hit = built(documents=documents).search("补贴", 1)[0]
    assert hit.score == pytest.approx(0.6931472 * 2 * 2.2 / (2 + 1.38), rel=1e-5)


def test_k1_and_b_reach_the_ranking(built: Callable[..., Any]) -> None:
    """With k1 = 0 only rarity counts: idf times (0 + 1)."""
    documents = (Document(id="a", body="补贴 补贴 老人"), Document(id="b", body="居民 老人"))
    assert built(documents=documents, k1=0.0).search("补贴", 1)[0].score == pytest.approx(0.6931472, rel=1e-5)


def test_scores_do_not_depend_on_shards(built: Callable[..., Any]) -> None:
    """Five shards give the hits and scores of one, of one site, too: statistics are those of all shards."""
    for engine_id in ("opensearch", "opensearch-cjk"):
        one, five = built(engine_id, MANY), built(engine_id, MANY, shards=5)
        for text in QUERIES[6:18]:
            for site in ("", CORPUS[0].site):
                expected = one.search(text, 20, site)
                hits = five.search(text, 20, site)
                assert [hit.doc_id for hit in hits] == [hit.doc_id for hit in expected], (engine_id, text)
                assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected], rel=1e-6)


def test_the_default_analyzer_knows_characters_only(built: Callable[..., Any]) -> None:
    """`standard` finds a page that holds a word's characters apart; `cjk` and our words do not."""
    documents = (Document(id="a", title="保险柜", body="社会"), Document(id="b", title="公告", body="义务教育"))
    assert found(built("opensearch-standard", documents), "社保") == ["a"]
    assert found(built("opensearch-cjk", documents), "社保") == []
    assert found(built("opensearch", documents), "社保") == []


def test_the_first_thousand_words_are_asked(built: Callable[..., Any]) -> None:
    """A query's first 1,000 different words find pages and no further ones, as `describe()` says."""
    index = built()
    others = [f"w{n}q" for n in range(1000)]
    assert index.describe()["limits"] == {"max_words": 1000}
    assert "d06" in found(index, " ".join([*others[:999], "营业执照"]))
    assert "d06" not in found(index, " ".join([*others, "营业执照"]))
    assert "d06" in found(index, " ".join([*(others[:990] * 5), "营业执照"]))


def test_a_refused_document_is_named_and_leaves_nothing(cluster: Running, tmp_path: Path) -> None:
    """A document that the server refuses is one error that names it; no index stays behind, the next build works."""
    before = kept_indexes(cluster)
    bad = Document(id="too-long-a-site", site="x" * 40_000, title="通知")
    with closing(create(resolve("opensearch", {"bulk_documents": 5}), tmp_path)) as index:
        with pytest.raises(IndexBuildError, match=r"could not index: documents too-long-a-site \(\w+: .*immense term"):
            index.build(iter([*CORPUS, bad, *CORPUS]))
        assert kept_indexes(cluster) == before
        assert not (tmp_path / FILE).exists()
        index.build(iter(CORPUS))
        assert found(index, "住房公积金")[:1] == ["d01"]
        index.drop()  # type: ignore[attr-defined]


def test_documents_are_read_as_they_are_sent(cluster: Running, tmp_path: Path) -> None:
    """A corpus is read no further than one request ahead: memory does not grow with it."""
    read = 0

    def endless() -> Iterator[Document]:
        nonlocal read
        while True:
            read += 1
            yield Document(id=f"n{read}", site="x" * 40_000 if read == 25 else "", title="通知")

    index = create(resolve("opensearch", {"bulk_documents": 10}), tmp_path)
    with closing(index), pytest.raises(IndexBuildError, match="n25"):
        index.build(endless())
    assert read == 32  # the third request holds the 21st to the 30th; the 31st told it was full, the 32nd is not sent


def test_a_lost_index_says_build_it_anew(built: Callable[..., Any], cluster: Running) -> None:
    """An index that somebody deleted on the server is not there, and a search says so."""
    index = built()
    assert index.is_there()
    assert index.stored_bytes() > 1000
    (name,) = (name for name in kept_indexes(cluster) if name.startswith("tongcha_"))
    ask(cluster, f"/{name}", "DELETE")
    assert not index.is_there()
    with pytest.raises(IndexBuildError, match="does not hold this index any longer: build it anew"):
        index.search("住房公积金", 10)


def test_no_server_is_one_clear_error(tmp_path: Path) -> None:
    """Where nobody listens, describing, building and searching say so in one line, without the address."""
    url = f"http://127.0.0.1:{free_port()}"
    for several in (url, f"{url},{url}/"):
        with closing(create(resolve("opensearch", {"url": several}), tmp_path)) as index:
            for act in (index.describe, lambda: index.build(iter(CORPUS))):
                with pytest.raises(
                    IndexBuildError, match=r"OpenSearch does not answer at the option 'url'.*docs/servers"
                ):
                    act()
        assert not list(tmp_path.iterdir())


@contextmanager
def in_front_of(node: str, spoil: Callable[[str, int], int] = lambda path, number: 0) -> Iterator[str]:
    """Stand before a node: ask for user and password as its security plugin does, and spoil what is said to be.

    `spoil` gets the path and its how manieth request this is; 0 passes it on, another number is the status to answer,
    1 passes it on and loses the answer.
    """
    seen: dict[str, int] = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = urlsplit(self.path).path
            seen[path] = seen.get(path, 0) + 1
            status = spoil(path, seen[path])
            if self.headers.get("Authorization") != "Basic dGVzdGVyLTE6cGFzc3dvcmQtMQ==":  # tester-1:password-1
                status, content, kind = 401, b"Unauthorized", "text/plain"
            elif status > 1:
                content, kind = (
                    json.dumps({"error": {"type": "rejected_execution_exception"}}).encode(),
                    "application/json",
                )
            else:
                connection = http.client.HTTPConnection(urlsplit(node).netloc, timeout=30)
                connection.request(self.command, self.path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                content, kind = answer.read(), answer.headers.get("Content-Type", "text/plain")
                connection.close()
                if status == 1:
                    self.close_connection = True
                    return
                status = answer.status
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names that the library wants

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_user_and_password_let_in_and_are_shown_nowhere(cluster: Running, tmp_path: Path) -> None:
    """With user and password an index is built and asked; neither is in describe() or in the index folder."""
    node = cluster.url.split(",")[0]
    with in_front_of(node) as url:
        for given in (
            {"url": url, "user": "tester-1", "password": "password-1"},
            {"url": url.replace("//", "//tester-1:password-1@")},
        ):
            with closing(create(resolve("opensearch", given), tmp_path)) as index:
                index.build(iter(CORPUS))
                assert found(index, "住房公积金")[:1] == ["d01"]
                texts = [json.dumps(index.describe()), *(path.read_text() for path in tmp_path.iterdir())]
                assert not any(secret in text for text in texts for secret in ("tester-1", "password-1", url))
                index.drop()  # type: ignore[attr-defined]


def test_a_wrong_password_is_told_without_it(cluster: Running, tmp_path: Path) -> None:
    """A wrong password is one error that names the options to see, and neither user nor password."""
    with in_front_of(cluster.url.split(",")[0]) as url:
        options = {"url": url, "user": "tester-1", "password": "wrong-word-1"}
        index = create(resolve("opensearch", options), tmp_path)
        match = r"does not let us in .*401.*'user' and 'password'"
        with closing(index), pytest.raises(IndexBuildError, match=match) as told:
            index.build(iter(CORPUS))
    assert not any(secret in str(told.value) for secret in ("tester-1", "wrong-word-1", url))


def test_a_busy_server_is_asked_again(cluster: Running, tmp_path: Path) -> None:
    """Documents that a busy server sends back (429) come again a second later, and all are indexed."""
    with in_front_of(
        cluster.url.split(",")[0], lambda path, n: 429 if path.endswith("/_bulk") and n == 1 else 0
    ) as url:
        options = {"url": url, "user": "tester-1", "password": "password-1"}
        with closing(create(resolve("opensearch", options), tmp_path)) as index:
            started = time.monotonic()
            index.build(iter(CORPUS))
            assert time.monotonic() - started > 1
            assert len(found(index, "居住证", 100)) > 0
            index.drop()  # type: ignore[attr-defined]


def test_a_lost_answer_stores_nothing_twice(cluster: Running, built: Callable[..., Any], tmp_path: Path) -> None:
    """When the answer to a bulk request is lost, the documents are sent again and are there once, scored as ever."""
    expected = built().search("居住证", 100)
    lost: list[str] = []

    def lose(path: str, number: int) -> int:
        if path.endswith("/_bulk") and number == 1:
            lost.append(path)
            return 1
        return 0

    with in_front_of(cluster.url.split(",")[0], lose) as url:
        options = {"url": url, "user": "tester-1", "password": "password-1"}
        with closing(create(resolve("opensearch", options), tmp_path / "lost")) as index:
            index.build(iter(CORPUS))
            assert index.search("居住证", 100) == expected
            index.drop()  # type: ignore[attr-defined]
    assert lost


def test_no_answer_in_time_is_a_timeout(built: Callable[..., Any], cluster: Running) -> None:
    """A node that stands still is a `SearchTimeoutError` after `timeout_s`; when it goes on, it answers again."""
    index = built(url=cluster.url.split(",")[0], timeout_s=1.0)
    assert found(index, "住房公积金")[:1] == ["d01"]
    os.kill(cluster.pids[0], signal.SIGSTOP)
    try:
        with pytest.raises(SearchTimeoutError, match="OpenSearch gave no answer within 1 s"):
            index.search("住房公积金", 10)
    finally:
        os.kill(cluster.pids[0], signal.SIGCONT)
    deadline = time.monotonic() + 20
    while True:
        try:
            assert found(index, "住房公积金")[:1] == ["d01"]
            break
        except SearchError:
            assert time.monotonic() < deadline
            time.sleep(0.2)


def test_no_query_is_lost_when_a_node_dies(built: Callable[..., Any], cluster: Running, tmp_path: Path) -> None:
    """The node that leads the cluster is killed while queries come: all are answered, and as they were before.

    Its own address answers no longer, which is a `SearchError`. The last test: the node is not started again.
    """
    index = built(documents=MANY, shards=3, replicas=1)
    assert ask(cluster, "/_cluster/health")["status"] == "green"
    before = {text: index.search(text, 20) for text in QUERIES}
    leader = int(ask(cluster, "/_cat/cluster_manager?format=json")[0]["node"].removeprefix("node-"))
    alone = create(resolve("opensearch", {"url": cluster.url.split(",")[leader]}), tmp_path / "alone")
    alone.build(iter(CORPUS))
    answers: list[tuple[str, list[Hit] | IndexerError]] = []
    enough, killed, over = threading.Event(), threading.Event(), threading.Event()

    def replay() -> None:
        while not over.is_set():
            for text in QUERIES:
                try:
                    answers.append((text, index.search(text, 20)))
                except IndexerError as error:
                    answers.append((text, error))
                if len(answers) == 60:
                    enough.set()
                    killed.wait(30)  # some queries come in the very moment of death

    replaying = threading.Thread(target=replay)
    replaying.start()
    try:
        assert enough.wait(60)
        os.kill(cluster.pids[leader], signal.SIGKILL)
        killed.set()
        deadline = time.monotonic() + 60
        while len(answers) < 240 and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        killed.set()
        over.set()
        replaying.join()
    assert len(answers) >= 240
    wrong = [(text, answer) for text, answer in answers if answer != before[text]]
    assert wrong == []
    with pytest.raises(SearchError, match="OpenSearch at the option 'url' could not answer"):
        alone.search("住房公积金", 10)
    alone.close()
    assert ask(cluster, "/_cluster/health")["number_of_nodes"] == 2
