"""Crawling: polite, bounded, resumable, and told by name what was not had."""

import asyncio
import gzip
import json
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

pytest.importorskip("scrapy")
from warcio.archiveiterator import ArchiveIterator

from bench.cli.app import app
from corpora.crawl import limits, run
from corpora.crawl.addresses import is_public
from corpora.crawl.corpus import Built, build_corpus, document_id
from corpora.crawl.frontier import LocalFrontier
from corpora.crawl.limits import entry_of
from corpora.crawl.plan import Plan, check
from corpora.crawl.resolver import GuardedResolver
from corpora.crawl.robots import Robots, Rules
from corpora.crawl.run import crawl
from corpora.crawl.state import State
from corpora.crawl.summary import Summary, write_summary
from corpora.crawl.warc import Archive, Exchange, read
from corpora.errors import CrawlError
from corpora.model import Document
from corpora.store import open_corpus
from tests.crawled import ETAG, SmallPortal, index, page, quick

BIG = 300_000


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104
        *(
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
        ),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::"),
        *("2001:0:0:0:0:0:80ff:fffe", "fec0::1", "localhost", ""),
    ],
)
def test_private_addresses_are_known_in_every_spelling(address: str) -> None:
    """Loopback, private, link-local, metadata and shared addresses, and IPv6 forms that stand for them."""
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "223.5.5.5", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_let_through(address: str) -> None:
    assert is_public(address)


class Receiver:
    def __init__(self) -> None:
        self.got: list[str] = []

    def resolutionBegan(self, resolution: object) -> None:  # noqa: N802 - Twisted's name
        pass

    def addressResolved(self, address: Any) -> None:  # noqa: N802 - Twisted's name
        self.got.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
        pass


@pytest.mark.parametrize(("allowed", "expected"), [(False, ["8.8.8.8"]), (True, ["10.0.0.7", "8.8.8.8"])])
def test_a_name_that_leads_inside_is_refused_where_the_connection_is_made(allowed: bool, expected: list[str]) -> None:
    """Twisted connects to what the resolver passes on, so a private answer never gets a connection."""
    from twisted.internet.address import IPv4Address

    class Inner:
        def resolveHostName(self, receiver: Any, *_: object) -> None:  # noqa: N802 - Twisted's name
            for host in ("10.0.0.7", "8.8.8.8"):
                receiver.addressResolved(IPv4Address("TCP", host, 80))
            receiver.resolutionComplete()

    resolver = GuardedResolver(SimpleNamespace(nameResolver=Inner()), 0)
    resolver.withheld, resolver.allow_private = {}, allowed
    receiver = Receiver()
    resolver.resolveHostName(receiver, "rebound.example", 80)
    assert receiver.got == expected
    assert resolver.withheld == ({} if allowed else {"rebound.example": "10.0.0.7"})


def test_only_the_hosts_of_the_start_and_allowed_domains_are_followed() -> None:
    """A start host brings no subdomain along, an allowed domain does, and a name that only ends alike is another."""
    plan = Plan(start=("https://www.linlan.gov.example/",), allow_domains=("yunchuan.gov.example",))
    hosts = {
        "www.linlan.gov.example": True,
        "ybj.www.linlan.gov.example": False,
        "yunchuan.gov.example": True,
        "rst.yunchuan.gov.example": True,
        "evilyunchuan.gov.example": False,
    }
    assert {host: limits.allowed_host(host, plan) for host in hosts} == hosts


@pytest.mark.parametrize(
    "url", ["javascript:void(0)", "mailto:a@b.cn", "http://", "http://a:99999/", "http://u:p@a.cn/", "ftp://a.cn/x"]
)
def test_what_is_no_web_address_is_no_entry(url: str) -> None:
    assert entry_of(url) is None


def test_a_start_that_is_no_address_is_named() -> None:
    with pytest.raises(CrawlError, match=r"'www\.linlan\.gov\.example' is no address to start from"):
        check(Plan(start=("www.linlan.gov.example",)))


def test_robots_speaks_to_tongcha_by_name() -> None:
    rules = Rules("User-agent: *\nAllow: /\n\nUser-agent: tongcha\nDisallow: /no/\nCrawl-delay: 3\n")
    assert rules.refusal("https://a.example/no/1.html") == limits.ROBOTS
    assert rules.refusal("https://a.example/yes.html") == ""
    assert rules.crawl_delay_s == 3


@pytest.mark.parametrize(
    ("answers", "refusal"),
    [
        ([(404, b"", "")], ""),
        ([(503, b"", "")], limits.ROBOTS_DOWN),
        ([], limits.ROBOTS_DOWN),
        ([(301, b"", "/r2"), (200, b"User-agent: *\nDisallow: /", "")], limits.ROBOTS),
    ],
)
def test_robots_errors_mean_what_rfc_9309_says(answers: list[tuple[int, bytes, str]], refusal: str) -> None:
    """Not found allows everything; an error or silence forbids everything; redirects are followed."""

    async def ask() -> str:
        left = iter(answers)

        async def fetch(url: str) -> tuple[int, bytes, str]:
            try:
                return next(left)
            except StopIteration:
                raise OSError("silence") from None

        rules, _ = await Robots(fetch).rules("https://a.example/x")
        return rules.refusal("https://a.example/x")

    assert asyncio.run(ask()) == refusal


def entries(*urls: str, depth: int = 0) -> list[Any]:
    return [entry_of(url, depth=depth) for url in urls]


def test_what_was_under_way_when_a_crawler_died_is_handed_out_again(tmp_path: Path) -> None:
    plan = quick("http://a.example/")
    state = State(tmp_path)
    state.open()
    frontier = LocalFrontier(state, plan)
    turn = frontier.begin(0, False)
    frontier.add(entries("http://a.example/1", "http://a.example/2", "http://a.example/1"))
    first, second = frontier.take({}), frontier.take({})
    assert first
    assert second
    assert frontier.take({}) is None
    frontier.finish(first[0], [])
    state.close()  # as a kill does
    state.open()
    again = LocalFrontier(state, plan)
    assert again.begin(turn, False) == turn
    assert again.take({}) == second
    assert again.take({}) is None
    state.close()


def test_calendars_end_at_the_limits(tmp_path: Path) -> None:
    """Query strings of one path, and addresses that differ in digits only, are counted."""
    state = State(tmp_path)
    state.open()
    frontier = LocalFrontier(state, quick("http://a.example/", max_queries=2, max_alike=3))
    frontier.begin(0, False)
    asked = entries(*(f"http://a.example/rl?m={month}" for month in range(3)))
    assert [why for _, why in frontier.add(asked)] == [limits.QUERIES]
    asked = entries(*(f"http://a.example/rl/2026/{month:02}.html" for month in range(5)))
    assert [why for _, why in frontier.add(asked)] == [limits.ALIKE] * 2
    state.close()


def test_a_retry_waits_and_the_nearest_page_comes_first(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.open()
    clock = SimpleNamespace(now=100.0)
    frontier = LocalFrontier(state, quick("http://a.example/"), clock=lambda: clock.now)
    frontier.begin(0, False)
    frontier.add([*entries("http://a.example/far", depth=3), *entries("http://a.example/near", depth=1)])
    near, _ = frontier.take({}) or pytest.fail("nothing to take")
    frontier.retry(near, 5.0)
    far, _ = frontier.take({}) or pytest.fail("nothing to take")
    assert (near.url, far.url) == ("http://a.example/near", "http://a.example/far")
    assert frontier.take({}) is None
    clock.now += 5.1
    assert (frontier.take({}) or pytest.fail("nothing to take"))[0].url == near.url
    state.close()


def test_half_a_record_at_the_end_of_a_warc_file_is_cut_off(tmp_path: Path) -> None:
    """What is not on record was not written, and the next record follows the last good one."""
    exchange = Exchange(url="http://a.example/", at="2026-01-01T00:00:00Z", asked=(), status=200, reason="", headers=())
    archive = Archive(tmp_path, 10**9, "tongcha")
    archive.open({})
    first = archive.write(exchange)
    archive.close()
    path = tmp_path / first.file
    with path.open("ab") as stream:
        stream.write(gzip.compress(b"WARC/1.1\r\nhalf")[:-9])
    archive = Archive(tmp_path, 10**9, "tongcha")
    archive.open({first.file: first.end})
    second = archive.write(exchange)
    archive.close()
    assert second.offset == first.end
    with path.open("rb") as stream:
        assert [record.rec_type for record in ArchiveIterator(stream)] == ["warcinfo"] + ["response", "request"] * 2
    assert read(tmp_path, second) == ("", b"")


def test_the_second_file_begins_where_the_first_is_full(tmp_path: Path) -> None:
    exchange = Exchange(url="http://a.example/", at="2026-01-01T00:00:00Z", asked=(), status=200, reason="", headers=())
    archive = Archive(tmp_path, 1, "tongcha")
    archive.open({})
    assert [archive.write(exchange).file for _ in range(2)] == ["tongcha-00001.warc.gz", "tongcha-00002.warc.gz"]
    archive.close()


@pytest.fixture(scope="module")
def portal() -> Iterator[SmallPortal]:
    small = SmallPortal()
    with small.served():
        ways = ("/a.html", "/b.html", "/old.html", "/gone.html", "/no/x.html", "/big.html", "/p.png", "/zip", "/500")
        ways += ("/loop1", "https://elsewhere.example/", "/x?i=1", "/x?i=2", "/x?i=3", "/stay?b=1&a=2", "/bomb")
        small.put("/", page("首页", links=small.links(*ways)))
        small.put("/a.html", page("关于调整医保缴费的通知", links=small.links("/c.html")), ETag=ETAG)
        small.put("/b.html", page("关于居住证办理的通知"))
        small.put("/c.html", page("关于公积金提取的通知", links=small.links("/d.html")), ETag=ETAG)
        small.put("/d.html", page("太深的通知"))
        small.put("/e.html", page("只在站点地图里的通知"))
        small.put("/old.html", b"", 301, Location="/b.html")
        small.put("/loop1", b"", 302, Location="/loop2")
        small.put("/loop2", b"", 302, Location="/loop1")
        small.put("/stay?b=1&a=2", b"", 301, Location="/stay?a=2&b=1")
        small.put("/stay?a=2&b=1", page("关于参数顺序的通知"))
        small.put("/big.html", b"x" * BIG)
        small.put("/bomb", gzip.compress(b" " * BIG), Content_Encoding="gzip")
        small.put("/zip", b"PK", Content_Type="application/zip")
        small.put("/500", b"500", 500)
        small.put("/robots.txt", f"User-agent: *\nDisallow: /no/\nSitemap: {small.base}/map.xml\n".encode())
        listed = f"<url><loc>{small.base}/e.html</loc></url><url><loc>{small.base}/a.html</loc></url>"
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        small.put("/map.xml", f'<urlset xmlns="{namespace}">{listed}</urlset>'.encode(), Content_Type="text/xml")
        yield small


def limited(portal: SmallPortal) -> Plan:
    return quick(f"{portal.base}/", max_bytes=BIG // 2, max_depth=2, max_queries=2, contact="ops@example.org")


@pytest.fixture(scope="module")
def crawled(portal: SmallPortal, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary, Built]:
    folder = tmp_path_factory.mktemp("crawl") / "out"
    crawl(limited(portal), folder)
    summary = write_summary(folder)
    return folder, summary, build_corpus([folder], folder)


def documents(folder: Path) -> dict[str, Document]:
    return {document.title: document for document in open_corpus(folder)}


def test_everything_that_was_not_had_is_told_by_name(crawled: tuple[Path, Summary, Built]) -> None:
    refused = {why: reason.count for why, reason in crawled[1].refused.items()}
    assert refused == {
        limits.LARGE: 2,
        limits.LOOP: 1,
        limits.TYPE: 2,
        limits.DOMAIN: 1,
        limits.DEPTH: 1,
        limits.ROBOTS: 1,
        limits.QUERIES: 1,
        "status 404": 3,
        "status 500": 1,
    }


def test_pages_become_documents_with_what_they_say(portal: SmallPortal, crawled: tuple[Path, Summary, Built]) -> None:
    """From links, sitemaps and redirects; a page's id comes from its address alone."""
    found = documents(crawled[0])
    assert {
        "关于调整医保缴费的通知",
        "关于居住证办理的通知",
        "关于公积金提取的通知",
        "只在站点地图里的通知",
        "关于参数顺序的通知",
    } <= set(found)
    assert "太深的通知" not in found
    document = found["关于居住证办理的通知"]
    assert (document.published, document.column, document.agency) == ("2025-03-01", "通知公告", "临澜市医疗保障局")
    assert document.id == document_id(f"{portal.base}/b.html") == document_id(f"{portal.base}//b.html#top")
    assert index(crawled[0])["b.html"].redirected_from == (f"{portal.base}/old.html",)


def test_each_address_is_asked_once_and_forbidden_ones_never(
    portal: SmallPortal, crawled: tuple[Path, Summary, Built]
) -> None:
    """An error that may pass is asked for once more; the user agent names the contact."""
    assert portal.asked["/500"] >= 2
    assert portal.asked["/no/x.html"] == portal.asked["/p.png"] == 0
    assert {agent.count("tongcha/") and "ops@example.org" in agent for agent in portal.agents} == {True}


def test_the_warc_holds_request_and_response_of_every_answer(crawled: tuple[Path, Summary, Built]) -> None:
    with (crawled[0] / "warc" / "tongcha-00001.warc.gz").open("rb") as stream:
        records = [
            (record.rec_type, record.rec_headers.get_header("WARC-Target-URI")) for record in ArchiveIterator(stream)
        ]
    responses = [url for kind, url in records if kind == "response"]
    assert sorted(responses) == sorted(url for kind, url in records if kind == "request")
    assert sorted(responses) == sorted(found.url for found in index(crawled[0]).values())


@pytest.mark.slow
def test_the_next_crawl_fetches_what_changed_and_tells_what_is_gone(
    portal: SmallPortal, crawled: tuple[Path, Summary, Built]
) -> None:
    """Unchanged pages are answered with 304 or known by their hash; a page that is gone leaves the corpus."""
    folder = crawled[0]
    before = index(folder)
    portal.put("/a.html", page("关于调整医保缴费的补充通知", links=portal.links("/c.html")), ETag='"second"')
    portal.put("/e.html", b"", 410)
    portal.unchanged = 0
    crawl(limited(portal), folder)
    summary = write_summary(folder)
    build_corpus([folder], folder)
    after = index(folder)
    assert summary.turn == 2
    assert summary.gone == (f"{portal.base}/e.html",)
    assert (after["a.html"].change, after["b.html"].change, after["c.html"].change) == (
        "changed",
        "unchanged",
        "unchanged",
    )
    assert portal.unchanged == 1
    assert [(after[path].warc, after[path].offset) for path in ("b.html", "c.html")] == [
        (before[path].warc, before[path].offset) for path in ("b.html", "c.html")
    ]
    found = documents(folder)
    assert "关于调整医保缴费的补充通知" in found
    assert "只在站点地图里的通知" not in found
    with (folder / "warc" / "tongcha-00001.warc.gz").open("rb") as stream:
        revisits = [record for record in ArchiveIterator(stream) if record.rec_type == "revisit"]
    profiles = {record.rec_headers.get_header("WARC-Profile").rpartition("/")[2] for record in revisits}
    assert profiles == {"server-not-modified", "identical-payload-digest"}


def test_loopback_is_refused_unless_allowed(portal: SmallPortal, tmp_path: Path) -> None:
    """Written as an address or as a name."""
    named = portal.base.replace("127.0.0.1", "localhost")
    before = portal.asked.total()
    crawl(quick(f"{portal.base}/", f"{named}/", allow_private=False), tmp_path / "out")
    summary = write_summary(tmp_path / "out")
    assert {why: reason.count for why, reason in summary.refused.items()} == {limits.PRIVATE: 2}
    assert portal.asked.total() == before


def test_a_host_may_be_down(tmp_path: Path) -> None:
    """Nothing is crawled where robots.txt cannot be had, and the crawl ends."""
    crawl(quick("http://127.0.0.1:9/"), tmp_path)
    assert list(write_summary(tmp_path).refused) == [limits.ROBOTS_DOWN]


def test_a_folder_belongs_to_its_start_addresses(portal: SmallPortal, crawled: tuple[Path, Summary, Built]) -> None:
    with pytest.raises(CrawlError, match="holds a crawl from"):
        crawl(quick(f"{portal.base}/a.html"), crawled[0])


@pytest.mark.slow
def test_a_crawl_without_its_corpus_is_not_begun_anew(portal: SmallPortal, tmp_path: Path) -> None:
    """Stopped while the corpus was being made, the same command makes it from what is there."""
    plan = quick(f"{portal.base}/a.html")
    crawl(plan, tmp_path)
    before = portal.asked.total()
    crawl(plan, tmp_path)
    assert portal.asked.total() == before
    write_summary(tmp_path)
    build_corpus([tmp_path], tmp_path)
    crawl(plan, tmp_path)
    assert portal.asked.total() > before


@pytest.mark.slow
def test_a_full_disk_ends_the_crawl_with_one_line_and_it_goes_on_later(tmp_path: Path) -> None:
    """An answer that cannot be written must not leave the crawl waiting for it."""
    small = SmallPortal()
    with small.served():
        small.put("/", page("关于长篇附件的通知", random.Random(1).randbytes(600_000).hex()))  # noqa: S311 - not a secret
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))  # the crawler inherits it
        try:
            with pytest.raises(CrawlError, match=r"cannot go on .*File too large"):
                crawl(quick(f"{small.base}/"), tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        crawl(quick(f"{small.base}/"), tmp_path)
        assert write_summary(tmp_path).statuses["200"] == 1


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run, "find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["corpus", "crawl", "http://a.example/", "--out", str(tmp_path)])
    assert (result.exit_code, "pip install 'tongcha[crawl]'" in result.output) == (1, True)


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """Stopped between two pages, the second run asks for the rest only."""
    small = SmallPortal()
    count = 40
    with small.served():
        small.put("/", page("首页", links=small.links(*(f"/{number}.html" for number in range(count)))))
        for number in range(count):
            small.put(f"/{number}.html", page(f"关于第{number}号事项的通知"))
        out = tmp_path / "out"
        # Whatever starts the tests in the background may have had SIGINT ignored, which children inherit.
        code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        code += "from bench.cli import main; main()"
        command = [
            sys.executable,
            "-c",
            code,
            "corpus",
            "crawl",
            f"{small.base}/",
            "--out",
            str(out),
            "--allow-private",
        ]
        command += ["--delay", "0.05", "--per-host", "1", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            deadline = time.monotonic() + 30
            while small.asked.total() < 15 and time.monotonic() < deadline:
                time.sleep(0.02)
            running.send_signal(signal.SIGINT)
            _, errors = running.communicate(timeout=30)
        assert (running.returncode, "same command again" in errors) == (130, True)
        assert small.asked.total() < count
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout)["built"]["documents"] >= count
    pages = times_asked(small)
    assert max(pages.values()) <= 2  # what was under way is asked for again
    assert sum(times - 1 for times in pages.values()) <= 2


def times_asked(small: SmallPortal) -> dict[str, int]:
    return {path: times for path, times in small.asked.items() if path.endswith(".html")}
