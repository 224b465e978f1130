"""One polite connection: robots.txt, a delay, backing off when told to, a budget of requests, a deadline."""

import functools
import logging
import ssl
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from indexers.errors import BlockedError, SearchError, SearchTimeoutError
from indexers.portal.robots import Rules
from indexers.portal.signs import LOGIN, Answer

_HOPS = 3
_ROBOTS_HOPS = 5
_BUSY = (429, 503)
_FIRST_BACKOFF_S = 2.0


class Clock:
    """The time and how to wait; tests have one of their own."""

    def monotonic(self) -> float:
        """Return seconds that only ever rise."""
        return time.monotonic()

    def now(self) -> float:
        """Return seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How a portal is treated."""

    user_agent: str
    delay_s: float
    timeout_s: float
    retries: int
    max_wait_s: float
    max_requests: int
    max_bytes: int
    obey_robots: bool


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request, ready to be sent."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: bytes = b""


class Client:
    """Sends requests one after the other; opens its connection with the first one."""

    def __init__(self, manners: Manners, clock: Clock, proxy: str = "") -> None:
        self._manners = manners
        self._clock = clock
        self._proxy = proxy
        self._http: httpx.Client | None = None
        self._rules: dict[str, Rules] = {}
        self._requests = 0
        self._last: float | None = None
        self._left_s = manners.timeout_s
        self.waited_s = 0.0
        """Seconds of the search in hand that were spent being polite."""

    def begin(self) -> None:
        """Begin a search, which has the whole timeout before it."""
        self._left_s = self._manners.timeout_s
        self.waited_s = 0.0

    def send(self, asked: Asked) -> Answer:
        """Send a request and return its answer; one that is asked to wait does so and tries again.

        Redirects within the host are followed, others and those to a login are not. Raises `BlockedError` when
        robots.txt, the budget or a wish to wait too long forbids it, `SearchTimeoutError`, or `SearchError`.
        """
        for _ in range(_HOPS):
            self._obey_robots(asked.url)
            answer = self._patiently(asked)
            if not answer.location or not _same_place(answer.url, answer.location):
                return answer
            keep = answer.status in (307, 308)
            asked = Asked(
                method=asked.method if keep else "GET",
                url=urljoin(answer.url, answer.location),
                headers={name: value for name, value in asked.headers.items() if keep or name != "Content-Type"},
                body=asked.body if keep else b"",
            )
        return answer

    def cookie(self, name: str) -> str:
        """Return the value of a cookie that the portal has set, or an empty string."""
        jar = self._http.cookies.jar if self._http else ()
        return next((cookie.value or "" for cookie in jar if cookie.name == name), "")

    def close(self) -> None:
        """Close the connection."""
        if self._http is not None:
            self._http.close()
            self._http = None

    def _obey_robots(self, url: str) -> None:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if not self._manners.obey_robots:
            return
        if origin not in self._rules:
            self._rules[origin] = self._rules_of(origin)
        if refusal := self._rules[origin].refusal(url):
            raise BlockedError(refusal)

    def _rules_of(self, origin: str) -> Rules:
        url = f"{origin}/robots.txt"
        for _ in range(_ROBOTS_HOPS):
            answer = self._patiently(Asked(method="GET", url=url))
            target = urljoin(url, answer.location)
            if not answer.location or urlsplit(target).scheme not in ("http", "https"):
                break
            url = target
        return Rules(answer.status, answer.body)

    def _patiently(self, asked: Asked) -> Answer:
        for attempt in range(self._manners.retries + 1):
            self._keep_distance(asked.url)
            answer, retry_after = self._once(asked)
            if answer.status not in _BUSY or attempt == self._manners.retries:
                break
            wait_s = self._asked_wait_s(retry_after, attempt)
            if self.waited_s + wait_s > self._manners.max_wait_s:
                raise BlockedError(f"HTTP {answer.status}: asks to wait {wait_s:.0f} s, more than max_wait_s allows")
            self._wait(wait_s)
        return answer

    def _keep_distance(self, url: str) -> None:
        parts = urlsplit(url)
        rules = self._rules.get(f"{parts.scheme}://{parts.netloc}")
        delay_s = max(self._manners.delay_s, rules.crawl_delay_s if rules else 0.0)
        wait_s = 0.0 if self._last is None else self._last + delay_s - self._clock.monotonic()
        if wait_s > 0:
            if self.waited_s + wait_s > self._manners.max_wait_s:
                raise BlockedError(
                    "the delay between requests uses up max_wait_s in one search: raise it, or lower max_results"
                )
            self._wait(wait_s)

    def _wait(self, seconds: float) -> None:
        before, waited_s = self._clock.monotonic(), self.waited_s
        self.waited_s = waited_s + seconds  # who asks from another thread sees it while it lasts
        self._clock.sleep(seconds)
        self.waited_s = waited_s + self._clock.monotonic() - before

    def _asked_wait_s(self, retry_after: str, attempt: int) -> float:
        """Return how long to wait by a Retry-After of seconds or of a date, or longer each time without one."""
        try:
            return max(0.0, float(retry_after))
        except ValueError:
            pass
        try:
            return max(0.0, parsedate_to_datetime(retry_after).timestamp() - self._clock.now())
        except (TypeError, ValueError):
            return float(_FIRST_BACKOFF_S * 2**attempt)

    def _once(self, asked: Asked) -> tuple[Answer, str]:
        if self._requests >= self._manners.max_requests:
            raise BlockedError(f"the budget of {self._manners.max_requests} requests is used up (max_requests)")
        if self._left_s <= 0:
            raise SearchTimeoutError(f"no answer within {self._manners.timeout_s:g} s")
        self._requests += 1
        begun = self._clock.monotonic()
        try:
            return self._exchange(asked, begun)
        except httpx.TimeoutException:
            raise SearchTimeoutError(f"no answer within {self._manners.timeout_s:g} s") from None
        except httpx.RemoteProtocolError:
            raise SearchError("the answer was cut short") from None
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            raise SearchError(f"no connection ({type(problem).__name__})") from None
        finally:
            self._last = self._clock.monotonic()
            self._left_s -= self._last - begun

    def _exchange(self, asked: Asked, begun: float) -> tuple[Answer, str]:
        http = self._opened()
        request = http.build_request(
            asked.method, asked.url, headers=asked.headers, content=asked.body or None, timeout=self._left_s
        )
        response = http.send(request, stream=True)
        try:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._manners.max_bytes:
                    raise SearchError(f"the answer is larger than {self._manners.max_bytes} bytes (max_bytes)")
                if self._clock.monotonic() - begun > self._left_s:  # a trickle never meets the time limit of a read
                    raise SearchTimeoutError(f"no answer within {self._manners.timeout_s:g} s")
        finally:
            response.close()
        answer = Answer(
            status=response.status_code,
            body=bytes(body),
            url=str(response.url),
            charset=response.charset_encoding or "",
            location=response.headers.get("Location", "") if response.is_redirect else "",
        )
        return answer, response.headers.get("Retry-After", "")

    def _opened(self) -> httpx.Client:
        if self._http is None:
            for name in ("httpx", "httpcore"):  # both log addresses
                logging.getLogger(name).setLevel(logging.CRITICAL)
            self._http = httpx.Client(
                headers={"User-Agent": self._manners.user_agent, "Accept-Language": "zh-CN,zh;q=0.9"},
                limits=httpx.Limits(max_connections=1, max_keepalive_connections=1),
                proxy=self._proxy or None,
                verify=_certificates(),
                trust_env=False,  # neither proxies nor passwords that nobody named
                follow_redirects=False,
            )
        return self._http


@functools.cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)


def _same_place(url: str, location: str) -> bool:
    target = urljoin(url, location)
    if any(part in target.lower() for part in LOGIN):
        return False
    return urlsplit(target).hostname == urlsplit(url).hostname


def merged(*headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers in which later ones replace earlier ones of the same name, in whatever case."""
    kept: dict[str, tuple[str, str]] = {}
    for group in headers:
        kept |= {name.lower(): (name, value) for name, value in group.items()}
    return dict(kept.values())
