"""The Scrapy side of a crawl: a scheduler, a middleware and a spider over the crawl's own state."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import Request, Spider, signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadTimeoutError,
    IgnoreRequest,
    StopDownload,
)
from scrapy.http import HtmlResponse, Response
from scrapy.http.request import NO_CALLBACK
from scrapy.linkextractors import LinkExtractor
from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap
from twisted.python.failure import Failure
from w3lib.html import get_meta_refresh

from corpora.crawl import limits
from corpora.crawl.plan import Entry
from corpora.crawl.robots import Robots, Rules
from corpora.crawl.state import Link
from corpora.crawl.warc import Exchange, header, now
from corpora.crawl.work import Work

_ENTRY = "entry"
_WAIT = "wait_s"
_HTML = re.compile(r"text/html|application/xhtml\+xml|text/plain|$", re.IGNORECASE)


class RefusedError(IgnoreRequest):
    """A request that is not sent; its text is the reason."""


class PortalSpider(Spider):
    """Turns what Scrapy fetched into settled entries; it yields nothing, because the frontier is the crawl's own."""

    name = "tongcha"

    def __init__(self, work: Work, give_up: Callable[[Exception], None], **more: Any) -> None:
        super().__init__(**more)
        self.work = work
        self.give_up = give_up
        """Ends the crawl when its state cannot be written: an entry that stays unsettled would never be over."""
        self.busy: Counter[str] = Counter()
        self.delays: dict[str, float] = {}
        """Host → its Crawl-delay in seconds."""
        work.frontier.delay_of = self.delay_of
        self._links = LinkExtractor(
            tags=("a", "area", "iframe", "frame"), attrs=("href", "src"), deny_extensions=(), canonicalize=False
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **more: Any) -> "PortalSpider":
        """Make the spider and have it told of what Scrapy only signals."""
        made: PortalSpider = super().from_crawler(crawler, *args, **more)
        crawler.signals.connect(made.headers_received, signal=signals.headers_received)
        crawler.signals.connect(made.reached_downloader, signal=signals.request_reached_downloader)
        return made

    async def start(self) -> Any:
        """Yield nothing: the frontier holds the start addresses already."""
        return
        yield

    def request(self, entry: Entry, wait_s: float) -> Request:
        """Return the request for an entry, conditional where a copy is known."""
        self.busy[entry.host] += 1
        headers = {}
        if before := self.work.known(entry):
            headers = {"If-None-Match": before.etag, "If-Modified-Since": before.modified}
        meta = {_ENTRY: entry, _WAIT: wait_s, "download_slot": entry.host}
        return Request(
            entry.url,
            headers={name: value for name, value in headers.items() if value},
            meta=meta,
            callback=self.had,
            errback=self.not_had,
            dont_filter=True,
        )

    def had(self, response: Response) -> None:
        """Settle the entry of an answer."""
        request = response.request
        if request is None:
            return
        entry: Entry = request.meta[_ENTRY]
        self.busy[entry.host] -= 1
        exchange = Exchange(
            url=entry.url,
            at=now(),
            asked=_headers(request.headers),
            status=response.status,
            reason="",
            headers=_headers(response.headers),
            body=response.body,
        )
        try:
            self.work.answered(entry, exchange, self.links)
        except Exception as problem:
            self.give_up(problem)

    def not_had(self, failure: Failure) -> None:
        """Settle or repeat the entry of a request that brought no answer."""
        entry: Entry = failure.request.meta[_ENTRY]  # type: ignore[attr-defined]  # Scrapy puts it there
        self.busy[entry.host] -= 1
        try:
            self._not_had(entry, failure.value)
        except Exception as problem:
            self.give_up(problem)

    def _not_had(self, entry: Entry, problem: BaseException | None) -> None:
        if isinstance(problem, RefusedError):
            self.work.refused(entry, str(problem))
        elif isinstance(problem, StopDownload):
            self.work.refused(entry, limits.TYPE)
        elif isinstance(problem, DownloadCancelledError) or "DOWNLOAD_MAXSIZE" in str(problem):
            self.work.refused(entry, limits.LARGE)
        elif isinstance(problem, DownloadTimeoutError):
            self.work.failed(entry, limits.TIMEOUT)
        elif isinstance(problem, CannotResolveHostError):
            if self._withheld(entry.url):
                self.work.refused(entry, limits.PRIVATE)
            else:
                self.work.failed(entry, limits.UNRESOLVED)
        else:
            self.logger.info("%s: %r", entry.url, problem)
            self.work.failed(entry, limits.CONNECTION)

    def links(self, exchange: Exchange, entry: Entry) -> tuple[Link, ...]:
        """Return the links of a page or sitemap, in its order."""
        if entry.sitemap:
            return self._listed(exchange.body)
        kind = header(exchange.headers, "content-type")
        if not _HTML.match(kind.partition(";")[0].strip()):
            return ()
        page = HtmlResponse(entry.url, body=exchange.body, headers={"Content-Type": kind})
        try:
            found = [Link(url=link.url, text=" ".join(link.text.split())) for link in self._links.extract_links(page)]
            _, onward = get_meta_refresh(page.text[:4096], entry.url, page.encoding)
        except Exception as problem:  # a page that cannot be parsed is kept all the same
            self.logger.warning("%s: no links read: %r", entry.url, problem)
            return ()
        return (*found, Link(url=onward)) if onward else tuple(found)

    def headers_received(self, headers: Any, body_length: int, request: Request, spider: Spider) -> None:
        """Stop a download of a type that is not wanted before its body comes."""
        entry: Entry | None = request.meta.get(_ENTRY)
        kind = (headers.get("Content-Type") or b"").decode("latin-1")
        if entry is not None and not limits.allowed_type(kind, entry):
            raise StopDownload(fail=True)

    def reached_downloader(self, request: Request, spider: Spider) -> None:
        """Give the downloader the Crawl-delay of a host."""
        entry: Entry | None = request.meta.get(_ENTRY)
        delay_s = self.delays.get(entry.host, 0.0) if entry else 0.0
        engine = self.crawler.engine
        if entry is None or not delay_s or engine is None:
            return
        slot = engine.downloader.slots[entry.host]  # there since a moment ago, and again after each idle time
        slot.delay = max(delay_s, self.work.plan.delay_s)
        request.meta["autothrottle_dont_adjust_delay"] = True

    def delay_of(self, host: str) -> float:
        """Return the seconds between two requests to a host, as they are now."""
        engine = self.crawler.engine
        slot = engine.downloader.slots.get(host) if engine else None
        return max(self.work.plan.delay_s, self.delays.get(host, 0.0), slot.delay if slot else 0.0)

    def _withheld(self, url: str) -> bool:
        from twisted.internet import reactor

        host = (urlsplit(url).hostname or "").rstrip(".")
        return host in reactor.nameResolver.withheld  # the guarded one is installed

    def _listed(self, body: bytes) -> tuple[Link, ...]:
        try:
            content = gunzip(body, max_size=self.work.plan.max_bytes) if body.startswith(b"\x1f\x8b") else body
            return tuple(Link(url=listed["loc"]) for listed in Sitemap(content) if listed.get("loc"))
        except Exception as problem:  # what stands there is no sitemap
            self.logger.warning("sitemap not read: %r", problem)
            return ()


class FrontierScheduler(BaseScheduler):
    """Hands Scrapy the next entry of the frontier whenever it has room."""

    spider: PortalSpider

    def open(self, spider: Spider) -> None:
        """Take up the spider, which brings the frontier along."""
        if not isinstance(spider, PortalSpider):
            raise TypeError("this scheduler serves the portal spider only")
        self.spider = spider

    def has_pending_requests(self) -> bool:
        """Return whether anything waits, here or under way at another crawler."""
        return self.spider.work.frontier.counts()[0] > 0

    def enqueue_request(self, request: Request) -> bool:
        """Refuse: entries come from the frontier."""
        return False

    def next_request(self) -> Request | None:
        """Return the next request, or None while there is none."""
        try:
            taken = self.spider.work.frontier.take(self.spider.busy)
        except Exception as problem:  # the shared frontier is gone
            self.spider.give_up(problem)
            return None
        return None if taken is None else self.spider.request(*taken)


class Manners:
    """The downloader middleware that asks robots.txt, and waits where a shared frontier says so."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._robots = Robots(self._fetch)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "Manners":
        """Make the middleware."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request pass, later or not at all."""
        entry: Entry | None = request.meta.get(_ENTRY)
        spider = self._crawler.spider
        if entry is None or not isinstance(spider, PortalSpider):
            return
        rules, new = await self._robots.rules(entry.url)
        if new:
            self._heed(rules, entry, spider)
        if why := rules.refusal(entry.url):
            withheld = why == limits.ROBOTS_DOWN and spider._withheld(entry.url)
            raise RefusedError(limits.PRIVATE if withheld else why)
        if request.meta[_WAIT] > 0:
            await asyncio.sleep(request.meta[_WAIT])

    def _heed(self, rules: Rules, entry: Entry, spider: PortalSpider) -> None:
        delay_s = min(rules.crawl_delay_s, spider.work.plan.max_crawl_delay_s)
        if delay_s > 0:
            spider.delays[entry.host] = delay_s
        listed = (urljoin(entry.url, url) for url in rules.sitemaps)
        sitemaps = (limits.entry_of(url, sitemap=True, source=entry.url) for url in listed)
        spider.work.discovered(one for one in sitemaps if one is not None)

    async def _fetch(self, url: str) -> tuple[int, bytes, str]:
        engine = self._crawler.engine
        if engine is None:
            raise RefusedError("the crawl has ended")
        asked = limits.entry_of(url)
        if asked is None or not limits.allowed_host(urlsplit(url).hostname or "", self._plan):
            raise RefusedError(limits.DOMAIN)
        # A slot of its own: the host's ordinary one waits for these rules.
        request = Request(url, callback=NO_CALLBACK, meta={"download_slot": f"robots {asked.host}"})
        response = await engine.download_async(request)
        return response.status, response.body, (response.headers.get("Location") or b"").decode("latin-1")

    @property
    def _plan(self) -> Any:
        spider = self._crawler.spider
        return spider.work.plan if isinstance(spider, PortalSpider) else None


def _headers(headers: Any) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, values in headers.items() for value in values]
