"""What a report on coverage says, page by page and sentence by sentence, before it is drawn."""

from collections.abc import Mapping

import msgspec

from bench.coverage import NOT_ASKED, Coverage, Probed, Share
from bench.coverage_report.words import CoverageWords
from bench.coverage_sample import KINDS, Kind, Probe


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """A page that no search found, and what became of each."""

    page: Probe
    """One of its probes, for what it says of the page."""
    results: dict[Kind, Probed]


def kinds(coverage: Coverage) -> list[str]:
    """Return the kinds of probes with shares, `any` first where there is more than one."""
    found: list[str] = [kind for kind in KINDS if any(share.probe == kind for share in coverage.shares)]
    return found if len(found) == 1 else ["any", *found]


def share_cells(coverage: Coverage) -> Mapping[tuple[str, str, str], Share]:
    """Return the shares by facet, value and kind of probe."""
    return {(share.facet, share.value, share.probe): share for share in coverage.shares}


def missing(coverage: Coverage) -> list[Missing]:
    """Return the pages that were searched for and not found in any way, in the order of the sample."""
    pages: dict[str, dict[Kind, Probed]] = {}
    for one in coverage.probed:
        pages.setdefault(one.probe.doc_id, {})[one.probe.kind] = one
    return [
        Missing(page=next(iter(tries.values())).probe, results=tries)
        for tries in pages.values()
        if not any(one.found for one in tries.values()) and any(one.found is False for one in tries.values())
    ]


def result(one: Probed, first: int, words: CoverageWords) -> str:
    """Return what became of a search, in a few words."""
    if one.rank is not None:
        return words("at_copy" if one.found_as else "at", rank=one.rank)
    return words("not_among", first=first) if one.outcome == "answered" else words(f"outcome_{one.outcome}")


def lead(coverage: Coverage, words: CoverageWords) -> str:
    """Return what was done, in a sentence."""
    return words(
        "lead",
        corpus=coverage.site or coverage.corpus,
        pages=coverage.pages,
        drawn=coverage.drawn,
        engine=coverage.engine,
        searches=len(coverage.probed),
        scope=words(f"scope_{coverage.scope}"),
        first=coverage.first,
    )


def warnings(coverage: Coverage, words: CoverageWords) -> list[str]:
    """Return what a reader must see before the numbers."""
    left_out = sum(count for outcome, count in coverage.outcomes.items() if outcome in NOT_ASKED)
    silent = coverage.drawn - len({one.probe.doc_id for one in coverage.probed})
    notes = [words(f"warn_{name}", n=n) for name, n in (("left_out", left_out), ("partial", coverage.partial)) if n]
    if coverage.unmapped:
        notes.append(words("warn_unmapped", shown=coverage.shown, unmapped=coverage.unmapped))
    return [*notes, words("warn_silent", n=silent)] if silent else notes


def method(coverage: Coverage, words: CoverageWords) -> list[str]:
    """Return how the numbers came about."""
    notes = [words("method_inspection", first=coverage.first)] if coverage.preset == "inspection" else []
    notes += [words("method_sample", seed=coverage.seed, as_of=coverage.as_of or "–"), words("method_copies")]
    return [*notes, words("method_live", engine=coverage.engine)] if coverage.track == "own-index" else notes
