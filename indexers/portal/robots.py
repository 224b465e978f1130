"""robots.txt of the portal that is asked, as RFC 9309 has it."""

from protego import Protego

PRODUCT = "tongcha"
_MOST_BYTES = 500 * 1024


class Rules:
    """What a robots.txt says to us; one that cannot be had forbids everything."""

    def __init__(self, status: int, body: bytes) -> None:
        self._down = status >= 500 or status == 429
        text = body[:_MOST_BYTES].decode("utf-8-sig", "replace") if 200 <= status < 300 else ""
        self._parsed = Protego.parse(text)

    def refusal(self, url: str) -> str:
        """Return why an address must not be asked, or an empty string."""
        if self._down:
            return "robots.txt cannot be had, which forbids everything"
        return "" if self._parsed.can_fetch(url, PRODUCT) else "robots.txt forbids the search"

    @property
    def crawl_delay_s(self) -> float:
        """The Crawl-delay; 0 where there is none."""
        return max(0.0, float(self._parsed.crawl_delay(PRODUCT) or 0))
