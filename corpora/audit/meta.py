"""Find missing and dirty facts about pages: in the documents, and in what extraction noted about them."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from corpora.audit.findings import Finding, shown
from corpora.model import Document
from corpora.problems import Problem

EARLIEST = "1994-01-01"
"""No Chinese portal is older; an earlier date is a mistake or a document from before the site."""

WHOLE = 20
"""Pages from which a field that all of them lack is told once."""
_TOLD = -1

_NOTHING = frozenset(("null", "none", "undefined", "nan", "暂无", "无", "-", "--"))
_REQUIRED = {
    "title": "title-missing",
    "published": "pub-date-missing",
    "column": "column-missing",
    "agency": "agency-missing",
}


def meta_findings(documents: Iterable[Document], problems: Iterable[Problem], as_of: str) -> Iterator[Finding]:
    """Yield each fact of a page that is missing or dirty, once a page and code, whether seen here or noted before.

    What every page of a site of `WHOLE` pages or more lacks is one finding, whose detail is the number of pages: such a
    site, or the format of the corpus, does not know the field. The documents are read twice.
    """
    lacking = _lacking(documents)
    noted: dict[str, list[Problem]] = {}
    for problem in problems:
        noted.setdefault(problem.doc_id or problem.url, []).append(problem)
    for document in documents:
        found = dict(_codes(document, as_of))
        for problem in (*noted.get(document.id, ()), *noted.get(document.url, ())):
            if not found.get(problem.code):
                found[problem.code] = problem.detail
        if "column-null" in found:
            found.pop("column-missing", None)  # one cause, one finding
        for code, detail in found.items():
            if pages := lacking.get((document.site, code)):
                if pages == _TOLD:
                    continue
                lacking[document.site, code], detail = _TOLD, f"×{pages}"
            yield Finding(
                kind="encoding" if code == "charset-wrong" else "meta",
                code=code,
                site=document.site,
                detail=detail,
                pages=(shown(document),),
            )


def _lacking(documents: Iterable[Document]) -> dict[tuple[str, str], int]:
    """Return the site and code of each field that no page of a site has, with the number of its pages."""
    pages, missing = Counter[str](), Counter[tuple[str, str]]()
    for document in documents:
        pages[document.site] += 1
        missing.update(
            (document.site, code) for field, code in _REQUIRED.items() if not getattr(document, field).strip()
        )
    return {key: count for key, count in missing.items() if count == pages[key[0]] >= WHOLE}


def iso_date(text: str) -> str:
    """Return the text where it is an ISO 8601 date, and an empty string where it is not.

    >>> iso_date("2025-02-28"), iso_date("2025-02-30"), iso_date("20250228")
    ('2025-02-28', '', '')
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return ""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _codes(document: Document, as_of: str) -> Iterator[tuple[str, str]]:
    for field, code in _REQUIRED.items():
        value = getattr(document, field).strip()
        if field == "column" and value.casefold() in _NOTHING:
            yield "column-null", value
        elif not value or value.casefold() in _NOTHING:
            yield code, value
    if document.published.strip():
        day = iso_date(document.published)
        if not day or day < EARLIEST or day > as_of:
            yield "pub-date-odd", document.published
    if "/" in document.site:
        yield "site-domain-url", document.site
