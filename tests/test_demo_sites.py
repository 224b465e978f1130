"""The demo portals as websites: everything is reachable, dirt is on record, and traps spring only when asked for."""

import gzip
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import msgspec
import pytest

from corpora.demo.compose import pages
from corpora.demo.knowledge import load
from corpora.demo.page import Links, Page
from corpora.demo.site import dirt, traps, truth
from corpora.demo.site.demo import demo_portals
from corpora.demo.site.layouts import LAYOUTS
from corpora.demo.site.meta import page_tags
from corpora.demo.site.moves import path_of
from corpora.demo.site.portal import Portal, is_attachment, portals
from corpora.demo.site.reply import Reply, conditional
from corpora.demo.site.respond import respond
from corpora.demo.site.server import Portals
from corpora.errors import CorpusFormatError, PortalError
from corpora.model import Document

SPACE = dict.fromkeys(map(ord, " \n　"))


class Read(HTMLParser):
    """What a page holds: links, meta tags, the title element, and the visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.meta: dict[str, str] = {}
        self.text = ""
        self.titled = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "meta" and "name" in given:
            self.meta[given["name"]] = given["content"]
        if tag in ("title", "style"):
            self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.titled += data
        elif not self._inside:
            self.text += data


def attached(pages: Sequence[Page]) -> Page:
    """Return an attachment of the first page."""
    parent = pages[0].document
    document = msgspec.structs.replace(
        parent,
        id=f"{parent.id}-fake",
        url=parent.url.replace(".html", "-fake.pdf"),
        title="申请表<样张>",
        kind="附件",
        extra={"attachment_of": parent.id},
    )
    return Page(document=document, links=Links())


def fake_bytes(document: Document) -> bytes | None:
    return b"%PDF " + document.id.encode() if is_attachment(document) else None


@pytest.fixture(scope="module")
def built() -> tuple[Portal, ...]:
    knowledge = load()
    composed = list(pages(knowledge))
    composed.append(attached(composed))
    return portals(composed, knowledge.sites, attachment_bytes=fake_bytes, traps=True)


@pytest.fixture(scope="module")
def served(built: tuple[Portal, ...]) -> Iterator[Portals]:
    with Portals(built) as running:
        yield running


@pytest.fixture(scope="module")
def linlan(built: tuple[Portal, ...]) -> Portal:
    return next(portal for portal in built if portal.site.id == "linlan")


def fetch(url: str, **headers: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Return status, body and headers of a URL, without following redirects."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers)
        response = connection.getresponse()
        return response.status, response.read(), response.headers
    finally:
        connection.close()


def crawl(base: str) -> tuple[set[str], dict[str, int]]:
    """Follow links from a front page over HTTP; return the paths of what was found, and failed paths with status."""
    found: set[str] = set()
    failed: dict[str, int] = {}
    seen = {base + "/"}
    waiting = [base + "/"]
    while waiting:
        url = waiting.pop()
        try:
            with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - loopback
                found.add(urlsplit(response.url).path)
                if not response.headers["Content-Type"].startswith("text/html"):
                    continue
                links = Read(response.read().decode("gb18030", "replace")).links
                here = response.url
        except urllib.error.HTTPError as error:
            failed[urlsplit(url).path] = error.code
            error.close()
            continue
        for link in links:
            target = urljoin(here, link).partition("#")[0]
            if target.startswith(base + "/") and not target.startswith((f"{base}/traps", f"{base}/nosearch")):
                if target not in seen:
                    waiting.append(target)
                seen.add(target)
    return found, failed


def complete(served: Portals, portal: Portal) -> None:
    found, failed = crawl(served.addresses[portal.site.id])
    assert {path_of(document) for document in portal.documents.values()} <= found
    assert set(portal.listings) <= found
    assert failed == {path: lost.status for path, lost in portal.gone.items()}


def test_every_page_of_a_portal_is_reached_by_following_links(served: Portals) -> None:
    """A crawl over HTTP from the front page finds all pages, lists and attachments, and only recorded errors."""
    complete(
        served, min((one for one in served.portals if len(one.documents) >= 20), key=lambda one: len(one.documents))
    )


@pytest.mark.slow
def test_every_page_of_every_portal_is_reached_by_following_links(served: Portals) -> None:
    for portal in served.portals:
        complete(served, portal)


def test_every_list_page_is_linked_and_every_document_listed(built: tuple[Portal, ...]) -> None:
    """On all sites, lists name each page once, moved ones by the old path; years repeat what large columns hold."""
    for portal in built:
        named = Counter(
            entry.path for listing in portal.listings.values() if not listing.year for entry in listing.entries
        )
        new = {target: old for old, target in portal.moved.items()}
        files = {file.id for group in portal.attachments.values() for file in group}
        listed = [document for document in portal.documents.values() if document.id not in files]
        assert set(named) == {new.get(path_of(one), path_of(one)) for one in listed} | set(portal.gone)
        assert set(named.values()) <= {1}
        for column in portal.columns:
            if column.years:
                in_years = [
                    entry
                    for listing in portal.listings.values()
                    if listing.column is column and listing.year
                    for entry in listing.entries
                ]
                assert sorted(entry.path for entry in in_years) == sorted(entry.path for entry in column.entries)


def sample(portal: Portal) -> list[Document]:
    """Return every page that is dirty and about fifty that are not."""
    clean = [document for document in portal.articles if not dirt.fault_of(document)]
    return [one for one in portal.articles if dirt.fault_of(one)][:100] + clean[:: max(1, len(clean) // 50)]


@pytest.mark.slow
def test_pages_show_title_date_and_text_and_their_meta_is_right_or_on_record(built: tuple[Portal, ...]) -> None:
    """Whatever the fault, a reader finds title and date; every other standard tag holds what the document has."""
    for portal in built:
        for document in sample(portal):
            fault = dirt.fault_of(document)
            read = Read(respond(portal, path_of(document)).body.decode(dirt.encoding_of(fault)))
            visible = read.text.translate(SPACE)
            assert document.title.translate(SPACE) in visible, document.id
            year, month, day = document.published.split("-")
            assert re.search(rf"{year}[-/.年]{month}[-/.月]{day}", visible), document.id
            for paragraph in document.body.split("\n"):
                assert paragraph.translate(SPACE) in visible, document.id
            if fault == "no_meta":
                assert not read.meta.keys() & {"SiteName", "ArticleTitle", "PubDate"}
                assert read.titled == portal.site.name
                continue
            right = {
                "SiteName": portal.site.name,
                "SiteDomain": document.site,
                "ColumnName": document.column,
                "ArticleTitle": document.title,
                "ContentSource": document.agency,
                "Url": document.url,
            }
            wrong = {name for name, value in right.items() if read.meta.get(name) != value}
            faulty = {"column_null": {"ColumnName"}, "domain_url": {"SiteDomain"}, "title_missing": {"ArticleTitle"}}
            assert wrong == faulty.get(fault, set()), document.id
            code = "yc" if fault == "idcode_letters" else "99"
            assert re.fullmatch(
                code + (r"\d{10}" if fault == "idcode_12_digits" else r"\d{8}"), read.meta["SiteIDCode"]
            )
            clock = {"pubdate_no_time": "", "pubdate_seconds": r" \d\d:\d\d:00"}.get(fault, r" \d\d:\d\d")
            if fault == "pubdate_missing":
                assert "PubDate" not in read.meta
            else:
                assert re.fullmatch(document.published + clock, read.meta["PubDate"]), document.id


def test_every_fault_occurs_and_a_good_part_of_each_large_site_is_clean(built: tuple[Portal, ...]) -> None:
    found: Counter[str] = Counter()
    for portal in built:
        faults = dirt.faults(portal.articles)
        found.update(faults.values())
        if len(portal.articles) >= 100:
            assert 0.08 <= len(faults) / len(portal.articles) <= 0.25, portal.site.id
    assert set(found) == set(dirt.FAULTS)


def test_every_standard_tag_is_there_on_clean_pages(linlan: Portal) -> None:
    document = next(one for one in linlan.articles if not dirt.fault_of(one))
    assert {name for name, _ in page_tags(linlan.site, document)} == {
        "SiteName", "SiteDomain", "SiteIDCode", "ColumnName", "ColumnDescription", "ColumnKeywords", "ColumnType",
        "ArticleTitle", "PubDate", "ContentSource", "Keywords", "Author", "Description", "Url",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "declared", "real"),
    [
        ("", "utf-8", "utf-8"),
        ("gb18030_as_gb2312", "gb2312", "gb18030"),
        ("utf8_as_gb2312", "gb2312", "utf-8"),
        ("no_charset", None, "utf-8"),
    ],
)
def test_encodings_are_what_is_recorded(built: tuple[Portal, ...], fault: str, declared: str | None, real: str) -> None:
    """The bytes are in the recorded encoding, whatever the head declares; a wrong head has no header beside it."""
    portal, document = next(
        (portal, one)
        for portal in built
        for one in portal.articles
        if dirt.fault_of(one) == fault and len(one.title) > 6
    )
    reply = respond(portal, path_of(document))
    said = re.search(rb"charset=\"?([a-z0-9-]+)", reply.body)
    assert (said[1].decode() if said else None) == declared
    assert document.title.encode(real) in reply.body
    assert reply.header("Content-Type") == ("text/html; charset=utf-8" if not fault else "text/html")


def test_the_portals_differ_in_markup(built: tuple[Portal, ...]) -> None:
    """Each has a layout of its own, on four different templates."""
    assert {portal.site.id for portal in built} <= set(LAYOUTS)
    assert len({layout.template for layout in LAYOUTS.values()}) == 4
    assert len({(layout.template, layout.body) for layout in LAYOUTS.values()}) == len(LAYOUTS)


def test_markup_in_a_document_stays_text() -> None:
    site = load().sites[0]
    document = Document(
        id="x", site=site.host, url=f"https://{site.host}/a/x.html", title="<b>甲</b>&\"乙\"",
        body="<script>1</script>",
        column="<i>栏</i>", kind="<u>", agency="'><img src=x>", published="2026-01-01",
    )  # fmt: skip
    (portal,) = portals([Page(document=document, links=Links())], [site])
    for path in ("/", "/a/", "/a/x.html"):
        html = respond(portal, path).body.decode()
        assert not re.search(r"<(script|b>甲|i>栏|u>|img)", html)
    assert Read(respond(portal, "/a/x.html").body.decode()).meta["ArticleTitle"] == document.title


def test_two_documents_with_one_address_are_refused() -> None:
    site = load().sites[0]
    twins = [
        Page(document=Document(id=name, site=site.host, url=f"https://{site.host}/a.html"), links=Links())
        for name in ("a", "b")
    ]
    with pytest.raises(CorpusFormatError, match="'a' and 'b' have one address"):
        portals(twins, [site])


@pytest.mark.slow
def test_the_same_request_gets_the_same_bytes() -> None:
    first, second = demo_portals(), demo_portals()
    for one, other in zip(first, second, strict=True):
        for path in (
            "/",
            "/index.html",
            "/robots.txt",
            "/sitemap.xml",
            *list(one.documents)[:20],
            *list(one.listings)[:5],
        ):
            assert respond(one, path) == respond(other, path)


def test_attachments_are_served_and_linked_by_their_page(built: tuple[Portal, ...]) -> None:
    portal = next(one for one in built for document in one.documents.values() if document.id.endswith("-fake"))
    file = next(document for document in portal.documents.values() if document.id.endswith("-fake"))
    reply = respond(portal, path_of(file))
    assert (reply.status, reply.header("Content-Type"), reply.body) == (200, "application/pdf", fake_bytes(file))
    parent = portal.known[file.extra["attachment_of"]]
    page = respond(portal, path_of(parent)).body.decode(dirt.encoding_of(dirt.fault_of(parent)))
    assert path_of(file).rpartition("/")[2] in "".join(Read(page).links)
    assert "附件" in page


def test_without_a_maker_of_files_attachments_are_neither_served_nor_linked() -> None:
    knowledge = load()
    composed = list(pages(knowledge))
    file = attached(composed)
    bare = portals([*composed, file], knowledge.sites)
    portal = next(one for one in bare if one.site.host == file.document.site)
    assert respond(portal, path_of(file.document)).status == 404
    assert b"-fake.pdf" not in respond(portal, path_of(composed[0].document)).body


def test_ground_truth_covers_every_document_and_every_lost_page(built: tuple[Portal, ...]) -> None:
    told = truth.ground_truth(built)
    assert {one.id for one in told} == set(built[0].known)
    for one in told:
        document = built[0].known[one.id]
        assert (one.url, one.title, one.published) == (document.url, document.title, document.published)
        assert (one.column, one.agency, one.site) == (document.column, document.agency, document.site)
    large = sum(len(portal.documents) >= 20 for portal in built)
    assert len(truth.moved(built)) >= large
    assert {lost.status for lost in truth.gone(built)} == {404, 410}
    addresses = {document.url for document in built[0].known.values()}
    assert not addresses & ({lost.url for lost in truth.gone(built)} | {one.old for one in truth.moved(built)})


def test_spellings_of_a_folder_and_moved_pages_redirect(served: Portals, linlan: Portal) -> None:
    base = served.addresses["linlan"]
    named = served.addresses["qinglan"]
    old, new = next(iter(linlan.moved.items()))
    page = next(iter(linlan.documents))
    for asked, target in (
        (f"{base}/index.html", f"{base}/"),
        (f"{base}/zcwj", f"{base}/zcwj/"),
        (f"{base}/zcwj/index.html", f"{base}/zcwj/"),
        (f"{base}{page}/", base + page),
        (base + old, base + new),
        (f"{named}/", f"{named}/index.html"),
        (f"{named}/zcwj/", f"{named}/zcwj/index.html"),
    ):
        status, _, headers = fetch(asked)
        assert (status, headers["Location"]) == (301, target), asked
        assert fetch(target)[0] == 200
    assert fetch(f"{base}/nirgendwo.html")[0] == 404
    for path, lost in linlan.gone.items():
        assert fetch(base + path)[0] == lost.status


def test_a_page_that_is_known_is_not_sent_again(served: Portals, linlan: Portal) -> None:
    """ETag and Last-Modified are honoured with 304 and no body; the ETag decides where both are given."""
    for path in ("/", next(iter(linlan.documents)), "/sitemap.xml"):
        url = served.addresses["linlan"] + path
        status, body, headers = fetch(url)
        assert status == 200
        assert body
        assert fetch(url, **{"If-None-Match": headers["ETag"]})[:2] == (304, b"")
        assert fetch(url, **{"If-None-Match": f'"x", W/{headers["ETag"]}'})[0] == 304
        assert fetch(url, **{"If-None-Match": '"x"'})[0] == 200
    url = served.addresses["linlan"] + next(iter(linlan.documents))
    modified = fetch(url)[2]["Last-Modified"]
    assert fetch(url, **{"If-Modified-Since": modified})[:2] == (304, b"")
    assert fetch(url, **{"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"})[0] == 200
    assert fetch(url, **{"If-Modified-Since": "yesterday"})[0] == 200
    assert fetch(url, **{"If-Modified-Since": modified, "If-None-Match": '"x"'})[0] == 200


def test_an_error_is_never_not_modified() -> None:
    reply = Reply(status=404, headers=(("ETag", '"x"'),))
    assert conditional(reply, {"If-None-Match": "*"}) is reply


def test_head_tells_the_length_and_keeps_the_connection(served: Portals) -> None:
    connection = http.client.HTTPConnection(urlsplit(served.addresses["linlan"]).netloc, timeout=10)
    connection.request("HEAD", "/")
    head = connection.getresponse()
    assert head.read() == b""
    connection.request("GET", "/")
    assert len(connection.getresponse().read()) == int(head.headers["Content-Length"])
    connection.close()


def test_robots_and_sitemaps_name_every_document(served: Portals) -> None:
    """A sitemap index where a site is large; each document once, under the address it is served at."""
    indexed = 0
    for portal in served.portals:
        base = served.addresses[portal.site.id]
        robots = fetch(f"{base}/robots.txt")[1].decode()
        assert "Disallow: /nosearch/\n" in robots
        assert ("Crawl-delay: 2\n" in robots) == (portal.site.id == "rst")
        assert f"Sitemap: {base}/sitemap.xml\n" in robots
        text = fetch(f"{base}/sitemap.xml")[1].decode()
        parts = re.findall(r"<sitemap><loc>(.*?)</loc>", text)
        indexed += bool(parts)
        text += "".join(fetch(part)[1].decode() for part in parts)
        named = [
            loc for loc in re.findall(r"<url><loc>(.*?)</loc>", text) if not loc.endswith(("/", base + "/index.html"))
        ]
        assert sorted(named) == sorted(base + path for path in portal.documents)
        assert fetch(f"{base}/sitemap_{len(parts) + 1}.xml")[0] == 404
    assert indexed


def test_links_lead_over_loopback_unless_the_official_host_is_asked(served: Portals) -> None:
    """The Host header decides: official hosts get their own site with official links, on whatever port."""
    base = served.addresses["yunchuan"]
    local = Read(fetch(f"{base}/")[1].decode()).links
    assert f"{served.addresses['linlan']}/" in local
    assert not [link for link in local if ".gov.example" in link and not link.startswith("mailto:")]
    official = Read(fetch(f"{base}/", Host="www.linlan.gov.example")[1].decode()).links
    assert "https://www.yunchuan.gov.example/" in official
    assert not [link for link in official if "127.0.0.1" in link]


def test_a_name_that_is_neither_official_nor_local_is_refused(served: Portals) -> None:
    assert fetch(served.addresses["linlan"] + "/", Host="rebound.example:80")[0] == 421
    assert fetch(served.addresses["linlan"] + "/", Host="localhost:1")[0] == 200


def test_the_hub_lists_the_portals_and_the_truth(served: Portals, built: tuple[Portal, ...]) -> None:
    links = Read(fetch(f"{served.hub}/")[1].decode()).links
    assert {f"{address}/" for address in served.addresses.values()} <= set(links)
    known = json.loads(fetch(f"{served.hub}/ground-truth.json")[1])
    assert known["addresses"] == served.addresses
    assert len(known["pages"]) == len(built[0].known)
    assert known["moved"]
    assert {lost["status"] for lost in known["gone"]} == {404, 410}


def some_of(url: str, limit: int) -> tuple[bytes, http.client.HTTPMessage]:
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - loopback
        return response.read(limit), response.headers


def test_traps_spring(served: Portals) -> None:
    base = served.addresses["linlan"]
    assert "/traps/index.html" in Read(fetch(f"{base}/")[1].decode()).links
    linked = Read(fetch(f"{base}/traps/index.html")[1].decode()).links
    assert linked == list(traps.TRAPS)
    with pytest.raises(urllib.error.HTTPError, match="infinite loop"):
        some_of(f"{base}/traps/loop/1", 1)
    assert fetch(f"{base}/traps/500.html")[0] == 500
    assert fetch(f"{base}/traps/503.html")[2]["Retry-After"] == "120"
    body, headers = some_of(f"{base}/traps/big.html", 2**20)
    assert (len(body), headers["Content-Length"]) == (2**20, str(traps.BIG_BYTES))
    body, headers = some_of(f"{base}/traps/endless.html", 3 * 2**20)
    assert (len(body), headers["Content-Length"]) == (3 * 2**20, None)
    body, headers = some_of(f"{base}/traps/bomb.html", 2**20)
    assert (headers["Content-Encoding"], len(body) < 300_000) == ("gzip", True)
    unpacked = zlib.decompressobj(wbits=31).decompress(body, 2**20)
    assert len(unpacked) == 2**20
    assert unpacked.startswith(b"<!DOCTYPE html>")
    with pytest.raises(UnicodeDecodeError):
        fetch(f"{base}/traps/broken.html")[1].decode()
    with pytest.raises(TimeoutError), urllib.request.urlopen(f"{base}/traps/slow.html", timeout=0.2):  # noqa: S310
        pass
    assert traps.FORBIDDEN in fetch(f"{base}/nosearch/7.html")[1].decode()


def test_the_calendar_never_ends() -> None:
    query, seen = "", set()
    for _ in range(30):
        (link,) = Read(traps.trap("/traps/calendar/", query).body.decode()).links
        query = link.partition("?")[2]
        seen.add(query)
    assert (len(seen), query) == (30, "month=2029-01")
    assert "month=10000-01" in traps.trap("/traps/calendar/", "month=9999-12").body.decode()


@pytest.mark.slow
def test_the_bomb_unpacks_to_what_is_promised() -> None:
    """The gzip file that is put together by hand is a right one: checksum and length agree."""
    packed = traps.trap("/traps/bomb.html", "").body
    assert traps.BOMB_BYTES - 258 <= len(gzip.decompress(packed)) <= traps.BOMB_BYTES


def test_without_the_flag_there_are_no_traps() -> None:
    portal = demo_portals()[0]
    assert b"/traps/" not in respond(portal, "/").body
    for path in traps.TRAPS:
        assert respond(portal, path).status == 404


def test_closing_ends_what_is_still_being_sent(built: tuple[Portal, ...]) -> None:
    """Neither an endless reply, nor a slow one, nor a kept connection holds the server up."""
    before = threading.active_count()
    with Portals(built[:1]) as running:
        (base,) = running.addresses.values()
        place = urlsplit(base).netloc
        clients = [http.client.HTTPConnection(place, timeout=10) for _ in range(3)]
        for client, path in zip(clients, ("/traps/endless.html", "/traps/slow.html", "/robots.txt"), strict=True):
            client.request("GET", path)
        replies = [clients[0].getresponse(), clients[2].getresponse()]
        replies[0].read(10)
        replies[1].read()
    assert threading.active_count() == before
    for client in clients:
        client.close()
    replies[0].close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((urlsplit(base).hostname, urlsplit(base).port or 0), timeout=1)


def test_only_loopback_is_served(built: tuple[Portal, ...]) -> None:
    for host in ("0.0.0.0", "192.0.2.1", "example.org", ""):  # noqa: S104 - refused
        with pytest.raises(PortalError, match="not a loopback address"), Portals(built, host=host):
            pass


def test_a_port_that_is_taken_is_named(built: tuple[Portal, ...]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortalError, match=f"port {port} on 127.0.0.1"), Portals(built, port=port):
            pass
    with pytest.raises(PortalError, match="65535 is the last"), Portals(built, port=65535):
        pass


def test_ports_follow_one_another(built: tuple[Portal, ...]) -> None:
    """The hub has the port that was asked for, the sites the next ones in their order."""
    for port in range(18_100, 60_000, 100):
        try:
            with Portals(built, port=port) as running:
                assert running.hub == f"http://127.0.0.1:{port}"
                assert list(running.addresses.values()) == [
                    f"http://127.0.0.1:{port + turn}" for turn in range(1, len(built) + 1)
                ]
            return
        except PortalError:
            continue
    pytest.fail("no free ports")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_the_addresses_and_ends_when_told(ending: signal.Signals) -> None:
    """Ctrl-C and `kill` are ordinary ends: exit code 0 and no complaint."""
    # Whatever starts the tests in the background may have had SIGINT ignored, which children inherit.
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from bench.cli import main; main()"
    command = [sys.executable, "-c", code, "corpus", "serve", "demo", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            lines = [running.stdout.readline()]
            while lines[-1] and not lines[-1].startswith("Ctrl-C"):
                lines.append(running.stdout.readline())
            assert fetch(lines[0].split()[0])[0] == 200
            running.send_signal(ending)
            _, errors = running.communicate(timeout=20)
        finally:
            running.kill()
    assert (running.returncode, errors) == (0, "")
    assert [line for line in lines if "临澜市人民政府" in line]


@pytest.mark.browser
def test_a_page_renders_in_a_browser(served: Portals, linlan: Portal, tmp_path: Path) -> None:
    """Chromium reads a GB18030 page that declares gb2312, and draws a portal."""
    chromium = shutil.which("chromium")
    assert chromium, "the browser tests need Debian's package chromium: apt-get install chromium"
    document = next(one for one in linlan.articles if dirt.fault_of(one) == "gb18030_as_gb2312")
    shown = subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--screenshot={tmp_path / 'page.png'}",
            "--dump-dom",
            served.addresses["linlan"] + path_of(document),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert document.title in Read(shown.stdout).text
    assert (tmp_path / "page.png").stat().st_size > 10_000
