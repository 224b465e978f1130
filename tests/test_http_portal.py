"""Portal searches: every preset against its emulated family, every fault with its outcome, and manners."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bench.worker import Asked, _ask
from corpora.model import Document
from corpora.store import open_corpus
from indexers.api import Polite, Searcher
from indexers.engines.http_portal import Engine, Options
from indexers.errors import BlockedError, OptionsError, SearchError, SearchTimeoutError, UnsupportedError
from indexers.pages import write_pages
from indexers.portal.client import Clock
from indexers.portal.preset import preset_names
from indexers.registry import installed_setups, resolve
from queries.store import open_query_set
from tests.portal_emulator.collection import DOCUMENTS, SITES, Backend
from tests.portal_emulator.families import FAMILIES, OTHER_VALUES, SITE_VALUE
from tests.portal_emulator.server import Emulator

QUERY = "公积金办事指南"
PRESETS = sorted(FAMILIES)
PRESET_FILES = Path(__file__).parent.parent / "indexers" / "presets"
BASE = "https://www.linlan.gov.example"


class Instant(Clock):
    """A clock on which waiting takes no time, and which remembers the waits."""

    def __init__(self) -> None:
        self.time = 1_000_000.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.time += seconds


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    backend = Backend(tmp_path_factory.mktemp("backend"))
    yield backend
    backend.close()


@pytest.fixture(scope="module")
def running(backend: Backend) -> Iterator[Emulator]:
    with Emulator(backend) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Iterator[Emulator]:
    yield running
    running.slow.set()
    running.reset()


@pytest.fixture
def clock() -> Instant:
    return Instant()


@pytest.fixture
def portal(emulator: Emulator, clock: Instant, tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    opened: list[Engine] = []
    write_pages(tmp_path, DOCUMENTS)

    def make(preset: str, **options: Any) -> Engine:
        engine = Engine(options_for(preset, emulator.url, **options), tmp_path, clock=clock)
        opened.append(engine)
        return engine

    yield make
    for engine in opened:
        engine.close()


def options_for(preset: str, address: str, /, **options: Any) -> Options:
    name = Path(preset).stem.partition("@")[0]
    value = SITE_VALUE[name]
    values = {value: "0", **OTHER_VALUES.get(name, {})}
    sites = {site: {value: code} for code, site in SITES.items()}
    return Options(**{"preset": preset, "url": address, "base": BASE, "values": values, "sites": sites} | options)


def outcome(engine: Searcher, text: str = QUERY, k: int = 10, site: str = "") -> tuple[str, str]:
    named, _, detail = _ask(engine, Asked(id="q", text=text, site=site), k)
    return named, detail


def ids(documents: list[Document]) -> list[str]:
    return [document.id for document in documents]


def test_every_family_has_a_preset_and_an_emulator() -> None:
    """The sixteen presets and the sixteen emulated families have the same names."""
    assert preset_names() == PRESETS
    assert len(PRESETS) == 16


@pytest.mark.parametrize("preset", PRESETS)
def test_results_are_read_with_title_link_date_and_total(
    preset: str, portal: Callable[..., Engine], backend: Backend
) -> None:
    """The first page has plain titles, absolute links, ISO days and the portal's count, in the portal's order."""
    found = portal(preset).ask(QUERY, 5)
    expected = {document.url: document for document in backend.found(QUERY)}
    assert len(found.results) == 5
    for result in found.results:
        document = expected[result.url.replace("http:", "https:")]
        assert (result.title, result.date, result.pinned) == (document.title, document.published, False)
    counted = {"gov-cn": 61, "trs-was5": None, "hunan": None}  # one page stands in two categories; two do not tell
    assert found.total == counted.get(preset, 60)


@pytest.mark.parametrize("preset", PRESETS)
def test_further_results_are_asked_for_page_by_page(
    preset: str, portal: Callable[..., Engine], backend: Backend, emulator: Emulator
) -> None:
    """Twenty-five results come from as many pages as it takes, each document once, in the portal's order."""
    hits = portal(preset, max_results=25).search(QUERY, 100)
    assert len(hits) == 25
    assert all(hit.doc_id.startswith("p") for hit in hits)
    assert len({hit.doc_id for hit in hits}) == 25
    if preset != "gov-cn":
        assert [hit.doc_id for hit in hits] == ids(backend.found(QUERY)[:25])
    tokens = [path for path in emulator.asked if path.startswith(("/so/s", "/search/all")) and "ss" not in path]
    requests = len(emulator.asked) - 1 - len(tokens)  # robots.txt
    assert requests == {"hanweb-jrobot": 3, "so-gov": 2, "beijing": 2, "guangdong": 2}.get(preset, 3)


@pytest.mark.parametrize("preset", PRESETS)
def test_paging_ends_where_the_results_end(preset: str, portal: Callable[..., Engine], backend: Backend) -> None:
    """A deep search stops after the last result and gives every document once."""
    hits = portal(preset, max_results=1000).search(QUERY, 1000)
    assert sorted(hit.doc_id for hit in hits) == sorted(document.id for document in DOCUMENTS)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_site_is_searched_by_its_own_values(preset: str, portal: Callable[..., Engine], backend: Backend) -> None:
    """With a site all hits are of that site; one without values is unsupported."""
    engine = portal(preset)
    hits = engine.search(QUERY, 20, SITES["2"])
    assert {hit.doc_id for hit in hits} <= {document.id for document in backend.found(QUERY, "2")}
    assert len(hits) == 20
    with pytest.raises(UnsupportedError, match="sites"):
        engine.search(QUERY, 20, "www.elsewhere.gov.example")


@pytest.mark.parametrize("preset", PRESETS)
def test_no_results_are_an_empty_answer(preset: str, portal: Callable[..., Engine]) -> None:
    """A word that no page holds gives no hits and no error, even where that word is 验证码."""
    assert outcome(portal(preset), "验证码")[0] == "empty"
    assert outcome(portal(preset), "")[0] == "empty"


FAULTS = {
    "captcha": "blocked",
    "ban": "blocked",
    "403": "blocked",
    "429": "blocked",
    "login": "blocked",
    "login page": "blocked",
    "malformed": "failed",
    "truncated": "failed",
    "charset": "failed",
    "utf-8 as gbk": "failed",
    "500": "failed",
    "503": "failed",
    "elsewhere": "failed",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("preset", PRESETS)
def test_each_fault_has_its_outcome(preset: str, fault: str, portal: Callable[..., Engine], emulator: Emulator) -> None:
    """Refusals are blocked, broken answers failed; no text of theirs has the address."""
    emulator.fault = fault
    named, detail = outcome(portal(preset))
    assert (named, bool(detail)) == (FAULTS[fault], True)
    assert "127.0.0.1" not in detail


@pytest.mark.parametrize("preset", ["trs-igs", "hunan", "so-gov"])
def test_a_slow_answer_is_a_timeout(preset: str, portal: Callable[..., Engine], emulator: Emulator) -> None:
    """No answer within the timeout is a timeout."""
    emulator.fault = "slow"
    assert outcome(portal(preset, timeout_s=0.15, robots="ignore")) == ("timeout", "no answer within 0.15 s")


def test_a_portal_that_is_not_there_has_failed(portal: Callable[..., Engine]) -> None:
    """Without a connection a search has failed, and the text does not say where to."""
    named, detail = outcome(portal("trs-igs", url="http://127.0.0.1:9"))
    assert (named, detail) == ("failed", "no connection (ConnectError)")


def test_igs_without_its_code_is_refused_before_it_is_asked(portal: Callable[..., Engine], emulator: Emulator) -> None:
    """A preset's value that must be set and is not, is told before the service answers 500."""
    with pytest.raises(OptionsError, match=r"trs-igs.* needs 'code'"):
        portal("trs-igs", values={"siteId": "0"}).search(QUERY, 1)
    assert emulator.asked == []


def test_tokens_are_taken_from_the_page_before(portal: Callable[..., Engine], emulator: Emulator) -> None:
    """so-gov gets a word token for each search, Guangdong one for the session; both send it with every page."""
    word, csrf = portal("so-gov"), portal("guangdong")
    for engine in (word, csrf):
        for text in (QUERY, "贷款"):
            assert engine.search(text, 20)
    assert emulator.asked.count("/so/s") == 2
    assert emulator.asked.count("/search/all/0") == 1


def test_tokens_are_taken_anew_after_a_failure(portal: Callable[..., Engine], emulator: Emulator) -> None:
    """A search that failed may have had a stale token: the next one gets another."""
    engine = portal("guangdong")
    assert outcome(engine)[0] == "answered"
    emulator.tokens.clear()  # the session has ended
    assert outcome(engine) == ("failed", "HTTP 400")
    assert outcome(engine)[0] == "answered"


def test_a_query_of_several_words_can_find_nothing(portal: Callable[..., Engine]) -> None:
    """首都之窗 answers several words with nothing: an empty answer, as a citizen gets it."""
    assert outcome(portal("beijing"), "公积金 提取")[0] == "empty"


def test_a_json_body_that_is_ignored_finds_nothing(
    portal: Callable[..., Engine], emulator: Emulator, tmp_path: Path
) -> None:
    """Guangdong's search ignores a JSON body; only a form is answered."""
    text = (PRESET_FILES / "guangdong.toml").read_text().replace("form = {", "json = {")
    (tmp_path / "guangdong@json.toml").write_text(text)
    assert outcome(portal(str(tmp_path / "guangdong@json.toml")))[0] == "empty"
    assert outcome(portal("guangdong"))[0] == "answered"


def test_a_capped_portal_is_not_asked_beyond_its_cap(
    portal: Callable[..., Engine], emulator: Emulator, tmp_path: Path
) -> None:
    """No page after `max_pages` is asked for; a portal that repeats its last page is left after the first repeat."""
    small = (PRESET_FILES / "beijing.toml").read_text().replace("size = 20", "size = 5")
    (tmp_path / "beijing@small.toml").write_text(small.replace("max_pages = 25", "max_pages = 3"))
    hits = portal(str(tmp_path / "beijing@small.toml"), max_results=100).search(QUERY, 100)
    assert (len(hits), emulator.asked.count("/so/ss/query/s")) == (15, 3)
    emulator.asked.clear()
    emulator.cap_pages = 2
    (tmp_path / "beijing@free.toml").write_text(small)
    hits = portal(str(tmp_path / "beijing@free.toml"), max_results=100).search(QUERY, 100)
    assert (len(hits), emulator.asked.count("/so/ss/query/s")) == (10, 3)


def test_pages_in_several_categories_count_once(portal: Callable[..., Engine]) -> None:
    """中国政府网 shows a page in two categories: it is one hit, and the repeat is counted."""
    found = portal("gov-cn").ask(QUERY, 20)
    assert len({result.url for result in found.results}) == 20
    assert found.repeated == 1


def test_pinned_results_are_marked_and_can_be_dropped(
    portal: Callable[..., Engine], emulator: Emulator, backend: Backend, tmp_path: Path
) -> None:
    """A pinned result keeps its first place and says that it is pinned; dropped, the organic order is left."""
    last = backend.found(QUERY)[-1].id
    emulator.pinned = frozenset({last})
    text = (PRESET_FILES / "trs-igs.toml").read_text()
    (tmp_path / "trs-igs@pins.toml").write_text(text.replace("[results]", '[results]\npinned = { path = "isTop" }'))
    mixed = portal(str(tmp_path / "trs-igs@pins.toml")).search(QUERY, 5)
    assert [(hit.doc_id, hit.pinned) for hit in mixed[:2]] == [(last, True), (backend.found(QUERY)[0].id, False)]
    dropped = portal(str(tmp_path / "trs-igs@pins.toml"), pinned="dropped").search(QUERY, 5)
    assert [hit.doc_id for hit in dropped] == ids(backend.found(QUERY)[:5])


def test_a_portal_that_ignores_the_site_shows_other_sites(
    portal: Callable[..., Engine], emulator: Emulator, backend: Backend
) -> None:
    """Answers of the whole portal are kept as they are shown: that is what citizens get."""
    emulator.ignore_site = True
    hits = portal("trs-igs").search(QUERY, 20, SITES["2"])
    assert [hit.doc_id for hit in hits] == ids(backend.found(QUERY)[:20])


def test_pages_that_the_corpus_lacks_keep_their_rank(portal: Callable[..., Engine], emulator: Emulator) -> None:
    """A page without document is a hit of its own, under its canonical URL."""
    emulator.unheld = True
    hits = portal("trs-igs").search(QUERY, 3)
    assert hits[0].doc_id == "unmapped:https://linlan.gov.example/new/1.html"
    assert (hits[0].title, hits[0].published) == ("新版公积金", "2026-01-01")
    assert all(hit.doc_id.startswith("p") for hit in hits[1:])


def test_requests_keep_their_distance(portal: Callable[..., Engine], clock: Instant) -> None:
    """Between an answer and the next request lies the delay, or the Crawl-delay where that is longer."""
    engine = portal("trs-igs", delay_s=1.5)
    engine.search(QUERY, 20)
    assert clock.waits == [1.5, 1.5]  # robots.txt, page 1, page 2
    assert isinstance(engine, Polite)
    assert engine.waited_s() == 3.0
    engine.search(QUERY, 10)
    assert engine.waited_s() == 1.5
    assert outcome(engine, site="www.elsewhere.gov.example")[0] == "unsupported"
    assert engine.waited_s() == 0.0


def test_a_crawl_delay_is_kept(portal: Callable[..., Engine], emulator: Emulator, clock: Instant) -> None:
    """The delay of robots.txt counts where it is longer than ours."""
    emulator.robots = "User-agent: *\nCrawl-delay: 7\n"
    portal("trs-igs").search(QUERY, 20)
    assert clock.waits == [7.0, 7.0]


def test_robots_txt_is_obeyed(portal: Callable[..., Engine], emulator: Emulator) -> None:
    """A search that robots.txt forbids, or whose robots.txt fails, is blocked without being asked."""
    emulator.robots = "User-agent: *\nDisallow: /igs/\n"
    assert outcome(portal("trs-igs")) == ("blocked", "robots.txt forbids the search")
    assert outcome(portal("trs-irs"))[0] == "answered"
    assert outcome(portal("trs-igs", robots="ignore"))[0] == "answered"
    emulator.robots_moved = "/moved/robots.txt"
    assert outcome(portal("trs-igs"))[0] == "blocked"
    emulator.robots_status = 500
    assert outcome(portal("trs-irs"))[0] == "blocked"
    emulator.robots_status = 404
    assert outcome(portal("trs-igs"))[0] == "answered"


def test_retry_after_is_waited_for(portal: Callable[..., Engine], emulator: Emulator, clock: Instant) -> None:
    """After 429 with Retry-After the search waits that long and tries again; without one, longer each time."""
    emulator.fault, emulator.times, emulator.retry_after = "429", 1, "17"
    engine = portal("trs-igs", delay_s=0)
    assert outcome(engine)[0] == "answered"
    assert clock.waits == [17.0]
    emulator.times, emulator.retry_after = 2, ""
    clock.waits.clear()
    assert outcome(engine)[0] == "answered"
    assert clock.waits == [2.0, 4.0]
    emulator.times, emulator.retry_after = (
        1,
        format_datetime(datetime.fromtimestamp(clock.now() + 30, UTC), usegmt=True),
    )
    clock.waits.clear()
    assert outcome(engine)[0] == "answered"
    assert clock.waits == [30.0]
    emulator.times, emulator.retry_after = 1, "3600"
    assert outcome(engine)[0] == "blocked"
    assert "3600 s" in outcome_again(engine, emulator)


def outcome_again(engine: Engine, emulator: Emulator) -> str:
    emulator.times = 1
    return outcome(engine)[1]


def test_the_budget_ends_the_asking(portal: Callable[..., Engine], emulator: Emulator) -> None:
    """No request is made beyond `max_requests`; what is left is blocked and says why."""
    engine = portal("trs-igs", max_requests=3)
    assert outcome(engine, k=20)[0] == "answered"  # robots.txt and two pages
    assert outcome(engine) == ("blocked", "the budget of 3 requests is used up (max_requests)")
    assert len(emulator.asked) == 3


def test_a_portal_that_refuses_is_left_alone(portal: Callable[..., Engine], emulator: Emulator) -> None:
    """After three refusals in a row nothing more is asked."""
    emulator.fault = "captcha"
    engine = portal("trs-igs")
    details = [outcome(engine)[1] for _ in range(5)]
    assert details == ["captcha"] * 3 + ["not asked: refused 3 times in a row before"] * 2
    assert emulator.asked.count("/igs/front/search.jhtml") == 3


def test_secrets_go_into_requests_and_nowhere_else(
    portal: Callable[..., Engine], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key from the environment is sent as a header; the description has neither it nor the address."""
    monkeypatch.setenv("PORTAL_KEY", "k3y-of-the-portal")
    engine = portal("trs-igs", secrets={"key": "env:PORTAL_KEY"}, headers={"Authorization": "Bearer {key}"})
    assert outcome(engine)[0] == "answered"
    assert emulator.headers[-1]["Authorization"] == "Bearer k3y-of-the-portal"
    plain = portal("trs-igs", headers={"Referer": "https://www.linlan.gov.example/"})
    emulator.unheld = True
    assert plain.search(QUERY, 1)[0].url == "https://www.linlan.gov.example/new/1.html"
    cookie = portal("trs-igs", headers={"Cookie": "https://www.linlan.gov.example/"})
    assert cookie.search(QUERY, 1)[0].url == "***new/1.html"
    assert "k3y" not in str(engine.describe())
    assert "127.0.0.1" not in str(engine.describe())


def test_links_below_a_hidden_address_do_not_give_it_away(portal: Callable[..., Engine]) -> None:
    """Relative links of a portal without a public `base` are kept without its address."""
    hits = portal("epoint", base="").search(QUERY, 20, SITES["1"])
    assert all("127.0.0.1" not in f"{hit.doc_id} {hit.url}" for hit in hits)
    assert hits[0].doc_id.startswith("unmapped:https://***/gjj/")


def test_the_options_are_checked_before_anything_is_asked(tmp_path: Path) -> None:
    """Every mistake in the options is told at once, with near matches, and no secret is repeated."""
    with pytest.raises(OptionsError) as caught:
        resolve(
            "http_portal",
            {
                "preset": "trs-igs",
                "url": "ftp://secret.gov.example",
                "values": {"sietId": "1", "code": "x"},
                "secrets": {"key": "abc", "other": "env:NOT_SET_ANYWHERE"},
                "headers": {"X-Key": "{kye}"},
            },
        )
    text = str(caught.value)
    for part in ("'url' is no http", "did you mean 'siteId'", "needs 'siteId'", "secrets.key has fewer", "'NOT_SET_"):
        assert part in text
    assert "nothing is called {kye}" in text
    assert "secret.gov" not in text
    with pytest.raises(OptionsError, match=r"no preset 'trs-ig': did you mean trs-igs"):
        resolve("http_portal", {"preset": "trs-ig", "url": "https://www.linlan.gov.example"})
    with pytest.raises(OptionsError, match=r"'preset' is missing: one of beijing.*'url' is missing"):
        resolve("http_portal")
    with pytest.raises(OptionsError, match=r"url = \*\*\*: Expected `str`"):
        resolve("http_portal", {"url": 5, "preset": "trs-igs"})


def test_it_is_no_engine_to_compare_by_default() -> None:
    """A run of every installed engine asks no portal."""
    assert "http_portal" not in {setup.name for setup in installed_setups()}


BROKEN = """
schema_version = 1
name = "mine"
description = "x"
[values]
siteId = ""
[request]
path = "/s?site={siteID}"
form = { q = "{query}" }
[paging]
stile = "page"
first = -1
[results]
format = "json"
items = "list[]"
title = { css = ".t" }
url = { path = "url" }
date = { path = "day", formats = ["isso"] }
[[signs]]
outcome = "blokced"
name = "x"
"""


def test_a_preset_is_checked_as_strictly_as_an_experiment(tmp_path: Path) -> None:
    """Unknown keys, bad values and contradictions name the file, the key and what was probably meant."""
    path = tmp_path / "mine.toml"
    path.write_text(BROKEN)
    with pytest.raises(OptionsError) as caught:
        resolve("http_portal", {"preset": str(path), "url": "https://www.linlan.gov.example"})
    text = str(caught.value)
    for part in (
        "mine.toml: unknown key 'paging.stile' (did you mean 'style'?)",
        "paging.first: ",
        "signs[1].outcome: ",
    ):
        assert part in text
    assert str(tmp_path) not in text
    path.write_text(BROKEN.replace("stile", "style").replace("first = -1", "first = 1").replace("blokced", "blocked"))
    with pytest.raises(OptionsError) as caught:
        resolve("http_portal", {"preset": str(path), "url": "https://www.linlan.gov.example"})
    text = str(caught.value)
    for part in (
        "request: nothing is called {siteID} (did you mean 'siteId'?)",
        "GET has no body",
        "results.title.path is missing",
        "no format 'isso' (did you mean 'iso'?)",
        "signs[1] 'x': give json with equals",
    ):
        assert part in text


def test_errors_have_the_kinds_that_outcomes_come_from(portal: Callable[..., Engine], emulator: Emulator) -> None:
    """In Python, a refusal is a `BlockedError`, and a broken answer a plain `SearchError`."""
    emulator.fault = "captcha"
    with pytest.raises(BlockedError):
        portal("miit").search(QUERY, 1)
    emulator.fault = "malformed"
    with pytest.raises(SearchError) as caught:
        portal("miit").search(QUERY, 1)
    assert not isinstance(caught.value, BlockedError | SearchTimeoutError)


@pytest.mark.slow
def test_the_demo_portals_are_found_by_their_links(tmp_path: Path) -> None:
    """Over the demo corpus a portal's hits are those of the engine behind it: every link leads to its document."""
    corpus = open_corpus("demo")
    write_pages(tmp_path, corpus)
    backend = Backend(tmp_path / "backend", corpus)
    queries = open_query_set("demo").judged_queries()[::20]
    with Emulator(backend) as emulator:
        engine = Engine(
            options_for("trs-irs", emulator.url, base="https://portal.gov.example"), tmp_path, clock=Instant()
        )
        for query in queries:
            found = [hit.doc_id for hit in engine.search(query.text, 20)]
            assert found == ids(backend.found(query.text)[:20]), query.text
        engine.close()
    backend.close()
