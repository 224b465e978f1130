"""What the lists of a portal say of the pages that they name: a second witness where a page is silent on itself."""

import re
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urlsplit

from corpora.crawl.state import Link

_PAGER = re.compile(r"\d*|首页|上[一1]?页|下[一1]?页|尾页|末页|全部|更多|more|[<>«»›‹.…\s]*|第?\d+页", re.IGNORECASE)
_CUT = ("…", "...", "..")
_SHORT = 8
"""Characters that a title has at least where it is to outweigh what extraction takes for a list."""


class Listings:
    """Column and title of pages, as their lists name them; nothing where two lists disagree."""

    def __init__(self) -> None:
        self._texts: defaultdict[str, set[str]] = defaultdict(set)
        self._columns: defaultdict[str, set[str]] = defaultdict(set)
        self._known: set[str] = set()

    def note(self, column: str, links: Iterable[Link]) -> None:
        """Take in the links of a list, their addresses in canonical form, and the column that it belongs to."""
        if column:
            self._known.add(column)
        for link in links:
            if _PAGER.fullmatch(link.text):
                self._texts[link.url]  # named, if by a page number only
                continue
            self._texts[link.url].add(link.text)
            if column:
                self._columns[link.url].add(column)

    def column(self, form: str) -> str:
        """Return the one column that lists a page, or an empty string."""
        found = self._columns.get(form, set())
        return next(iter(found)) if len(found) == 1 else ""

    def title(self, form: str) -> str:
        """Return the one whole title that lists give a page, or an empty string."""
        found = {text for text in self._texts.get(form, ()) if text not in self._known and not text.endswith(_CUT)}
        return next(iter(found)) if len(found) == 1 else ""

    def is_article(self, form: str) -> bool | None:
        """Return whether lists name a page by a title or as a list; None where they do not say."""
        if urlsplit(form).path == "/":
            return False  # every page names the front page, by the name of the site
        if len(self.title(form)) >= _SHORT:
            return True
        texts = self._texts.get(form)
        return False if texts is not None and texts <= self._known else None
