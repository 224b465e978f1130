"""Audit of coverage: which of a portal's own pages its search finds at all.

The test that the inspection of government websites makes by hand (国办秘函〔2019〕19号): take pages that the site has
published, search for them, and count those that the first page of results does not show.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from bench.coverage_asking import Asking, ask, first_results
from bench.coverage_sample import AGES, KINDS, Kind, Probe, sample
from bench.errors import CoverageError
from bench.experiment import EngineSpec
from bench.response import Outcome, Response
from bench.run import Watcher
from bench.statistics import wilson
from corpora.audit.columns import newest_date
from corpora.duplicates import COPIES_FILE, group_of, read_copies
from corpora.store import Corpus
from indexers import registry
from indexers.api import Hit

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
    same_title: int | None = None
    """Rank of another page that a portal shows under exactly the title searched for, where the page is not found."""
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
    track: str
    describe: dict[str, object]
    preset: str
    first: int
    """A page counts as found among this many results."""
    scope: str
    """`site` where each page was searched for on its own site, else `all`."""
    seed: int
    as_of: str
    site: str
    """The one site whose pages were drawn; all sites when empty."""
    pages: int
    drawn: int
    outcomes: dict[str, int]
    partial: int
    """Answers that lack a part, such as the results of a site that was down."""
    shown: int
    """Results, over all answers."""
    unmapped: int
    """Those whose URL names no document of the corpus: a live portal shows such."""
    shares: tuple[Share, ...]
    probed: tuple[Probed, ...]


def audit(
    corpus: Corpus,
    folder: str,
    spec: EngineSpec,
    asking: Asking,
    out: Path,
    watcher: Watcher,
    *,
    retry_blocked: bool = False,
) -> Coverage:
    """Draw pages of a corpus, search for them with an engine or on a live portal, and return what was found.

    `folder` is what the corpus was opened by. Answers are kept under `out` as they come: the same audit goes on with
    them. Raises what opening, building and replaying raise, and `CoverageError` when there is nothing to ask or `out`
    holds another audit.
    """
    setup = registry.resolve(spec.use or spec.id, spec.options)  # a mistake is told before a large corpus is read
    asking = msgspec.structs.replace(asking, first=first_results(asking, setup))
    facts = corpus.scan(watcher.phase(f"reading {corpus.card.name}", None))
    if asking.site and asking.site not in facts.sites.values():
        known = sorted(set(facts.sites.values()) - {""})
        near = difflib.get_close_matches(asking.site, known, n=1)
        meant = f": did you mean {near[0]!r}?" if near else f" (known: {', '.join(known[:8])})"
        raise CoverageError(f"no page of {corpus.card.name} is of the site {asking.site!r}{meant}")
    groups = group_of(read_copies(corpus.folder), str(corpus.folder / COPIES_FILE))
    asking = msgspec.structs.replace(asking, as_of=asking.as_of or newest_date(corpus))
    drawn = sample(
        corpus,
        asking.size,
        asking.seed,
        asking.as_of,
        asking.kinds,
        asking.site,
        watcher.phase("drawing pages", facts.documents),
    )
    if not drawn.probes:
        wanted = ", ".join(asking.kinds)
        raise CoverageError(
            f"none of the {drawn.drawn} pages drawn from {corpus.card.name} has a {wanted} to search for"
        )
    asked = ask(corpus, facts, folder, spec, drawn.probes, asking, out, watcher, retry_blocked=retry_blocked)
    probed = judge(drawn.probes, asked.responses, groups, asking.first)
    shown = [hit.doc_id for probe in drawn.probes for hit in asked.responses[probe.id].hits]
    return Coverage(
        corpus=corpus.card.name,
        corpus_hash=facts.content_hash,
        engine=spec.id,
        track=registry.track(setup),
        describe=asked.describe,
        preset=asking.preset,
        first=asking.first,
        scope="site" if asking.own_site else "all",
        seed=asking.seed,
        as_of=asking.as_of,
        site=asking.site,
        pages=drawn.pages,
        drawn=drawn.drawn,
        outcomes=outcomes(probed),
        partial=sum(asked.responses[probe.id].partial for probe in drawn.probes),
        shown=len(shown),
        unmapped=sum(doc_id not in facts.sites for doc_id in shown),
        shares=shares(probed),
        probed=probed,
    )


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
                same_title=None if found else _same_title(probe, response.hits[:first]),
                detail=response.detail,
            )
        )
    return tuple(judged)


def _same_title(probe: Probe, hits: Sequence[Hit]) -> int | None:
    wanted = "".join(probe.text.split())
    if probe.kind != "title":
        return None
    return next((rank for rank, hit in enumerate(hits, 1) if "".join(hit.title.split()) == wanted), None)


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
