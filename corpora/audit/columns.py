"""Find columns that nobody feeds any more: the newest page of a news or policy column is too old."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal

import msgspec

from corpora.audit.findings import Finding, Shown, shown
from corpora.audit.meta import iso_date
from corpora.model import Document

NEWS_DAYS = 14
POLICY_DAYS = 183

_NEWS = re.compile(r"动态|要闻|新闻|头条|快讯|资讯|播报|时政")
_POLICY = re.compile(r"政策|文件|法规|规章|通知|公告|通告")
_YEAR = timedelta(days=366)


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a site."""

    site: str
    name: str
    newest: Shown
    pages: int


def column_class(name: str) -> Literal["news", "policy", ""]:
    """Return what a column must be fresh as, by the words in its name; news words win.

    >>> [column_class(name) for name in ("要闻动态", "政策解读", "机构职能")]
    ['news', 'policy', '']
    """
    if _NEWS.search(name):
        return "news"
    return "policy" if _POLICY.search(name) else ""


def newest_date(documents: Iterable[Document]) -> str:
    """Return the newest date of a corpus, without stray ones over a year after 99 % of pages; empty for none."""
    days = Counter(day for document in documents if (day := iso_date(document.published)))
    if not days:
        return ""
    ordered, seen = sorted(days), 0
    late = ordered[-1]
    for late in ordered:
        seen += days[late]
        if seen >= 0.99 * days.total():
            break
    last = date.fromisoformat(late) + _YEAR if late < "9998" else date.max
    return max(day for day in ordered if day <= last.isoformat())


def stale_columns(
    documents: Iterable[Document], as_of: str, *, news_days: int = NEWS_DAYS, policy_days: int = POLICY_DAYS
) -> Iterator[Finding]:
    """Yield news and policy columns whose newest page is older than their term on the day `as_of`."""
    columns: dict[tuple[str, str], Column] = {}
    for document in documents:
        day = iso_date(document.published)
        if not (column_class(document.column) and day and day <= as_of):
            continue
        key = (document.site, document.column)
        before = columns.get(key)
        newest = shown(document) if before is None or day > before.newest.published else before.newest
        columns[key] = Column(
            site=document.site, name=document.column, newest=newest, pages=(before.pages if before else 0) + 1
        )
    for _, column in sorted(columns.items()):
        kind = column_class(column.name)
        age = (date.fromisoformat(as_of) - date.fromisoformat(column.newest.published)).days
        if age > (news_days if kind == "news" else policy_days):
            yield Finding(
                kind="stale",
                code=kind,
                site=column.site,
                subject=column.name,
                detail=str(age),
                pages=(column.newest,),
            )
