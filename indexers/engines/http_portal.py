"""http_portal, the live search of a portal, asked over HTTP as a preset describes it.

Set-up: none of ours. The portal answers from its own index, so it is on the track `own-index`: its hits are mapped to
documents by canonical URL, those of other pages keep their rank under an id that begins with `unmapped:`, and it is
never ranked with engines that index the corpus.

Quirks:

- Needs the options `preset` and `url`; `docs/portals.md` tells what else there is.
- Politeness takes time: waiting of its own accord is left out of the measured latency.
- A search in one site needs the values that restrict the portal to it (`sites`); without them it is unsupported.
- The shapes of the presets come from public crawlers; they were not called live.
"""

import difflib
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import httpx
import lxml.etree
import msgspec

from corpora.errors import InvalidURLError
from corpora.urls import canonical
from indexers.api import Burden, Hit
from indexers.errors import BlockedError, OptionsError, SearchError, UnsupportedError
from indexers.hidden import SHORTEST, Hidden, address_parts, revealed
from indexers.pages import Page, read_pages, unmapped_id
from indexers.portal.client import Client, Clock, Manners
from indexers.portal.preset import Preset, load_preset, preset_names
from indexers.portal.reading import Result
from indexers.portal.search import Found, PortalSearch
from indexers.portal.template import fill, names_in

DISTRIBUTIONS = ("httpx", "lxml")
TRACK = "own-index"
SECRET_OPTIONS = ("url", "proxy", "headers", "secrets")

_PRIVATE_HEADER = re.compile("authorization|cookie|token|key|secret|passw|session", re.IGNORECASE)

Seconds = Annotated[float, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which portal is asked, and how gently."""

    preset: str = ""
    """Name of a preset, or path of a TOML file."""
    url: str = ""
    """Address of the search service, such as `https://www.linlan.gov.example`; `env:NAME` reads it from there."""
    base: str = ""
    """Public address that relative links belong to, where it is another than `url`."""
    values: dict[str, str] = {}
    """The preset's values: site codes, channels …"""
    sites: dict[str, dict[str, str]] = {}
    """Host name of a site → values that restrict the search to it (站内搜索)."""
    secrets: dict[str, str] = {}
    """Values that appear nowhere, such as keys; best `env:NAME`."""
    headers: dict[str, str] = {}
    """Headers of every request; they may name values and secrets and appear nowhere either."""
    proxy: str = ""
    max_results: Positive = 20
    """Results asked for at most, whatever `k` is: each page of them is a request."""
    pinned: Literal["mixed", "dropped"] = "mixed"
    """Whether pinned results (置顶) keep their place among the others."""
    delay_s: Seconds = 1.0
    """Least time from an answer to the next request; a longer Crawl-delay counts instead."""
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    """For all requests of a search, waits left out."""
    retries: Count = 2
    """Further tries after 429 or 503."""
    max_wait_s: Seconds = 60.0
    """What the waits of one search may add up to."""
    max_requests: Positive = 5000
    """Budget of requests while the engine is open."""
    max_bytes: Positive = 10_000_000
    """Largest answer."""
    give_up_after: Positive = 3
    """Searches refused in a row after which the portal is left alone."""
    robots: Literal["obey", "ignore"] = "obey"
    """`ignore` only with the portal's consent."""
    user_agent: str = "tongcha (benchmark of portal search)"


SETUPS = {"": Options()}


def check_options(options: Options) -> None:
    """Raise `OptionsError` with everything that is wrong with the options, the preset's file included."""
    mistakes = [f"option {name!r} is missing" for name in ("preset", "url") if not getattr(options, name)]
    if not options.preset:
        mistakes[0] += f": one of {', '.join(preset_names())}, or the path of a .toml file"
    for name in ("url", "base"):
        address = getattr(options, name)
        if address and not address.startswith("env:") and not _is_address(address):
            mistakes.append(f"option {name!r} is no http or https address")
    for name, text in _revealable(options).items():
        try:
            revealed(text, name)
        except OptionsError as problem:
            mistakes.append(str(problem))
    for name, secret in options.secrets.items():
        if not secret.startswith("env:") and len(secret) < SHORTEST:
            mistakes.append(f"secrets.{name} has fewer than {SHORTEST} characters: put it under 'values'")
    if options.preset:
        try:
            mistakes += _mistakes_in_values(options, load_preset(options.preset))
        except OptionsError as problem:
            mistakes.append(str(problem))
    if mistakes:
        raise OptionsError(f"engine 'http_portal': {'; '.join(mistakes)}")


def longest_wait_s(options: Options) -> float:
    """Return how long one search may wait of its own accord."""
    return options.max_wait_s


def burden(options: Options, k: int, site: str) -> Burden:
    """Return what one search for `k` results asks of the portal."""
    preset = load_preset(options.preset)
    shown = min(k, options.max_results)
    before = sum(step.every == "search" for step in preset.steps)
    pages = min(-(-shown // preset.paging.size), preset.paging.max_pages)
    asked = not site or site in options.sites
    least, most = (before + 1, before + pages) if asked else (0, 0)
    opening = (options.robots == "obey") + sum(step.every == "session" for step in preset.steps)
    return Burden(
        requests=(least, most),
        least_s=least * options.delay_s,
        opening=opening,
        searches=max(0, options.max_requests - opening) // (before + pages),
        shown=options.max_results,
        page=preset.paging.size,
    )


class Engine:
    """A portal's search; nothing is read or asked before the first search."""

    def __init__(self, options: Options, folder: Path, *, clock: Clock | None = None) -> None:
        self._options = options
        self._folder = folder
        self._clock = clock or Clock()
        self._preset = load_preset(options.preset) if options.preset else None
        self._client: Client | None = None
        self._portal: PortalSearch | None = None
        self._pages: dict[str, Page] = {}
        self._values: dict[str, str] = {}
        self._hide = Hidden(())
        self._refused = 0

    def search(self, text: str, k: int, site: str = "") -> list[Hit]:
        """Return at most `k` hits, and never more than `max_results`, as the portal ranks them."""
        if self._client is not None:
            self._client.begin()  # what the search before waited is not this one's
        if k < 1 or not text.strip():
            return []
        return self._hits(self.ask(text, k, site).results, k)

    def ask(self, text: str, k: int, site: str = "") -> Found:
        """Return what the portal shows, with its own count. Raises a `SearchError` that gives no secret away."""
        if site and site not in self._options.sites:
            raise UnsupportedError(f"no values in the option 'sites' restrict the search to {site}")
        if self._refused >= self._options.give_up_after:
            raise BlockedError(f"not asked: refused {self._refused} times in a row before")
        portal = self._opened()
        values = {**self._values, **self._options.sites.get(site, {}), "site": site}
        try:
            found = portal.search(
                text, min(k, self._options.max_results), values, pinned=self._options.pinned == "mixed"
            )
        except BlockedError as problem:
            self._refused += 1
            raise BlockedError(self._hide(str(problem))) from None
        except SearchError as problem:
            raise type(problem)(self._hide(str(problem))) from None
        except Exception as problem:  # its text might hold the address
            raise SearchError(self._hide(f"{type(problem).__name__}: {problem}")) from None
        self._refused = 0
        return found

    def waited_s(self) -> float:
        """Return how long the last search waited of its own accord, in seconds."""
        return self._client.waited_s if self._client else 0.0

    def describe(self) -> dict[str, Any]:
        """Return the set-up as JSON-able values, without the address."""
        options, preset = self._options, self._preset
        return {
            "engine": "http_portal",
            "preset": preset.name if preset else "",
            "preset_hash": hashlib.sha256(msgspec.json.encode(preset)).hexdigest()[:16],
            "about": preset.description if preset else "",
            "tokenizer": "the portal's",
            "ranking": {"name": "the portal's"},
            "pinned": options.pinned,
            "max_results": options.max_results,
            "sites": sorted(options.sites),
            "politeness": {
                "connections": 1,
                "delay_s": options.delay_s,
                "retries": options.retries,
                "max_requests": options.max_requests,
                "robots": options.robots,
            },
            "versions": {"httpx": httpx.__version__, "lxml": lxml.etree.__version__},
        }

    def close(self) -> None:
        """Close the connection."""
        if self._client is not None:
            self._client.close()
        self._client = self._portal = None

    def _opened(self) -> PortalSearch:
        if self._portal is None:
            check_options(self._options)
            if self._preset is None:
                raise OptionsError("engine 'http_portal': option 'preset' is missing")
            options = self._options
            url = revealed(options.url, "url")
            base = revealed(options.base, "base")
            if not _is_address(url):
                raise OptionsError("engine 'http_portal': option 'url' is no http or https address")
            proxy = revealed(options.proxy, "proxy")
            secrets = {name: revealed(value, f"secrets.{name}") for name, value in options.secrets.items()}
            self._values = {**self._preset.values, **options.values, **secrets}
            headers = {name: revealed(value, f"headers.{name}") for name, value in options.headers.items()}
            named = {**self._values, "site": ""}
            filled = {name: _filled(value, named) for name, value in headers.items()}
            private = [value for name, value in filled.items() if _is_private(name, options.headers[name])]
            told = [value for value in (*secrets.values(), *private) if len(value) >= SHORTEST]
            self._hide = Hidden([*address_parts(url, base), *(address_parts(proxy) if proxy else ()), *told])
            self._pages = read_pages(self._folder)
            self._client = Client(self._manners(), self._clock, proxy)
            self._portal = PortalSearch(self._preset, url, self._client, self._clock, base=base, headers=filled)
        return self._portal

    def _manners(self) -> Manners:
        options = self._options
        return Manners(
            user_agent=options.user_agent,
            delay_s=options.delay_s,
            timeout_s=options.timeout_s,
            retries=options.retries,
            max_wait_s=options.max_wait_s,
            max_requests=options.max_requests,
            max_bytes=options.max_bytes,
            obey_robots=options.robots == "obey",
        )

    def _hits(self, results: tuple[Result, ...], k: int) -> list[Hit]:
        hits: dict[str, Hit] = {}
        for result in results:
            try:
                page = self._pages.get(canonical(result.url))
            except InvalidURLError:
                page = None
            doc_id = page.doc_id if page else self._hide(unmapped_id(result.url, result.title))
            hit = Hit(
                doc_id=doc_id,
                url=page.url if page else self._hide(result.url),
                title=self._hide(result.title),
                published=result.date,
                pinned=result.pinned,
            )
            hits.setdefault(doc_id, hit)
        return list(hits.values())[:k]


def _mistakes_in_values(options: Options, preset: Preset) -> list[str]:
    tables = {"values": options.values, **{f"sites.{site!r}": values for site, values in options.sites.items()}}
    known = set(preset.values)
    mistakes = []
    for where, values in tables.items():
        for name in values:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                meant = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
                mistakes.append(f"{where}: preset {preset.name!r} has no value {name!r} ({meant})")
    given = {*options.values, *options.secrets}
    for name, value in preset.values.items():
        if not value and name not in given and not all(name in site for site in options.sites.values() or [{}]):
            mistakes.append(f"values: preset {preset.name!r} needs {name!r}")
    unknown = [name for name in names_in(options.headers) if name not in {*known, *given}]
    return mistakes + [f"headers: nothing is called {{{name}}}" for name in unknown]


def _revealable(options: Options) -> dict[str, str]:
    """Return the options that may name an environment variable, by their dotted names."""
    return {
        **{name: getattr(options, name) for name in ("url", "base", "proxy")},
        **{f"secrets.{name}": value for name, value in options.secrets.items()},
        **{f"headers.{name}": value for name, value in options.headers.items()},
    }


def _filled(template: str, values: Mapping[str, str]) -> str:
    return str(fill(template, values))


def _is_private(name: str, given: str) -> bool:
    """Tell whether a header's value must stay out of texts; a Referer there would black out ordinary links."""
    return given.startswith("env:") or _PRIVATE_HEADER.search(name) is not None


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        canonical(text)
        return not parts.query and not parts.fragment
    except (ValueError, InvalidURLError):
        return False
