"""What a crawl is asked to do, and the entries that it works off."""

import hashlib
from urllib.parse import urlsplit

import msgspec

from corpora.errors import CrawlError

PRODUCT = "tongcha"


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The start addresses and limits of a crawl; the defaults are polite ones for a portal that is not yours."""

    start: tuple[str, ...]
    allow_domains: tuple[str, ...] = ()
    """Host names; their subdomains too. The hosts of `start` are always allowed, without their subdomains."""
    allow_private: bool = False
    """Whether addresses that are not public ones, such as 127.0.0.1, may be connected to."""
    max_pages: int = 10_000
    """Answers of every kind count, robots.txt does not; 0 for no limit."""
    max_depth: int = 50
    """Links between a start address, or a sitemap, and a page."""
    max_bytes: int = 20 * 2**20
    """Of one answer, as sent and as unpacked."""
    max_queries: int = 100
    """Different query strings for one path."""
    max_alike: int = 20_000
    """Addresses of one host that differ in digits only."""
    delay_s: float = 1.0
    """Between two requests to a host; a Crawl-delay in robots.txt and a slow host make it longer."""
    max_crawl_delay_s: float = 60.0
    """No longer Crawl-delay than this is obeyed."""
    per_host: int = 2
    """Requests under way to a host."""
    timeout_s: float = 60.0
    """For a whole answer."""
    retries: int = 2
    """After a timeout, a lost connection, or one of the errors that pass."""
    backoff_s: float = 2.0
    """Before the first retry; four times as long before each further one."""
    max_wait_s: float = 300.0
    """A host that asks for a longer wait by Retry-After is not asked again."""
    warc_bytes: int = 10**9
    """Size at which another WARC file is begun."""
    contact: str = ""
    """Address or page of whoever runs the crawl, for the user agent."""
    frontier: str = ""
    """Address of a Redis or Valkey server that several crawlers share; empty for a crawl of its own."""

    @property
    def hosts(self) -> frozenset[str]:
        """Host names of the start addresses."""
        return frozenset(urlsplit(url).hostname or "" for url in self.start)

    @property
    def user_agent(self) -> str:
        """Return how the crawler names itself; robots.txt addresses it as `tongcha`."""
        return f"{PRODUCT}/0.1 (corpus crawler{'; ' + self.contact if self.contact else ''})"

    @property
    def job(self) -> str:
        """Name the crawl by its start addresses, whatever their order."""
        return hashlib.sha256("\n".join(sorted(self.start)).encode()).hexdigest()[:16]


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address to fetch, with how it was come by."""

    url: str
    key: str
    """The address in the form that is compared."""
    host: str
    """With the port where it has one of its own."""
    depth: int = 0
    sitemap: bool = False
    chain: tuple[str, ...] = ()
    """Keys of the addresses that redirected here, the first one first."""
    source: str = ""
    """Address of the page that links here."""
    attempt: int = 0


def check(plan: Plan) -> Plan:
    """Return the plan; raise `CrawlError` for a start address that cannot be one."""
    for url in plan.start:
        try:
            parts = urlsplit(url)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            raise CrawlError(f"{url!r} is no address to start from: write it as https://www.example.gov.cn/")
    if any(not character.isprintable() for character in plan.contact):
        raise CrawlError("the contact holds a line break or another control character: give one line")
    return plan
