"""The audit of coverage as a page: shares with their intervals, and the pages that the search does not find."""

from collections.abc import Iterator

import msgspec

from bench.coverage import FACETS, Coverage, Share
from bench.coverage_report import facts
from bench.coverage_report.words import CoverageWords
from bench.html_page import html_page

MOST = 300
"""Pages not found that are listed."""
_VALUES = 30
"""Values of a facet that are shown."""


def render(coverage: Coverage, words: CoverageWords) -> str:
    """Return the audit as an HTML page without scripts, links or anything to load."""
    return html_page(
        "bench.coverage_report",
        "coverage.html",
        c=coverage,
        t=words,
        facts=facts,
        kinds=facts.kinds(coverage),
        cells=facts.share_cells(coverage),
        facets=list(_facets(coverage)),
        missing=facts.missing(coverage),
        most=MOST,
        told=_told,
        describe=msgspec.json.format(msgspec.json.encode(coverage.describe), indent=2).decode(),
    )


def _facets(coverage: Coverage) -> Iterator[tuple[str, list[str], int]]:
    """Yield each facet with the values that are shown and how many there are; all pages are none."""
    for facet in FACETS[1:]:
        values = list(dict.fromkeys(share.value for share in coverage.shares if share.facet == facet))
        if len(values) > 1:
            yield facet, values[:_VALUES], len(values)


def _told(share: Share) -> str:
    if share.share is None or share.low is None or share.high is None:
        return "–"
    return f"{share.share * 100:.1f}% [{share.low * 100:.0f}–{share.high * 100:.0f}], {share.n}"
