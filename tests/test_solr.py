"""Solr, asked over HTTP: every promise on every set-up, and what is this server's alone."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from corpora.model import Document
from indexers.api import Index, OnServer
from indexers.conformance import CHECKS, CORPUS
from indexers.engines import solr
from indexers.errors import IndexBuildError, IndexerError, OptionsError, SearchError, SearchTimeoutError
from indexers.registry import create, resolve
from tests.servers import Running, free_port, require
from tests.servers import solr as server

pytestmark = pytest.mark.server

USER, PASSWORD = "leserin", "geheim 4711/xyz"
ENGINES = [f"solr-{setup}" if setup else "solr" for setup in solr.SETUPS]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    require(server.missing())
    with server.started(tmp_path_factory.mktemp("solr"), USER, PASSWORD, java=server.QUICK_START) as started:
        yield started


@pytest.fixture(autouse=True)
def environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "cloud" in request.fixturenames:
        monkeypatch.setenv("TONGCHA_SOLR_URL", request.getfixturevalue("cloud").url)
    else:
        monkeypatch.setenv("TONGCHA_SOLR_URL", request.getfixturevalue("running").url)
        monkeypatch.setenv("TONGCHA_SOLR_USER", USER)
        monkeypatch.setenv("TONGCHA_SOLR_PASSWORD", PASSWORD)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Running]:
    require(server.missing())
    with server.started(tmp_path / "cloud", cloud=True, java=server.QUICK_START) as started:
        yield started


@pytest.fixture
def built(tmp_path: Path) -> Iterator[Callable[..., Index]]:
    opened: list[Index] = []

    def build(engine_id: str = "solr", documents: tuple[Document, ...] = CORPUS, **options: object) -> Index:
        index = create(resolve(engine_id, options), tmp_path / f"index{len(opened)}")
        opened.append(index)
        index.build(iter(documents))
        return index

    yield build
    for index in opened:
        if isinstance(index, solr.Engine):
            index.drop()
        index.close()


def found(index: Index, text: str, k: int = 10) -> list[str]:
    return [hit.doc_id for hit in index.search(text, k)]


def asked(running: Running, path: str, **parameters: str) -> dict[str, object]:
    """Ask Solr past the engine."""
    answer = httpx.get(running.url + path, params=parameters, auth=(USER, PASSWORD), trust_env=False, timeout=60)
    content: dict[str, object] = answer.raise_for_status().json()
    return content


def inserts(running: Running, name: str) -> dict[str, int]:
    """Return how many answers of that core each of two caches has taken in."""
    core = f"solr.core.{name}"
    told = asked(running, "/admin/metrics", registry=core, prefix="CACHE.searcher")["metrics"]
    assert isinstance(told, dict)
    return {cache: told[core][f"CACHE.searcher.{cache}"]["inserts"] for cache in ("filterCache", "queryResultCache")}


def cores(running: Running) -> set[str]:
    status = asked(running, "/admin/cores", action="STATUS")["status"]
    assert isinstance(status, dict)
    return set(status)


@pytest.mark.parametrize("promise", CHECKS, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize("engine_id", ENGINES)
def test_every_setup_keeps_every_promise(engine_id: str, promise: Callable[..., None], tmp_path: Path) -> None:
    """Every set-up passes every check of the conformance suite."""
    promise(lambda folder: create(resolve(engine_id, {}), folder), tmp_path)


def test_it_gives_lucenes_bm25(built: Callable[..., Index]) -> None:
    """A score equals the one worked by hand, and a word asked twice counts twice."""
    documents = (Document(id="a", body="补贴 补贴 老人"), Document(id="b", body="居民 老人"))
    index = built(documents=documents)
    # n=1 of N=2: idf = ln(1 + 1.5/1.5) = ln 2; tf=2, length 3, average 2.5: norm = 1.2 * (0.25 + 0.75 * 3/2.5) = 1.38
    assert index.search("补贴", 1)[0].score == pytest.approx(0.6931472 * 2 / (2 + 1.38), rel=1e-5)
    assert index.search("补贴 补贴", 1)[0].score == pytest.approx(2 * 0.6931472 * 2 / (2 + 1.38), rel=1e-5)


@pytest.mark.parametrize("engine_id", ENGINES)
def test_equal_documents_keep_document_order(engine_id: str, built: Callable[..., Index]) -> None:
    """Documents of equal score come in the order in which they were indexed, whatever their ids."""
    ids = [f"x{(number * 7) % 25:02}" for number in range(25)]
    index = built(engine_id, tuple(Document(id=i, title="防汛通知公告", body="注意防汛") for i in ids))
    assert found(index, "防汛通知公告", 25) == ids
    assert found(index, "防汛通知公告", 4) == ids[:4]


def test_several_batches_are_one_index(built: Callable[..., Index]) -> None:
    """Documents of the first, a middle and the last batch are found; the ordinal goes on from batch to batch."""
    documents = tuple(Document(id=f"{n}", body=f"公告 编号{n}") for n in range(2 * solr._BATCH + 1))
    index = built(documents=documents)
    for number in (0, solr._BATCH, 2 * solr._BATCH):
        assert found(index, f"编号{number}")[0] == str(number)
    assert found(index, "公告", 1000) == [document.id for document in documents]


@pytest.mark.parametrize("engine_id", ENGINES)
def test_no_text_is_a_parameter_or_everything(engine_id: str, built: Callable[..., Index]) -> None:
    """`${name:…}` is not expanded, which would lose the name, and a lone `*` does not stand for all documents."""
    documents = (Document(id="named", body="nosuch"), Document(id="other", body="居住证办理"))
    index = built(engine_id, documents)
    assert set(found(index, "${nosuch:居住证}")) == {"named", "other"}
    assert found(index, " * ") == []
    assert index.search("居住证", 10, site="${nosuch:}") == []


def test_it_reads_a_thousand_different_words(built: Callable[..., Index]) -> None:
    """Of a longer query the first 1,000 different words are asked, however often they come, and it says so."""
    index = built()
    assert index.describe()["limits"] == {"max_tokens": 1000}
    words = [f"w{number}" for number in range(1000)]
    assert "d06" in found(index, " ".join([*words[:-1], *words[:-1], "执照"]))
    assert "d06" not in found(index, " ".join([*words, "执照"]))


def test_nothing_is_answered_from_solrs_caches(running: Running, built: Callable[..., Index], tmp_path: Path) -> None:
    """A search, of a site, too, leaves nothing in Solr's caches that would answer it again; others' requests do."""
    index = built()
    name = json.loads((tmp_path / "index0" / "made_by.json").read_bytes())["index"]
    before = inserts(running, name)
    for _ in range(2):
        assert index.search("居住证", 10, site="www.linlan.gov.example")
    assert inserts(running, name) == before
    asked(running, f"/{name}/select", q="text_ws:居住证", fq="site_s:www.linlan.gov.example")
    assert inserts(running, name) == {cache: number + 1 for cache, number in before.items()}


def test_an_index_is_a_core_until_it_is_dropped(running: Running, built: Callable[..., Index], tmp_path: Path) -> None:
    """A build makes one core and the next one replaces it; dropping removes it, and what it takes, for good."""
    before = cores(running)
    index = built()
    assert isinstance(index, OnServer)
    (first,) = cores(running) - before
    assert index.is_there()
    assert index.stored_bytes() > 1000
    index.build(iter(CORPUS))
    (second,) = cores(running) - before
    assert second != first
    index.drop()
    assert cores(running) == before
    assert not index.is_there()
    assert index.stored_bytes() == 0
    with pytest.raises(IndexBuildError, match="build it first"):
        index.search("居住证", 10)


def test_a_lost_index_is_named_as_such(running: Running, built: Callable[..., Index], tmp_path: Path) -> None:
    """When somebody has removed the core, a search says that it is gone; building anew makes it work again."""
    index = built()
    name = json.loads((tmp_path / "index0" / "made_by.json").read_bytes())["index"]
    asked(running, "/admin/cores", action="UNLOAD", core=name, deleteInstanceDir="true")
    with pytest.raises(IndexBuildError, match="does not hold this index any longer: build it anew"):
        index.search("居住证", 10)
    assert isinstance(index, OnServer)
    assert not index.is_there()
    index.build(iter(CORPUS))
    assert "d03" in found(index, "居住证")


def test_a_failed_build_leaves_nothing_on_the_server(running: Running, tmp_path: Path) -> None:
    """When the corpus cannot be read to its end, the reader's error comes through and the core is removed."""

    def broken() -> Iterator[Document]:
        yield CORPUS[0]
        raise OSError("disk gone")

    before = cores(running)
    with closing(create(resolve("solr", {}), tmp_path)) as index, pytest.raises(OSError, match="disk gone"):
        index.build(broken())
    assert cores(running) == before


def test_a_page_that_solr_refuses_fails_the_build(running: Running, tmp_path: Path) -> None:
    """What Solr says of a page that it cannot take is in the error, and nothing is left there."""
    before = cores(running)
    with (
        closing(create(resolve("solr", {}), tmp_path)) as index,
        pytest.raises(IndexBuildError, match="could not index: HTTP 400: Exception writing document"),
    ):
        index.build(iter([Document(id="x" * 40_000, title="公告")]))
    assert cores(running) == before


@pytest.mark.parametrize(
    ("configset", "message"),
    [
        ("nosuch", r"could not index: HTTP 400: .*Could not load configuration from directory"),
        ("_default", r"the configset '_default' has no dynamic field \*_txt_smartcn \(text_smartcn\)"),
    ],
)
def test_a_configset_that_does_not_fit_is_refused(
    running: Running, tmp_path: Path, configset: str, message: str
) -> None:
    """Neither a missing configset nor one without our fields, whose types Solr would guess, makes an index."""
    before = cores(running)
    with (
        closing(create(resolve("solr-smartcn", {"configset": configset}), tmp_path)) as index,
        pytest.raises(IndexBuildError, match=message),
    ):
        index.build(iter(CORPUS))
    assert cores(running) == before


def test_no_server_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is not there is named by the variable that should hold its address, not by the address."""
    port = free_port()
    monkeypatch.setenv("TONGCHA_SOLR_URL", f"http://127.0.0.1:{port}/solr")
    with closing(create(resolve("solr", {}), tmp_path)) as index:
        for act in (index.describe, lambda: index.build(iter(CORPUS))):
            with pytest.raises(IndexerError, match=r"Solr does not answer at TONGCHA_SOLR_URL .*start it") as caught:
                act()
            assert str(port) not in str(caught.value)


def test_a_wrong_password_is_no_missing_server(tmp_path: Path) -> None:
    """Solr's refusal comes through, without the user's name and the password."""
    with closing(create(resolve("solr", {"password": "verkehrt-0815"}), tmp_path)) as index:
        with pytest.raises(IndexBuildError, match=r"HTTP 401: .*wrong user or password") as caught:
            index.build(iter(CORPUS))
        for secret in (USER, "verkehrt"):
            assert secret not in str(caught.value)


def test_secrets_are_written_nowhere(running: Running, built: Callable[..., Index], tmp_path: Path) -> None:
    """Neither the description nor the index folder holds the address, the user or the password."""
    index = built()
    written = json.dumps(index.describe(), ensure_ascii=False)
    written += "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "index0").rglob("*") if file.is_file())
    for secret in (running.url, running.url.split(":")[2].split("/")[0], USER, PASSWORD):
        assert secret not in written
    assert isinstance(index, OnServer)
    assert index.place() == running.url


def test_an_address_without_solr_is_one_clear_error(running: Running, tmp_path: Path) -> None:
    """The address of something else, here of Jetty without Solr's path, is an `IndexerError`; no address is none."""
    with (
        closing(create(resolve("solr", {"url": running.url.removesuffix("/solr")}), tmp_path)) as index,
        pytest.raises(IndexerError, match="HTTP 404"),
    ):
        index.build(iter(CORPUS))
    with closing(create(resolve("solr", {"url": "localhost"}), tmp_path)) as index, pytest.raises(OptionsError):
        index.describe()


def test_a_solrcloud_that_stops_and_dies(cloud: Running, built: Callable[..., Index]) -> None:
    """Under SolrCloud an index is a collection; one that stops answering is late, and one that dies is an error."""
    index = built(timeout_s=20)
    assert isinstance(index, OnServer)
    again = built("solr-cjk", timeout_s=20)
    assert "d03" in found(index, "居住证")
    assert "d03" in found(again, "居住证")
    assert index.is_there()
    assert index.stored_bytes() > 1000
    index.drop()
    assert not index.is_there()
    index.build(iter(CORPUS))
    hasty = solr.Engine(solr.Options(timeout_s=0.5), Path(index._folder))  # type: ignore[attr-defined]
    assert "d03" in found(hasty, "居住证")
    (pid,) = cloud.pids
    os.killpg(pid, signal.SIGSTOP)
    try:
        with pytest.raises(SearchTimeoutError, match=r"no answer within 0\.5 s"):
            hasty.search("居住证", 10)
    finally:
        os.killpg(pid, signal.SIGCONT)
    again.drop()  # type: ignore[attr-defined]
    index.drop()
    os.killpg(pid, signal.SIGKILL)
    with pytest.raises(SearchError, match="could not answer"):
        hasty.search("居住证", 10)
    hasty.close()
