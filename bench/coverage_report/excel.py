"""The audit of coverage as a workbook: the shares, the pages not found, and every search."""

from collections.abc import Iterator

from bench.coverage import Coverage
from bench.coverage_report import facts
from bench.coverage_report.words import CoverageWords
from bench.coverage_sample import KINDS, Kind, Probe
from bench.workbook import Cell, Sheet, workbook

_WIDEST = 60
"""Characters of the widest column."""


def render(coverage: Coverage, words: CoverageWords) -> bytes:
    """Return the audit as an XLSX workbook; titles stay text, whatever sign they begin with."""
    return workbook(_sheets(coverage, words), widest=_WIDEST, cut=lambda s, left: words("cut", shown=s, left=left))


def _sheets(coverage: Coverage, words: CoverageWords) -> Iterator[Sheet]:
    """Yield name, header and rows of each sheet."""
    numbers = [words("n"), words("found"), words("share"), "2.5%", "97.5%", words("left_out")]
    yield (
        words("shares"),
        [words("facet"), words("value"), words("way"), *numbers],
        [
            [
                words(share.facet),
                words.value(share.facet, share.value),
                words.probe(share.probe),
                share.n,
                share.found,
                share.share,
                share.low,
                share.high,
                share.left_out,
            ]
            for share in coverage.shares
            if share.probe in facts.kinds(coverage)
        ],
    )
    page = [words(name) for name in ("site", "column", "age", "format", "page", "url")]
    tried = [kind for kind in KINDS if any(one.probe.kind == kind for one in coverage.probed)]
    yield (
        words("missing"),
        [*page, *(words.probe(kind) for kind in tried), words("same_title")],
        [_missing_row(one, tried, coverage.first, words) for one in facts.missing(coverage)],
    )
    yield (
        words("searches"),
        [*page, *(words(name) for name in ("way", "text", "result", "rank", "found_as", "same_title", "detail"))],
        [
            [
                *_page(one.probe, words),
                words.probe(one.probe.kind),
                one.probe.text,
                facts.result(one, coverage.first, words),
                one.rank,
                one.found_as,
                one.same_title,
                one.detail,
            ]
            for one in coverage.probed
        ],
    )
    told = [facts.lead(coverage, words), *facts.warnings(coverage, words), *facts.method(coverage, words)]
    yield words("method"), [words("written")], [[text] for text in told]


def _missing_row(one: facts.Missing, tried: list[Kind], first: int, words: CoverageWords) -> list[Cell]:
    results = {kind: facts.result(probed, first, words) for kind, probed in one.results.items()}
    same = next((probed.same_title for probed in one.results.values() if probed.same_title), None)
    return [*_page(one.page, words), *(results.get(kind) for kind in tried), same]


def _page(probe: Probe, words: CoverageWords) -> list[Cell]:
    stratum = probe.stratum
    column = words.value("column", stratum.column)
    return [probe.site, column, words.value("age", stratum.age), stratum.format, probe.title, probe.url or probe.doc_id]
