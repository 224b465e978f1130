"""The standard meta tags of government pages, and what is dirty in them."""

import re
from typing import Any

from corpora.extract.dates import tag_date
from corpora.extract.model import Problem, ProblemKind

STANDARD = (
    "SiteName", "SiteDomain", "SiteIDCode", "ColumnName", "ColumnType", "ColumnDescription", "ColumnKeywords",
    "ArticleTitle", "PubDate", "ContentSource", "Keywords", "Author", "Description", "Url",
)  # fmt: skip
_NAMES = {name.lower(): name for name in STANDARD}
_STAND_INS = {
    "publishdate": "PubDate",
    "firstpublishedtime": "PubDate",
    "article:published_time": "PubDate",
    "source": "ContentSource",
    "lanmu": "ColumnName",
}
"""Tags outside the standard that say the same, asked where the standard one says nothing."""
_EMPTY = frozenset(("null", "undefined", "none", "nan", "n/a", "无", "暂无", "空", "-", "--", "0"))
_PLACEHOLDER = re.compile(r"^(?:\$?\{.*\}|<%.*|\{\{.*\}\}|<[!/]?\w.*)$", re.DOTALL)
_BREAK = re.compile(r"<br\s*/?>|&nbsp;?", re.IGNORECASE)
_SITE_CODE = re.compile(r"(?:\d{10}|[a-z]{2}\d{8})", re.IGNORECASE)
"""Ten digits, or two letters and eight digits for ministries (bm…)."""
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?")


class Tags:
    """The tags of one page: as found, cleaned, and what the cleaning met."""

    def __init__(self, tree: Any):
        self.found: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._stand_ins: dict[str, str] = {}
        for element in tree.iter("meta"):
            written = (element.get("name") or element.get("property") or "").strip().lower()
            if (standard := _STAND_INS.get(written)) and (content := " ".join((element.get("content") or "").split())):
                self._stand_ins.setdefault(standard, content)
            name = _NAMES.get(written)
            if name and not self.found.get(name):  # portals repeat tags; the first that says something counts
                self.found[name] = element.get("content") or ""

    def value(self, name: str) -> str:
        """Return a tag's text on one line, or nothing when it is absent or holds only a filler such as `null`.

        A tag outside the standard that says the same stands in for it, and is reported.
        """
        found = self._standard(name)
        if not found and (found := self._stand_ins.get(name, "")):
            self.met("repaired", name, f"taken from another tag: {found!r}")
        return found

    def _standard(self, name: str) -> str:
        raw = self.found.get(name)
        if raw is None:
            return ""
        value = " ".join(_BREAK.sub(" ", raw).split())
        if value.lower() in _EMPTY or _PLACEHOLDER.match(value):
            self.met("dirty", name, f"{value!r} says nothing")
            return ""
        return value

    def date(self, name: str) -> str:
        """Return a tag's day as ISO 8601, reporting shapes that the standard does not have."""
        value = self.value(name)
        found, tidy = tag_date(value)
        if value and not found:
            self.met("dirty", name, f"{value!r} holds no date")
        elif value and not tidy:
            self.met("repaired", name, f"{value!r} read as {found}")
        return found

    def check_site(self) -> None:
        """Report a SiteDomain that is no host and a SiteIDCode of the wrong shape, neither of which stops anything."""
        domain = self.value("SiteDomain")
        if domain and not _HOST.fullmatch(domain):
            self.met("dirty", "SiteDomain", f"{domain!r} is no host name")
        code = self.value("SiteIDCode")
        if code and not _SITE_CODE.fullmatch(code):
            self.met("dirty", "SiteIDCode", f"{code!r} is not ten digits")

    def missing(self, name: str) -> None:
        """Report that a page lacks a tag that others have."""
        if name not in self.found or not self.found[name].strip():
            self.met("missing", name, "no such tag" if name not in self.found else "the tag is empty")

    def met(self, kind: ProblemKind, name: str, detail: str) -> None:
        """Take note of a problem, once."""
        problem = Problem(kind=kind, subject=name, detail=detail[:200])
        if problem not in self.problems:
            self.problems.append(problem)
