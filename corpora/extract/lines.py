"""A parsed page as the lines that a reader sees, and the boxes that hold them.

One walk over the tree finds both; everything after it works on lists, which is what keeps extraction fast.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree, html

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        """
        address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption
        figure footer form h1 h2 h3 h4 h5 h6 header hr legend li main menu nav ol option p pre section summary table
        tbody td tfoot th thead tr ul ucapcontent ucaptitle
        """,
    )
)
_UNSEEN = frozenset(re.findall(r"\w+", "script style noscript template iframe select textarea svg object button"))
_BOXES = frozenset(
    re.findall(
        r"\w+",
        "article aside body center dd div dl fieldset font footer form header main nav p section td ul ucapcontent",
    )
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "ucaptitle"))
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[，。；！？]")
_SPEECH = 15
"""Characters from which a line without punctuation counts as prose and not as a label."""


@dataclass(slots=True)
class Line:
    """One line of text."""

    text: str
    linked: int
    """How many of its characters are in links."""
    row: int
    """Which table row it is in, and 0 when in none."""
    cell: int
    heading: bool
    names: str
    """Tag, id and class of the elements from its box down."""
    hidden: bool

    @property
    def prose(self) -> int:
        """How many characters speak for a running text: none in labels, menus and what is hidden."""
        size = len(self.text)
        if self.hidden or self.linked * 2 > size or (size < _SPEECH and not _PUNCTUATION.search(self.text)):
            return 0
        return size - self.linked


@dataclass(slots=True)
class Box:
    """An element that may hold an article, and which lines are in it."""

    tag: str
    names: str
    """Its id and classes, each between spaces."""
    parent: int
    """Index of the box around it, and -1 for the outermost."""
    start: int
    end: int = 0
    prose: int = 0


@dataclass(slots=True)
class Reading:
    """What the walk found."""

    page_title: str = ""
    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    """Address as written and anchor text (or the title of the link when it has none), in page order."""


def parse(text: str) -> Any:
    """Return the tree of a page, or None when there is nothing in it."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        return html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError):  # ParserError: an empty document
        return None


def read(tree: Any) -> Reading:
    """Walk the body of a page once."""
    walk = _Walk()
    body = tree.find("body")
    walk.reading.page_title = next(("".join(found.itertext()) for found in tree.iter("title")), "")
    steps = etree.iterwalk(tree if body is None else body, events=("start", "end"))
    for event, element in steps:
        tag = element.tag
        if event == "start":
            if tag in _UNSEEN:
                steps.skip_subtree()
                walk.skipped += 1
            else:
                walk.open(tag, element)
        else:
            if walk.skipped and tag in _UNSEEN:
                walk.skipped -= 1
            else:
                walk.close(tag)
            if element.tail:
                walk.add(element.tail)
    walk.flush()
    return walk.reading


class _Walk:
    """Where the walk stands: the line being gathered, and what is open around it."""

    def __init__(self) -> None:
        self.reading = Reading()
        self.skipped = 0
        self._parts: list[str] = []
        self._linked = 0
        self._boxes: list[int] = []
        self._rows: list[tuple[int, int]] = []
        self._row = self._cell = 0
        self._rows_seen = 0
        self._heading = self._hidden = 0
        self._hidden_stack: list[bool] = []
        self._link: list[str] | None = None
        self._link_address = self._link_title = ""
        self._names: list[str] = []

    def open(self, tag: str, element: Any) -> None:
        if tag in _BLOCKS:
            self.flush()
        names = f"{element.get('id') or ''} {element.get('class') or ''}".strip()
        hidden = "hidden" in element.attrib or bool(_HIDDEN.search(element.get("style") or ""))
        self._hidden_stack.append(hidden)
        self._hidden += hidden
        self._names.append(f"{tag} {names}")
        if tag in _BOXES:
            parent = self._boxes[-1] if self._boxes else -1
            self._boxes.append(len(self.reading.boxes))
            self.reading.boxes.append(Box(tag=tag, names=f" {names} ", parent=parent, start=len(self.reading.lines)))
        if tag == "tr":
            self._rows.append((self._row, self._cell))
            self._rows_seen += 1
            self._row, self._cell = self._rows_seen, 0
        elif tag in ("td", "th"):
            self._cell += 1
        elif tag in _HEADINGS:
            self._heading += 1
        elif tag == "a":
            self._link = []
            self._link_address, self._link_title = element.get("href") or "", element.get("title") or ""
        if element.text:
            self.add(element.text)

    def close(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.flush()
        self._hidden -= self._hidden_stack.pop()
        self._names.pop()
        if tag in _BOXES:
            self.reading.boxes[self._boxes.pop()].end = len(self.reading.lines)
        if tag == "tr":
            self._row, self._cell = self._rows.pop()
        elif tag in _HEADINGS:
            self._heading -= 1
        elif tag == "a" and self._link is not None:
            if self._link_address:
                text = " ".join("".join(self._link).split()) or self._link_title.strip()
                self.reading.links.append((self._link_address, text))
            self._link = None

    def add(self, text: str) -> None:
        self._parts.append(text)
        if self._link is not None:
            self._link.append(text)
            self._linked += len(text.strip())

    def flush(self) -> None:
        """End the line being gathered."""
        if not self._parts:
            return
        text = " ".join("".join(self._parts).split())
        if text:
            self.reading.lines.append(
                Line(
                    text=text,
                    linked=min(self._linked, len(text)),
                    row=self._row,
                    cell=self._cell,
                    heading=self._heading > 0,
                    names=" ".join(self._names[-3:]),
                    hidden=self._hidden > 0,
                )
            )
        self._parts.clear()
        self._linked = 0
