"""The audit as a workbook: a sheet for each class, to filter and to hand to those who mend the pages."""

import io
from collections.abc import Iterator, Sequence

import xlsxwriter

from bench.audit_report.html import sites_by_findings
from bench.audit_report.words import AuditWords
from corpora.audit.findings import KINDS, Finding, Kind, Shown
from corpora.audit.run import Audit

MOST = 200_000
"""Rows of a sheet; Excel itself stops at 1,048,576."""
_LONGEST = 32_000
"""Characters that a cell holds; Excel refuses more than 32,767."""
_WIDTHS = (10, 60)
_BROKEN = str.maketrans("", "", "".join(chr(code) for code in range(32) if code not in (9, 10, 13)))
"""Control characters, which make a workbook unreadable."""

Cell = str | int


def render(audit: Audit, words: AuditWords) -> bytes:
    """Return the audit as an XLSX workbook; titles stay text, whatever sign they begin with."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for name, header, rows in _sheets(audit, words):
            sheet = workbook.add_worksheet(name)
            sheet.freeze_panes(1, 1)
            kept = rows[:MOST]
            if len(rows) > MOST:
                kept.append([words("cut", shown=MOST, left=len(rows) - MOST)])
            for column, title in enumerate(header):
                sheet.write_string(0, column, title, bold)
                longest = max((len(str(row[column])) for row in kept[:1000] if column < len(row)), default=0)
                sheet.set_column(column, column, min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1]))
            for place, row in enumerate(kept, 1):
                for column, cell in enumerate(row):
                    if isinstance(cell, int):
                        sheet.write_number(place, column, cell)
                    else:
                        sheet.write_string(place, column, cell.translate(_BROKEN)[:_LONGEST])
            if kept:
                sheet.autofilter(0, 0, len(kept), len(header) - 1)
    return content.getvalue()


def _sheets(audit: Audit, words: AuditWords) -> Iterator[tuple[str, list[str], list[Sequence[Cell]]]]:
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
