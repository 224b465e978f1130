"""Find dead links in what a crawl left: pages.jsonl and, where there is one, refused.jsonl. Nothing is fetched."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from corpora.audit.findings import Finding, Shown
from corpora.errors import CorpusFormatError
from corpora.files import existing, read_jsonl

INDEX = "pages.jsonl"
REFUSED = "refused.jsonl"
_LOOP = "redirect loop"
_DEAD = frozenset((404, 410))
_BROKEN = 500


class Visited(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a crawl asked for."""

    url: str
    status: int = 0
    target: str = ""
    """Where it redirects to."""
    redirected_from: tuple[str, ...] = ()
    found_on: tuple[str, ...] | str = ()
    """The pages that link there."""


class _Refused(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    why: str = ""
    source: str = ""


def read_visited(folder: Path) -> tuple[Visited, ...]:
    """Return what a crawl asked for, none where the folder holds no crawl. Raises `CorpusFormatError`."""
    index, refused = existing(folder / INDEX), existing(folder / REFUSED)
    visited = [one for _, one in read_jsonl(index, Visited, CorpusFormatError)] if index else []
    if refused:
        for _, one in read_jsonl(refused, _Refused, CorpusFormatError):
            if one.why == _LOOP:  # a loop answers nothing, so its target is itself
                visited.append(Visited(url=one.url, target=one.url, found_on=one.source))
    return tuple(visited)


def dead_links(visited: Iterable[Visited]) -> Iterator[Finding]:
    """Yield addresses that answer 404, 410 or 5xx, and circles of redirects, with the pages that link there."""
    known = list(visited)
    targets = {one.url: one.target for one in known if one.target}
    linked: dict[str, dict[str, None]] = {}
    for one in known:
        sources = (one.found_on,) if isinstance(one.found_on, str) else one.found_on
        linked.setdefault(one.url, {}).update(dict.fromkeys(source for source in sources if source))
    told: set[frozenset[str]] = set()
    for one in known:
        if one.status in _DEAD or one.status >= _BROKEN:
            before = {url: None for old in one.redirected_from for url in linked.get(old, {old: None})}
            yield _finding(f"http-{one.status}", one.url, {**linked[one.url], **before})
        elif one.target and (circle := _circle(one.url, targets)) and circle not in told:
            told.add(circle)
            yield _finding(
                "redirect-loop", min(circle), {page: None for url in sorted(circle) for page in linked.get(url, ())}
            )


def _circle(url: str, targets: dict[str, str]) -> frozenset[str]:
    """Return the circle of redirects that an address is part of; empty where it only leads into one, or to a page."""
    way = [url]
    while (further := targets.get(way[-1])) is not None:
        if further == url:
            return frozenset(way)
        if further in way:
            break
        way.append(further)
    return frozenset()


def _finding(code: str, url: str, sources: Iterable[str]) -> Finding:
    pages = tuple(Shown(url=source, site=urlsplit(source).netloc) for source in sources)
    return Finding(kind="dead", code=code, site=urlsplit(url).netloc, subject=url, pages=pages)
