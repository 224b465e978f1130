"""Audit of coverage: which of a portal's own pages its search finds at all.

The test that the inspection of government websites makes by hand (国办秘函〔2019〕19号): take pages that the site has
published, search for them, and count those that the first page of results does not show.
"""

import difflib
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bench.build import build_or_reuse
from bench.coverage_sample import AGES, KINDS, Kind, Probe, sample
from bench.errors import CoverageError
from bench.experiment import EngineSpec, Replay
from bench.replay import Recorder, replay_engine
from bench.response import Outcome, Response
from bench.run import Watcher
from bench.statistics import wilson
from corpora.audit.columns import newest_date
from corpora.duplicates import COPIES_FILE, group_of, read_copies
from corpora.store import Corpus
from queries.model import Query

Facet = Literal["all", "column", "age", "format"]
FACETS: tuple[Facet, ...] = ("all", "column", "age", "format")

NOT_ASKED: frozenset[Outcome] = frozenset({"blocked", "unsupported"})
"""Outcomes that say nothing about coverage: such probes are counted and left out of the shares."""


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a probe."""

    probe: Probe
    outcome: Outcome
    rank: int | None
    """Where the page, or a copy of it, is in the answer; None where it is not among the first."""
    found_as: str = ""
    """Id of the copy that was found in place of the page."""
    detail: str = ""

    @property
    def found(self) -> bool | None:
        """Whether the page was found; None where the search could not be asked."""
        return None if self.outcome in NOT_ASKED else self.rank is not None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The findable share of some pages with its 95 % Wilson interval; None where none could be asked for."""

    facet: Facet
    value: str
    probe: str
    """Kind of probe; `any` counts a page once, found when one of its probes found it."""
    n: int
    found: int
    share: float | None
    low: float | None
    high: float | None
    left_out: int
    """Blocked or unsupported, and not in `n`."""


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """An audit of coverage, as `coverage.json` holds it."""

    corpus: str
    corpus_hash: str
    engine: str
    describe: dict[str, object]
    preset: str
    first: int
    """A page counts as found among this many results."""
    scope: str
    """`site` where each page was searched for on its own site, else `all`."""
    seed: int
    as_of: str
    pages: int
    drawn: int
    outcomes: dict[str, int]
    shares: tuple[Share, ...]
    probed: tuple[Probed, ...]


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """How an audit asks."""

    preset: str = "full"
    kinds: tuple[Kind, ...] = KINDS
    first: int = 10
    size: int = 300
    seed: int = 2026
    as_of: str = ""
    """Day from which ages count; the newest date of the corpus when empty."""
    site: str = ""
    """Host name of the one site whose pages are drawn; all sites when empty."""
    own_site: bool = True
    """Whether each page is searched for on its own site (站内搜索) and not among all (一网通查)."""
    timeout_s: float = 10.0


def audit(corpus: Corpus, folder: str, spec: EngineSpec, asking: Asking, watcher: Watcher) -> Coverage:
    """Draw pages of a corpus, search for them with an engine that indexed it, and return what was found.

    `folder` is what the corpus was opened by. Raises what opening, building and replaying raise, and `CoverageError`
    when there is nothing to ask.
    """
    facts = corpus.scan(watcher.phase(f"reading {corpus.card.name}", None))
    if asking.site and asking.site not in facts.sites.values():
        known = sorted(set(facts.sites.values()) - {""})
        near = difflib.get_close_matches(asking.site, known, n=1)
        meant = f": did you mean {near[0]!r}?" if near else f" (known: {', '.join(known[:8])})"
        raise CoverageError(f"no page of {corpus.card.name} is of the site {asking.site!r}{meant}")
    groups = group_of(read_copies(corpus.folder), str(corpus.folder / COPIES_FILE))
    as_of = asking.as_of or newest_date(corpus)
    drawn = sample(
        corpus,
        asking.size,
        asking.seed,
        as_of,
        asking.kinds,
        asking.site,
        watcher.phase("drawing pages", facts.documents),
    )
    if not drawn.probes:
        wanted = ", ".join(asking.kinds)
        raise CoverageError(
            f"none of the {drawn.drawn} pages drawn from {corpus.card.name} has a {wanted} to search for"
        )
    progress = watcher.phase(f"{spec.id} · index", facts.documents)
    index, _ = build_or_reuse(spec, folder, facts.content_hash, progress)
    settings = Replay(k=asking.first, timeout_s=asking.timeout_s)
    progress = watcher.phase(f"{spec.id} · search", len(drawn.probes))
    responses, describe = ask(spec, index, drawn.probes, facts.sites, settings, asking.own_site, progress)
    probed = judge(drawn.probes, responses, groups, asking.first)
    return Coverage(
        corpus=corpus.card.name,
        corpus_hash=facts.content_hash,
        engine=spec.id,
        describe=describe,
        preset=asking.preset,
        first=asking.first,
        scope="site" if asking.own_site else "all",
        seed=asking.seed,
        as_of=as_of,
        pages=drawn.pages,
        drawn=drawn.drawn,
        outcomes=outcomes(probed),
        shares=shares(probed),
        probed=probed,
    )


def ask(
    spec: EngineSpec,
    index: Path,
    probes: Sequence[Probe],
    sites: Mapping[str, str],
    settings: Replay,
    own_site: bool,
    on_probe: Callable[[int], None] = lambda _: None,
) -> tuple[dict[str, Response], dict[str, object]]:
    """Return the response to each probe by its id, and how the engine describes itself.

    The engine answers in a process of its own, as in a run; `sites` is the site of every document. Raises `ReplayError`
    as a run does.
    """
    queries = [Query(id=probe.id, text=probe.text, scope=(probe.site if own_site else "") or "all") for probe in probes]
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        on_probe(done)

    with tempfile.TemporaryFile() as stream:
        recorder = Recorder(spec.id, stream, sites, queries, settings.k)
        facts = replay_engine(spec, index, queries, queries, settings, recorder, count)
        stream.seek(0)
        responses = [msgspec.json.decode(line, type=Response) for line in stream]
    return {response.query_id: response for response in responses}, facts.describe


def judge(
    probes: Iterable[Probe], responses: Mapping[str, Response], groups: Mapping[str, str], first: int
) -> tuple[Probed, ...]:
    """Return what became of each probe; `groups` names the group of copies of the documents that have one.

    A page is found when itself or a copy is among the `first` results; its own place counts where both are.
    """
    judged = []
    for probe in probes:
        response = responses[probe.id]
        shown = [hit.doc_id for hit in response.hits[:first]]
        group = groups.get(probe.doc_id)
        copies = [doc_id for doc_id in shown if group is not None and groups.get(doc_id) == group]
        found = probe.doc_id if probe.doc_id in shown else copies[0] if copies else ""
        judged.append(
            Probed(
                probe=probe,
                outcome=response.outcome,
                rank=shown.index(found) + 1 if found else None,
                found_as=found if found != probe.doc_id else "",
                detail=response.detail,
            )
        )
    return tuple(judged)


def shares(probed: Sequence[Probed]) -> tuple[Share, ...]:
    """Return the findable shares over all pages and by column, age and format, for any probe and each kind of it."""
    kinds = [kind for kind in KINDS if any(one.probe.kind == kind for one in probed)]
    result = []
    for facet in FACETS:
        for value in _values(facet, probed):
            within = [one for one in probed if _value(facet, one) == value]
            result.append(_share(facet, value, "any", _by_page(within)))
            result += [
                _share(facet, value, kind, [one.found for one in within if one.probe.kind == kind]) for kind in kinds
            ]
    return tuple(result)


def outcomes(probed: Iterable[Probed]) -> dict[str, int]:
    """Count the probes by outcome, in the order of the names."""
    counts: dict[str, int] = {}
    for one in probed:
        counts[one.outcome] = counts.get(one.outcome, 0) + 1
    return dict(sorted(counts.items()))


def _by_page(probed: Iterable[Probed]) -> list[bool | None]:
    pages: dict[str, bool | None] = {}
    for one in probed:
        before = pages.get(one.probe.doc_id)
        pages[one.probe.doc_id] = one.found if before is None else before or bool(one.found)
    return list(pages.values())


def _share(facet: Facet, value: str, probe: Kind | Literal["any"], found: Sequence[bool | None]) -> Share:
    asked = [bool(one) for one in found if one is not None]
    low, high = wilson(sum(asked), len(asked)) if asked else (None, None)
    return Share(
        facet=facet,
        value=value,
        probe=probe,
        n=len(asked),
        found=sum(asked),
        share=sum(asked) / len(asked) if asked else None,
        low=low,
        high=high,
        left_out=len(found) - len(asked),
    )


def _value(facet: Facet, one: Probed) -> str:
    return "all pages" if facet == "all" else str(getattr(one.probe.stratum, facet))


def _values(facet: Facet, probed: Iterable[Probed]) -> list[str]:
    """Return the values of a facet: ages in their order, the others from the one with most pages on."""
    pages: dict[str, set[str]] = {}
    for one in probed:
        pages.setdefault(_value(facet, one), set()).add(one.probe.doc_id)
    if facet == "age":
        return [age for age in AGES if age in pages]
    return sorted(pages, key=lambda value: (-len(pages[value]), value))
