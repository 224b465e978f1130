"""The audit as a page: findings grouped by class, with the sentences of both pages side by side."""

from collections.abc import Sequence
from itertools import groupby

from bench.audit_report.words import AuditWords
from bench.html_page import html_page
from corpora.audit.findings import KINDS, Finding, Kind
from corpora.audit.run import Audit

MOST = 300
"""Findings of one class that a page shows; a page of a hundred thousand would not open."""
SITES_MOST = 30
_SHOWN_PAGES = 8
"""Pages of one finding that are listed."""


def render(audit: Audit, words: AuditWords) -> str:
    """Return the audit as an HTML page without scripts, links or anything to load."""
    return html_page(
        "bench.audit_report",
        "audit.html",
        a=audit,
        t=words,
        kinds=KINDS,
        sites=sites_by_findings(audit)[:SITES_MOST],
        groups={kind: _groups(audit, kind) for kind in KINDS},
        most=MOST,
        most_pages=_SHOWN_PAGES,
    )


def sites_by_findings(audit: Audit) -> list[str]:
    """Return the sites, those with most findings first."""
    return sorted(audit.sites, key=lambda site: (-sum(row.get(site, 0) for row in audit.counts.values()), site))


def _groups(audit: Audit, kind: Kind) -> list[tuple[str, Sequence[Finding]]]:
    """Return the findings of a class, those on one matter together, the first `MOST` of them."""

    def matter(finding: Finding) -> tuple[str, str]:
        return (finding.region, finding.subject) if kind == "facts" else (finding.site, "")

    chosen = sorted((one for one in audit.findings if one.kind == kind), key=matter)[:MOST]
    return [(" · ".join(filter(None, name)), list(members)) for name, members in groupby(chosen, matter)]
