"""robots.txt of each host, fetched once a run, as RFC 9309 has it."""

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import urljoin, urlsplit

from protego import Protego

from corpora.crawl.limits import ROBOTS, ROBOTS_DOWN
from corpora.crawl.plan import PRODUCT

_HOPS = 5
_MOST_BYTES = 500 * 1024

Fetch = Callable[[str], Awaitable[tuple[int, bytes, str]]]
"""From address to status, body and Location; raises when there is no answer."""


class Rules:
    """What one host's robots.txt says; without one, everything is allowed."""

    def __init__(self, text: str | None) -> None:
        self._parsed = None if text is None else Protego.parse(text)

    def refusal(self, url: str) -> str:
        """Return why an address must not be asked for, or an empty string."""
        if self._parsed is None:
            return ROBOTS_DOWN
        return "" if self._parsed.can_fetch(url, PRODUCT) else ROBOTS

    @property
    def crawl_delay_s(self) -> float:
        """The Crawl-delay, 0 where there is none."""
        return max(0.0, float(self._parsed.crawl_delay(PRODUCT) or 0)) if self._parsed else 0.0

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """Addresses of sitemaps as written, a guess where none is; nothing where nothing may be crawled."""
        return (tuple(self._parsed.sitemaps) or ("/sitemap.xml",)) if self._parsed else ()


class Robots:
    """The rules of every host that was asked, each fetched once however many requests wait for it."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._rules: dict[str, asyncio.Future[Rules]] = {}

    async def rules(self, url: str) -> tuple[Rules, bool]:
        """Return the rules for an address, and whether they were fetched just now."""
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        if base in self._rules:
            return await asyncio.shield(self._rules[base]), False
        waiting: asyncio.Future[Rules] = asyncio.get_running_loop().create_future()
        self._rules[base] = waiting
        try:
            rules = await self._ask(base + "/robots.txt")
        except Exception:  # no answer at all, whatever the reason: RFC 9309 2.3.1.4, nothing may be crawled
            rules = Rules(None)
        waiting.set_result(rules)
        return rules, True

    async def _ask(self, url: str) -> Rules:
        for _ in range(_HOPS + 1):
            status, body, location = await self._fetch(url)
            if not (300 <= status < 400 and location):
                break
            url = urljoin(url, location)
        if 200 <= status < 300:
            return Rules(body[:_MOST_BYTES].decode("utf-8-sig", "replace"))
        return Rules(None if status >= 500 or status == 429 else "")
