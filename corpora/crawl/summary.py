"""What a finished crawl leaves for reading: the index of its pages, what was refused, and the summary."""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from corpora.crawl.limits import LOOP, PAGES
from corpora.crawl.state import FILE, Page, State
from corpora.errors import CrawlError, InvalidURLError
from corpora.files import write_jsonl, write_whole
from corpora.urls import canonical

INDEX = "pages.jsonl"
REFUSED = "refused.jsonl"
SUMMARY = "crawl.json"
_EXAMPLES = 5


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An address that was not had."""

    why: str
    url: str
    source: str = ""
    """The page that links there."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """How many addresses were not had for one reason."""

    count: int
    examples: tuple[str, ...] = ()


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a crawl found."""

    schema_version: int = 1
    start: tuple[str, ...]
    turn: int
    """1 for the first crawl into this folder, 2 for the first one after it …"""
    statuses: dict[str, int]
    """HTTP status → addresses that answer with it."""
    changes: dict[str, int]
    """Since the crawl before: new, changed, unchanged, gone, and `not asked` for pages that it did not come to."""
    gone: tuple[str, ...]
    refused: dict[str, Reason]


def canonical_or_same(url: str, redirects: Mapping[str, str] | None = None) -> str:
    """Return the canonical form, or the address itself where it has none."""
    try:
        return canonical(url, redirects or {})
    except InvalidURLError:
        return url


def write_summary(folder: Path) -> Summary:
    """Write index, refused addresses and summary of the finished crawl in a folder; return the summary.

    Raises `CrawlError` when there is no crawl, or another process crawls into the folder.
    """
    if not (folder / FILE).is_file():
        raise CrawlError(f"{folder} holds no crawl: crawl into it first")
    state = State(folder)
    state.open()
    try:
        targets = {page.url: page.target for _, _, page in state.pages() if page.target}
        write_jsonl(folder / INDEX, _index(state, targets))
        loops = [Refused(why=LOOP, url=url) for url in _loops(targets)]
        refused = [Refused(why=why, url=url, source=source) for why, url, source in state.refused()]
        write_jsonl(folder / REFUSED, loops + refused)
        summary = _summary(state, loops + refused)
    finally:
        state.close()
    with write_whole(folder / SUMMARY) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n")
    return summary


def mark_built(folder: Path) -> None:
    """Put on record that the corpus of the finished crawl is made, so that the next crawl begins anew."""
    if (folder / FILE).is_file():  # a folder that came from another machine may be without its state
        state = State(folder)
        state.open()
        try:
            if state.get("finished", default=False):
                state.set("built", state.get("turn", 0))
        finally:
            state.close()


def _index(state: State, targets: Mapping[str, str]) -> Iterator[Page]:
    sources: dict[str, list[str]] = {}
    for url in targets:
        end, seen = url, {url}
        while (further := targets.get(end)) is not None and further not in seen:
            seen.add(further)
            end = further
        sources.setdefault(end, []).append(url)
    for _, _, page in state.pages():
        form = canonical_or_same(page.url, targets if page.target else None)
        yield msgspec.structs.replace(
            page, canonical=form, redirected_from=tuple(sorted(sources.get(page.url, ()))) if not page.target else ()
        )


def _loops(targets: Mapping[str, str]) -> list[str]:
    """Return the smallest address of every circle of redirects."""
    found = set()
    for url in targets:
        path = [url]
        while (further := targets.get(path[-1])) is not None and further not in path:
            path.append(further)
        if further is not None:
            found.add(min(path[path.index(further) :]))
    return sorted(found)


def _summary(state: State, refused: list[Refused]) -> Summary:
    turn = state.get("turn", 0)
    statuses: Counter[str] = Counter()
    changes: Counter[str] = Counter()
    gone = []
    for _, last, page in state.pages():
        if last != turn:
            changes["not asked"] += 1
            continue
        statuses[str(page.status)] += 1
        if page.status == 200 or page.change == "gone":
            changes[page.change] += 1
        if page.change == "gone":
            gone.append(page.url)
    by_reason: dict[str, list[str]] = {}
    for one in refused:
        by_reason.setdefault(one.why, []).append(one.url)
    reasons = {
        why: Reason(count=len(urls), examples=tuple(urls[:_EXAMPLES])) for why, urls in sorted(by_reason.items())
    }
    if left := state.get("left", 0):
        reasons[PAGES] = Reason(count=left)
    return Summary(
        start=tuple(state.get("start", ())),
        turn=turn,
        statuses=dict(sorted(statuses.items())),
        changes=dict(sorted(changes.items())),
        gone=tuple(sorted(gone)),
        refused=reasons,
    )
