"""The audit as a workbook: a sheet for each class, to filter and to hand to those who mend the pages."""

from collections.abc import Iterator

from bench.audit_report.html import sites_by_findings
from bench.audit_report.words import AuditWords
from bench.workbook import Cell, Sheet, workbook
from corpora.audit.findings import KINDS, Finding, Kind, Shown
from corpora.audit.run import Audit

_WIDEST = 60
"""Characters of the widest column."""


def render(audit: Audit, words: AuditWords) -> bytes:
    """Return the audit as an XLSX workbook; titles stay text, whatever sign they begin with."""
    return workbook(_sheets(audit, words), widest=_WIDEST, cut=lambda shown, left: words("cut", shown=shown, left=left))


def _sheets(audit: Audit, words: AuditWords) -> Iterator[Sheet]:
    """Yield name, header and rows of each sheet: the counts, then a sheet for each class."""
    sites = sites_by_findings(audit)
    yield (
        words("counts"),
        [words("site"), *(words.kind(kind) for kind in KINDS)],
        [[site, *(audit.counts[kind].get(site, 0) for kind in KINDS)] for site in sites],
    )
    for kind in KINDS:
        findings = [one for one in audit.findings if one.kind == kind]
        yield words.kind(kind)[:31], _header(kind, words), [row for one in findings for row in _rows(one, words)]


def _header(kind: Kind, words: AuditWords) -> list[str]:
    page = [words("site"), words("date"), words("page"), words("address")]
    match kind:
        case "facts" | "dates":
            told = [words("value"), words("said"), *page]
            both = [f"{words(side)}：{title}" for side in ("first", "second") for title in told]
            return [words("code"), words("subject"), words("region"), *both]
        case "stale":
            return [words("code"), words("subject"), words("days_old", days="N"), *page]
        case "dead":
            return [words("code"), words("address"), words("linked")]
        case _:
            return [words("code"), words("subject"), words("detail"), words("value"), words("said"), *page]


def _rows(finding: Finding, words: AuditWords) -> Iterator[list[Cell]]:
    """Yield a row for a pair or an address, and a row a page for the rest."""
    code = words.code(finding.code)
    match finding.kind:
        case "facts" | "dates":
            both = [cell for page in finding.pages[:2] for cell in (page.value, page.said, *_page(page))]
            yield [code, finding.subject, finding.region, *both]
        case "stale":
            yield [code, finding.subject, int(finding.detail), *_page(finding.pages[0])]
        case "dead":
            yield [code, finding.subject, "\n".join(page.url for page in finding.pages)]
        case _:
            for page in finding.pages:
                yield [code, finding.subject, finding.detail, page.value, page.said, *_page(page)]


def _page(page: Shown) -> list[str]:
    return [page.site, page.published, page.title, page.url or page.doc_id]
