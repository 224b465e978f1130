"""What was noted about pages while their text was taken out, kept beside the corpus for the audit."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from corpora.errors import CorpusFormatError
from corpora.files import existing, read_jsonl

FILE = "problems.jsonl"
"""Optional file of a corpus folder: one problem a line."""

CODES = {
    ("dirty", "ColumnName"): "column-null",
    ("dirty", "SiteDomain"): "site-domain-url",
    ("dirty", "SiteIDCode"): "site-id-code",
    ("dirty", "PubDate"): "pub-date-odd",
    ("repaired", "PubDate"): "pub-date-odd",
    ("missing", "ArticleTitle"): "title-tag-missing",
    ("missing", "PubDate"): "date-tag-missing",
    ("missing", "ColumnName"): "column-tag-missing",
    ("missing", "ContentSource"): "source-tag-missing",
    ("missing", "charset"): "charset-missing",
    ("charset", "charset"): "charset-wrong",
}
"""Kind and subject of a problem of extraction → its code; other problems are no fault of the page."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What was noted about a page: `column-null`, `site-id-code`, `charset-wrong` and others of `CODES`."""

    code: str
    doc_id: str = ""
    url: str = ""
    detail: str = ""


class Met(Protocol):
    """A problem as extraction tells it."""

    @property
    def kind(self) -> str: ...  # noqa: D102 - the fields of corpora.extract.model.Problem
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def detail(self) -> str: ...  # noqa: D102


def noted(problems: Iterable[Met], doc_id: str, url: str) -> Iterator[Problem]:
    """Yield the problems that are faults of the page, under their codes."""
    for problem in problems:
        if code := CODES.get((problem.kind, problem.subject)):
            yield Problem(code=code, doc_id=doc_id, url=url, detail=problem.detail)


def read_problems(folder: Path) -> tuple[Problem, ...]:
    """Return the problems noted beside a corpus, none where there is no such file. Raises `CorpusFormatError`."""
    path = existing(folder / FILE)
    return tuple(one for _, one in read_jsonl(path, Problem, CorpusFormatError)) if path else ()
