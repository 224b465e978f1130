"""The audit on screen: how many findings of each class, by site."""

from bench.audit_report.html import sites_by_findings
from bench.audit_report.words import AuditWords
from bench.report.tables import Table
from corpora.audit.findings import KINDS
from corpora.audit.run import Audit


def summary_table(audit: Audit, words: AuditWords) -> Table:
    """Return sites by classes, with a row of totals; a dash stands for what could not be looked at."""

    def cell(kind: str, count: int) -> str:
        return "–" if kind == "dead" and not audit.crawled else str(count)

    rows = [
        [site or "–", *(cell(kind, audit.counts[kind].get(site, 0)) for kind in KINDS)]
        for site in sites_by_findings(audit)
    ]
    rows.append([words("total"), *(cell(kind, sum(audit.counts[kind].values())) for kind in KINDS)])
    return Table(header=[words("site"), *(words.kind(kind) for kind in KINDS)], rows=rows)
