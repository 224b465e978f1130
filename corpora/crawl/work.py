"""A crawl under way: what an answer, an error or a refusal does to its state, files and frontier."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urljoin

import msgspec

from corpora.crawl.frontier import Frontier, LocalFrontier
from corpora.crawl.limits import CHAIN, MAX_REDIRECTS, entry_of, refusal
from corpora.crawl.plan import Entry, Plan
from corpora.crawl.state import Link, Page, State
from corpora.crawl.warc import Archive, Exchange, header
from corpora.errors import CrawlError

PASSING = frozenset((408, 429, 500, 502, 503, 504, 522, 524))
"""Errors that may have passed when asked again."""
GONE = frozenset((404, 410))
WARC = "warc"

ReadLinks = Callable[[Exchange, Entry], tuple[Link, ...]]


class Work:
    """The parts of one crawl, and the one way to settle an entry with all of them."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.state = State(folder)
        self.archive = Archive(folder / WARC, plan.warc_bytes, plan.user_agent)
        self.frontier: Frontier
        self.turn = 0
        self.complete = False
        """Whether everything was fetched and only the corpus is missing: what is there must be made into one first."""
        self.refusals = 0
        """Since this process began, for showing."""

    def open(self) -> None:
        """Go on where the folder's crawl stopped, or begin it anew where it had finished.

        Raises `CrawlError` when the folder is in use or holds a crawl from other start addresses.
        """
        self.state.open()
        begun = self.state.get("start")
        if begun is not None and sorted(begun) != sorted(self.plan.start):
            raise CrawlError(
                f"{self.state.path.parent} holds a crawl from {', '.join(begun)}: give these start addresses to go on, "
                "or another --out"
            )
        self.state.set("start", self.plan.start)
        self.frontier = self._frontier()
        before, finished = self.state.get("turn", 0), bool(self.state.get("finished", default=False))
        self.complete = finished and self.state.get("built") != before
        finished = finished and not self.complete
        self.turn = self.frontier.begin(before, finished)
        if self.turn != self.state.get("turn", 0):
            self.state.begin(self.turn)
        self.archive.open(self.state.ends())
        if self.turn != before or not self.state.get("seeded", default=False):
            self._seed()

    def known(self, entry: Entry) -> Page | None:
        """Return the copy of a page that an earlier fetch left."""
        page = self.state.page(entry.key)
        return page if page is not None and page.status == 200 else None

    def answered(self, entry: Entry, exchange: Exchange, read_links: ReadLinks) -> None:
        """Settle an entry whose address answered."""
        if exchange.status in PASSING and entry.attempt < self.plan.retries:
            wait_s = self._wait(exchange, entry.attempt)
            if wait_s <= self.plan.max_wait_s:
                self.again(entry, wait_s)
                return
        before = self.known(entry)
        if before is not None and exchange.status not in GONE and exchange.status >= 400:
            self.refused(entry, f"status {exchange.status}")  # the copy from before stays; the page may come back
            return
        digest = hashlib.sha256(exchange.body).hexdigest() if exchange.body else ""
        if before is not None and (exchange.status == 304 or (exchange.status == 200 and digest == before.hash)):
            self._unchanged(entry, exchange, before, read_links)
            return
        target = ""
        found: list[Entry] = []
        refused: list[tuple[Entry, str]] = []
        links: tuple[Link, ...] = ()
        if 300 <= exchange.status < 400:
            target = urljoin(entry.url, header(exchange.headers, "location"))
            found, refused = self._redirected(entry, target)
        elif exchange.status < 300:
            links = read_links(exchange, entry)
            found, refused = self.sort_out(links, entry)
        elif not (entry.sitemap and exchange.status in GONE):  # a sitemap that robots.txt does not name is a guess
            refused = [(entry, f"status {exchange.status}")]
        page = Page(
            url=entry.url,
            status=exchange.status,
            type=header(exchange.headers, "content-type"),
            hash=digest,
            size=len(exchange.body),
            etag=header(exchange.headers, "etag"),
            modified=header(exchange.headers, "last-modified"),
            fetched=exchange.at,
            checked=exchange.at,
            change=self._change(before, exchange.status),
            target=target,
            depth=entry.depth,
            sitemap=entry.sitemap,
        )
        place = self.archive.write(exchange)
        page = msgspec.structs.replace(page, warc=place.file, offset=place.offset)
        self._settle(entry, page, links, found, refused, (place.file, place.end))

    def refused(self, entry: Entry, why: str) -> None:
        """Settle an entry that was not had."""
        self._settle(entry, None, None, [], [(entry, why)], None)

    def failed(self, entry: Entry, why: str) -> None:
        """Try an entry again after an error that may pass, or settle it."""
        if entry.attempt < self.plan.retries:
            self.again(entry, self._backoff(entry.attempt))
        else:
            self.refused(entry, why)

    def again(self, entry: Entry, wait_s: float) -> None:
        """Put an entry back for later."""
        self.frontier.retry(msgspec.structs.replace(entry, attempt=entry.attempt + 1), wait_s)

    def discovered(self, entries: Iterable[Entry]) -> None:
        """Take in addresses that no page led to, such as sitemaps."""
        wanted, refused = self._split(entries)
        with self.state.transaction():
            self.state.refuse([*refused, *self.frontier.add(wanted)])

    def sort_out(self, links: Iterable[Link], entry: Entry) -> tuple[list[Entry], list[tuple[Entry, str]]]:
        """Return the entries that a page's links lead to, and those that the plan refuses."""
        depth = entry.depth + 1
        found = (entry_of(link.url, depth=depth, source=entry.url) for link in links)
        unique = {one.key: one for one in found if one is not None and one.key != entry.key}
        if entry.sitemap:  # a sitemap may name further ones
            unique = {
                key: msgspec.structs.replace(one, sitemap=True) if one.url.partition("?")[0].endswith(_XML) else one
                for key, one in unique.items()
            }
        return self._split(unique.values())

    def finish(self) -> None:
        """Put on record that nothing is left to do, so that the next crawl begins anew."""
        left = self.frontier.left() if isinstance(self.frontier, LocalFrontier) else 0
        with self.state.transaction():
            self.state.set("left", left)
            self.state.set("finished", value=True)

    def close(self) -> None:
        """Close the files; what is under way is handed out again next time."""
        self.archive.close()
        self.frontier.close()
        self.state.close()

    def _frontier(self) -> Frontier:
        if not self.plan.frontier:
            return LocalFrontier(self.state, self.plan)
        from corpora.crawl.shared import SharedFrontier

        return SharedFrontier(self.plan)

    def _seed(self) -> None:
        seeds = [entry for url in self.plan.start if (entry := entry_of(url)) is not None]
        for _, _, page in self.state.pages():
            # What was there is asked for even when nothing links to it any more: this is how a page is seen to be gone.
            if page.status == 200 and (entry := entry_of(page.url, depth=page.depth, sitemap=page.sitemap)) is not None:
                seeds.append(entry)
        wanted, refused = self._split(seeds)
        with self.state.transaction():
            self.state.refuse([*refused, *self.frontier.add(wanted)])
            self.state.set("seeded", value=True)

    def _split(self, entries: Iterable[Entry]) -> tuple[list[Entry], list[tuple[Entry, str]]]:
        wanted: list[Entry] = []
        refused: list[tuple[Entry, str]] = []
        for entry in entries:
            if why := refusal(entry, self.plan):
                refused.append((entry, why))
            else:
                wanted.append(entry)
        return wanted, refused

    def _redirected(self, entry: Entry, target: str) -> tuple[list[Entry], list[tuple[Entry, str]]]:
        chain = (*entry.chain, entry.key)
        found = entry_of(target, depth=entry.depth, sitemap=entry.sitemap, source=entry.url)
        if found is None or found.url == entry.url:
            return [], []  # to itself: the summary finds the loop
        if len(chain) > MAX_REDIRECTS:
            return [], [(entry, CHAIN)]
        # A site may insist on one spelling of what compares as the same; that one has to be asked for, too.
        key = f"{found.key}#as-redirected" if found.key == entry.key else found.key
        return self._split([msgspec.structs.replace(found, key=key, chain=chain)])

    def _unchanged(self, entry: Entry, exchange: Exchange, before: Page, read_links: ReadLinks) -> None:
        place = self.archive.write(exchange, same_as=before.fetched)
        page = msgspec.structs.replace(
            before,
            checked=exchange.at,
            change="unchanged",
            etag=header(exchange.headers, "etag") or before.etag,
            modified=header(exchange.headers, "last-modified") or before.modified,
        )
        found, refused = self.sort_out(self.state.links(entry.key), entry)
        self._settle(entry, page, None, found, refused, (place.file, place.end))

    def _settle(
        self,
        entry: Entry,
        page: Page | None,
        links: tuple[Link, ...] | None,
        found: Sequence[Entry],
        refused: Sequence[tuple[Entry, str]],
        end: tuple[str, int] | None,
    ) -> None:
        with self.state.transaction():
            if page is not None:
                self.state.put(entry.key, self.turn, page, links)
            if end is not None:
                self.state.set_end(*end)
            self.state.refuse(refused)
            if self.frontier.joins:
                self.state.refuse(self.frontier.finish(entry, found))
        if not self.frontier.joins:
            # After the page is safe: dying in between means that it is fetched again, never that it is lost.
            with self.state.transaction():
                self.state.refuse(self.frontier.finish(entry, found))
        self.refusals += len(refused)

    def _wait(self, exchange: Exchange, attempt: int) -> float:
        backoff_s = self._backoff(attempt)
        asked = header(exchange.headers, "retry-after").strip()
        if asked.isdecimal():
            return max(backoff_s, float(asked[:9]))
        try:
            then, here = parsedate_to_datetime(asked), parsedate_to_datetime(header(exchange.headers, "date"))
            return max(backoff_s, (then - here).total_seconds())
        except (TypeError, ValueError):
            return backoff_s

    def _backoff(self, attempt: int) -> float:
        return self.plan.backoff_s * float(4**attempt)

    @staticmethod
    def _change(before: Page | None, status: int) -> str:
        if before is None:
            return "new"
        return "gone" if status in GONE else "changed"


_XML = (".xml", ".xml.gz")
