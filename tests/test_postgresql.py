"""The engine on PostgreSQL, against a real one: the promises of every engine, and what is its own."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from corpora.model import Document
from indexers.conformance import CHECKS, CORPUS
from indexers.engines import postgresql
from indexers.errors import IndexBuildError, IndexerError, OptionsError, SearchError, SearchTimeoutError
from indexers.made_by import FILE
from indexers.registry import resolve
from tests.servers import Running, free_port, require
from tests.servers import postgresql as real

pytestmark = pytest.mark.server

SETUPS = sorted(postgresql.SETUPS)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    require(real.missing())
    with real.started(tmp_path_factory.mktemp("postgresql")) as running, pytest.MonkeyPatch.context() as patch:
        parts = urlsplit(running.url)
        patch.setenv("TONGCHA_POSTGRESQL_URL", parts._replace(netloc=f"127.0.0.1:{parts.port}").geturl())
        patch.setenv("TONGCHA_POSTGRESQL_USER", real.USER)
        patch.setenv("TONGCHA_POSTGRESQL_PASSWORD", real.PASSWORD)
        yield running


@pytest.fixture
def built(server: Running, tmp_path: Path) -> Iterator[Callable[..., postgresql.Engine]]:
    made: list[postgresql.Engine] = []

    def build(documents: tuple[Document, ...] = CORPUS, setup: str = "", **options: Any) -> postgresql.Engine:
        engine = make(tmp_path / str(len(made)), setup, **options)
        made.append(engine)
        engine.build(iter(documents))
        return engine

    yield build
    for engine in made:
        engine.drop()
        engine.close()


def make(folder: Path, setup: str = "", **options: Any) -> postgresql.Engine:
    return postgresql.Engine(resolve(f"postgresql-{setup}" if setup else "postgresql", options).options, folder)


def tables(server: Running) -> int:
    with psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'tongcha_%'").fetchone()
    assert row is not None
    return int(row[0])


def found(engine: postgresql.Engine, text: str, k: int = 10, site: str = "") -> list[str]:
    return [hit.doc_id for hit in engine.search(text, k, site)]


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("setup", SETUPS)
def test_every_setup_keeps_every_promise(
    server: Running, setup: str, promise: Callable[..., None], tmp_path: Path
) -> None:
    """Both set-ups pass every check of the conformance suite and leave no table behind."""
    before = tables(server)
    promise(lambda folder: make(folder, setup), tmp_path)
    assert tables(server) == before


@pytest.mark.parametrize("setup", SETUPS)
def test_equals_keep_the_order_of_the_corpus(built: Callable[..., postgresql.Engine], setup: str) -> None:
    """Documents of equal rank come as they were indexed, whatever their ids."""
    ids = [f"x{(number * 7) % 25:02}" for number in range(25)]
    engine = built(tuple(Document(id=i, title="防汛通知公告", body="注意防汛") for i in ids), setup)
    assert found(engine, "防汛通知公告", 25) == ids
    assert found(engine, "防汛通知公告", 4) == ids[:4]


def test_the_score_is_ts_ranks(built: Callable[..., postgresql.Engine]) -> None:
    """A score equals the one worked by hand from the formula of `ts_rank`, not divided by the number of words."""
    documents = (
        Document(id="a", title="补贴", body="补贴 老人"),
        Document(id="b", body="居民 老人 补贴 补贴 居民 居民 居民"),
    )
    hits = {hit.doc_id: hit.score for hit in built(documents).search("补贴", 10)}
    # a: 1 of the title, then 1/2 of the body as second occurrence, a quarter of it; 3 words: log2(3 + 1) = 2.
    # b: 1/2 and a quarter of 1/2; 7 words: log2(7 + 1) = 3. The sum of 1/n² is 1.64493.
    assert hits == pytest.approx({"a": 1.125 / 1.64493 / 2, "b": 0.625 / 1.64493 / 3}, rel=1e-5)


def test_rums_score_is_ts_ranks_without_length(built: Callable[..., postgresql.Engine]) -> None:
    """RUM's score is the same sum with the weights .2 of the label C and .1 of D, undivided."""
    documents = (Document(id="a", title="补贴", body="补贴 老人"), Document(id="b", body="居民 补贴 补贴"))
    hits = {hit.doc_id: hit.score for hit in built(documents, "rum").search("补贴", 10)}
    assert hits == pytest.approx({"a": 0.225 / 1.64493, "b": 0.125 / 1.64493}, rel=1e-5)


def test_both_indexes_rank_alike_where_they_can(built: Callable[..., postgresql.Engine]) -> None:
    """Without length normalisation the two set-ups give the same lists."""
    gin, rum = built(normalization=0), built(setup="rum")
    for document in CORPUS:
        assert found(gin, document.title, 100) == found(rum, document.title, 100)


@pytest.mark.parametrize("setup", SETUPS)
def test_a_word_asked_twice_counts_twice(built: Callable[..., postgresql.Engine], setup: str) -> None:
    """Repeating a word doubles its share, beside another word as alone."""
    engine = built(setup=setup)

    def score(text: str) -> float:
        return {hit.doc_id: hit.score or 0 for hit in engine.search(text, 100)}["d03"]

    assert score("居住证 居住证") == pytest.approx(2 * score("居住证"), rel=1e-5)
    both = score("居住证") + score("入学")
    assert score("居住证 入学") == pytest.approx(both, rel=1e-5)
    assert score("居住证 入学 入学") == pytest.approx(both + score("入学"), rel=1e-5)


@pytest.mark.parametrize("setup", SETUPS)
def test_the_title_weighs_more(built: Callable[..., postgresql.Engine], setup: str) -> None:
    """Of two pages of the same words, the one with the asked word in its title comes first; a boost of 1 is none."""
    documents = (Document(id="body", title="证明", body="补贴"), Document(id="title", title="补贴", body="证明"))
    assert found(built(documents, setup), "补贴") == ["title", "body"]
    assert found(built(documents, setup, title_boost=1), "补贴") == ["body", "title"]


@pytest.mark.parametrize("setup", SETUPS)
def test_a_site_leaves_scores_alone(built: Callable[..., postgresql.Engine], setup: str) -> None:
    """A hit has the same score within its site as among all sites."""
    engine = built(setup=setup)
    scores = {hit.doc_id: hit.score for hit in engine.search("居住证", 10)}
    for document in (CORPUS[2], CORPUS[7]):
        assert {hit.doc_id: hit.score for hit in engine.search("居住证", 10, document.site)} == {
            i: score for i, score in scores.items() if CORPUS[int(i[1:]) - 1].site == document.site
        }


@pytest.mark.parametrize("setup", SETUPS)
def test_pages_beyond_the_limits_are_indexed(built: Callable[..., postgresql.Engine], setup: str) -> None:
    """A page of 120,000 different pairs and one of a word of 5,000 letters are found by what fits."""
    pairs = "".join(chr(0x4E00 + a) + chr(0x6E00 + b) for a in range(200) for b in range(300))
    documents = (Document(id="pairs", title="防汛", body=pairs), Document(id="long", body="x" * 5000 + " 防汛"))
    engine = built(documents, setup, tokens="bigrams")
    assert set(found(engine, "防汛")) == {"pairs", "long"}
    assert found(engine, "x" * 5000) == ["long"]


def test_rum_orders_by_its_index(built: Callable[..., postgresql.Engine], server: Running) -> None:
    """The set-up orders by its index, without reading all rows, and as the rows would be ordered."""
    words = ("防汛", "通知", "居民", "补贴", "老人")
    engine = built(
        tuple(
            Document(id=str(n), title=words[n % 3], body=" ".join(word * (n % (i + 2)) for i, word in enumerate(words)))
            for n in range(300)
        ),
        "rum",
        tokens="bigrams",
    )
    client = engine._client()
    client.execute("SET enable_seqscan = off")
    for asked in ("防汛", "居民 补贴 老人", "通知 补贴"):
        match = postgresql.any_of(asked.split())
        query = postgresql.sql.SQL(postgresql._BY_DISTANCE).format(
            table=postgresql.sql.Identifier(engine._opened()),
            site=postgresql.sql.SQL(""),
            distance=postgresql._OF_INDEX,
        )
        explain = postgresql.sql.SQL("EXPLAIN ") + query
        plan = "\n".join(str(row[0]) for row in client.execute(explain, (match, match, match, 20, 20)))
        assert "Order By: (words <=>" in plan
        by_index = engine.search(asked, 20)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(postgresql, "_OF_INDEX", postgresql._OF_ROW)
            assert engine.search(asked, 20) == by_index


def test_options_that_rum_has_not_are_refused(server: Running) -> None:
    """A title boost that none of RUM's labels has, and length normalisation, are refused before a run."""
    for options in ({"title_boost": 3}, {"normalization": 1}):
        with pytest.raises(OptionsError, match="RUM knows"):
            resolve("postgresql-rum", options)


def test_a_missing_extension_is_named(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the server has not the extension, the message names the package that brings it."""
    monkeypatch.setattr(postgresql, "_RUM", "rum-of-nobody")
    with closing(make(tmp_path, "rum")) as engine, pytest.raises(IndexBuildError, match="postgresql-15-rum"):
        engine.build(iter(CORPUS))


def test_a_plain_user_is_enough(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One who owns a database can build both; without the extension in it RUM asks for somebody who may make it."""
    address = urlsplit(server.url)
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain-password'")
        connection.execute("CREATE DATABASE plain OWNER plain")
    monkeypatch.setenv("TONGCHA_POSTGRESQL_URL", f"postgresql://127.0.0.1:{address.port}/plain")
    monkeypatch.setenv("TONGCHA_POSTGRESQL_USER", "plain")
    monkeypatch.setenv("TONGCHA_POSTGRESQL_PASSWORD", "plain-password")
    with closing(make(tmp_path, "rum")) as engine:
        with pytest.raises(IndexBuildError, match="permission denied to create extension"):
            engine.build(iter(CORPUS))
        with psycopg.connect(server.url.replace("/postgres", "/plain"), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION rum")
        engine.build(iter(CORPUS))
        assert "d01" in found(engine, "住房公积金")


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


def test_building_again_replaces_the_table(server: Running, built: Callable[..., postgresql.Engine]) -> None:
    """There is one table per index folder, whose size the engine tells."""
    engine = built()
    before, size = tables(server), engine.stored_bytes()
    engine.build(iter(CORPUS[:2]))
    assert tables(server) == before
    assert engine.is_there()
    assert size >= 8192


def test_a_lost_table_is_named(server: Running, built: Callable[..., postgresql.Engine]) -> None:
    """A search on an index that the database has lost says so, and is no empty answer."""
    engine = built()
    with psycopg.connect(server.url) as connection:
        connection.execute(f"DROP TABLE {engine._opened()}")  # type: ignore[arg-type]
    assert not engine.is_there()
    assert engine.stored_bytes() == 0
    with pytest.raises(IndexBuildError, match="does not hold this index any longer: build it anew"):
        engine.search("住房公积金", 10)
    engine.drop()
    assert not engine.is_there()


def test_a_wrong_password_is_one_clear_error(server: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says that logging in failed and names neither user nor password."""
    monkeypatch.setenv("TONGCHA_POSTGRESQL_PASSWORD", "not-the-password")
    with pytest.raises(IndexerError, match="authentication failed") as caught:
        make(tmp_path).build(iter(CORPUS))
    assert real.USER not in str(caught.value)
    assert "not-the-password" not in str(caught.value)


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:{}/postgres", "postgresql://localhost:{}", "http://[::1]:{}"])
def test_no_server_is_one_clear_error(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing listens, or what is asked is no PostgreSQL, the error says what to do and not where it is."""
    port = free_port()
    monkeypatch.setenv("TONGCHA_POSTGRESQL_URL", url.format(port))
    with pytest.raises(IndexBuildError, match=r"PostgreSQL does not answer at TONGCHA_POSTGRESQL_URL .*start it"):
        make(tmp_path).describe()


def test_no_secret_is_written(server: Running, built: Callable[..., postgresql.Engine], tmp_path: Path) -> None:
    """Neither the index folder nor `describe()` nor the place holds user or password."""
    engine = built(user="env:TONGCHA_POSTGRESQL_USER")
    texts = [str(engine.describe()), engine.place(), *(path.read_text() for path in tmp_path.rglob(FILE))]
    assert len(texts) == 3
    for text in texts:
        assert real.USER not in text
        assert real.PASSWORD not in text


def test_the_database_gives_up_in_time(server: Running, built: Callable[..., postgresql.Engine]) -> None:
    """A statement that takes longer than `timeout_s` is cancelled, and the next one answered."""
    engine = built(timeout_s=0.3)
    name = engine._opened()
    with psycopg.connect(server.url) as other:
        other.execute(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")  # type: ignore[arg-type]
        with pytest.raises(SearchTimeoutError, match=r"no answer within 0.3 s"):
            engine.search("住房公积金", 10)
        other.rollback()
    assert "d01" in found(engine, "住房公积金")


def test_a_server_that_hangs_is_not_waited_for(server: Running, built: Callable[..., postgresql.Engine]) -> None:
    """When the server is stopped and cancels nothing, the client gives up, and asks anew when it is back."""
    engine = built(timeout_s=0.2)
    assert "d01" in found(engine, "住房公积金")
    row = engine._client().execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    os.kill(row[0], signal.SIGSTOP)
    try:
        with pytest.raises(SearchTimeoutError):
            engine.search("住房公积金", 10)
    finally:
        os.kill(row[0], signal.SIGCONT)
    assert "d01" in found(engine, "住房公积金")


def test_a_server_that_dies_between_searches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The searches after its death fail one by one and each says so."""
    require(real.missing())
    with real.started(tmp_path / "server") as running:
        monkeypatch.setenv("TONGCHA_POSTGRESQL_URL", running.url)
        for name in ("USER", "PASSWORD"):
            monkeypatch.delenv(f"TONGCHA_POSTGRESQL_{name}", raising=False)
        with closing(make(tmp_path / "index")) as engine:
            engine.build(iter(CORPUS))
            assert "d01" in found(engine, "住房公积金")
            os.kill(running.pids[0], signal.SIGINT)
            os.waitid(os.P_PID, running.pids[0], os.WEXITED | os.WNOWAIT)
            for _ in range(2):
                with pytest.raises(SearchError) as caught:
                    engine.search("住房公积金", 10)
                assert real.PASSWORD not in str(caught.value)
