"""The audit: every class of findings over one corpus."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec

from corpora.audit.columns import NEWS_DAYS, POLICY_DAYS, newest_date, stale_columns
from corpora.audit.contradictions import contradictions
from corpora.audit.copies import CopyFinder
from corpora.audit.dead import Visited, dead_links, read_visited
from corpora.audit.encoding import encoding_finding
from corpora.audit.findings import KINDS, Finding
from corpora.audit.meta import meta_findings
from corpora.duplicates import Copies
from corpora.model import Document
from corpora.problems import Problem, read_problems


class Notes(msgspec.Struct, frozen=True, kw_only=True):
    """What lies beside a corpus: what extraction noted, and what a crawl asked for."""

    problems: tuple[Problem, ...] = ()
    visited: tuple[Visited, ...] = ()


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """All findings, in the order of the classes."""

    schema_version: int = 1
    name: str = ""
    version: str = ""
    documents: int
    as_of: str
    """The day on which columns were looked at."""
    news_days: int
    policy_days: int
    crawled: bool
    """Whether the index of a crawl was there, so that dead links could be told."""
    sites: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    """Class → site → number of findings."""
    findings: tuple[Finding, ...]


def read_notes(folders: Iterable[Path]) -> Notes:
    """Return what lies in a corpus folder and in the folders of its crawls. Raises `CorpusFormatError`."""
    kept = list(dict.fromkeys(folders))
    return Notes(
        problems=tuple(one for folder in kept for one in read_problems(folder)),
        visited=tuple(one for folder in kept for one in read_visited(folder)),
    )


def audit(
    documents: Iterable[Document],
    notes: Notes,
    *,
    as_of: str = "",
    news_days: int = NEWS_DAYS,
    policy_days: int = POLICY_DAYS,
    name: str = "",
    version: str = "",
) -> tuple[Audit, tuple[Copies, ...]]:
    """Return all findings and the groups of copies. The documents are read several times and never held together."""
    day = as_of or newest_date(documents)
    copies = CopyFinder()
    found: list[Finding] = []
    sites: Counter[str] = Counter()
    for document in documents:
        sites[document.site] += 1
        copies.add(document)
        if broken := encoding_finding(document):
            found.append(broken)
    found += copies.findings()
    found += contradictions(documents)
    found += meta_findings(documents, notes.problems, day or "9999-12-31")
    found += dead_links(notes.visited)
    if day:
        found += stale_columns(documents, day, news_days=news_days, policy_days=policy_days)
    ordered = tuple(sorted(found, key=lambda one: (KINDS.index(one.kind), one.code, one.site, one.subject)))
    counts: dict[str, dict[str, int]] = {
        kind: dict(Counter(one.site for one in ordered if one.kind == kind)) for kind in KINDS
    }
    told = Audit(
        name=name,
        version=version,
        documents=sites.total(),
        as_of=day,
        news_days=news_days,
        policy_days=policy_days,
        crawled=bool(notes.visited),
        sites=tuple(sorted({*sites, *(one.site for one in ordered)})),
        counts=counts,
        findings=ordered,
    )
    return told, tuple(group for group, _ in copies.groups())
