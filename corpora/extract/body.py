"""Which lines of a page are its article.

First the containers that the content management systems of portals write (TRS, 大汉, 开普云, 新点, 博达 and kin), then
the smallest box that holds most of the running text. Menus and footers drop out by the names of their boxes, by lines
that are mostly links, and by what such lines say. Pages that have no such box are left to trafilatura.
"""

import re
from dataclasses import dataclass
from typing import Any

from corpora.extract.lines import Box, Line, Reading

_CONTAINER = re.compile(
    r" (?:trs_?(?:editor|ueditor|web\w*)|ucap-?content|zoom(?:con)?|vsb_content\w*|v_news_content|wp_articlecontent|"
    r"j-fontcontent|bt[-_]?content|ewb-(?:article|info|news)-?\w*|easysite-news-(?:content|text)|custom_unionstyle|"
    r"view|nr|zw|zwnr|zwcon|contenttext|newscontent|newsmain|textcontent|articlecontent|"
    r"(?:article|news|detail|details|info|pages?|main|xl|wz|art|xxgk|policy|cont)[-_]?(?:con|cont|content|text|txt|body|zw|nr|main)|"
    r"(?:con|cont|content)[-_]?(?:article|text|txt|body|detail)|article) ",
    re.IGNORECASE,
)
_CHROME = re.compile(
    r"(?:^|[ _-])(?:nav\w*|menu\w*|header|foot|footer\w*|copyright|crumbs?|breadcrumb\w*|location|dqwz|sidebar|aside|"
    r"share\w*|bdshare\w*|toolbar|qrcode|ewm|erweima|related|xgwd|xgyd|xgxx|xgjd|pager|pagination|search\w*|"
    r"friendlinks?|yqlj|links|login|hot\w*|recommend\w*)(?:[ _\d-]|$)",
    re.IGNORECASE,
)
_FOOTER = re.compile(
    r"版权所有|[Cc]opyright|ICP备|公网安备|网站标识码|政府网站找错|^技术支持\s*[:：]|^(?:网站地图|关于我们|联系我们|使用帮助)(?:[\s|｜]|$)"
)
_TOOL = re.compile(
    r"^[【\[（(]?\s*(?:(?:打印(?:本[页文])?|关闭(?:窗口|本页)?|返回(?:顶部|首页|上一?页)?|收藏(?:本页)?|繁體|简体|听全文|语音播报|"
    r"无障碍(?:浏览|阅读)?|分享(?:[到至])?)(?=[\s】\]）)|｜:：]|$)|字[体号](?:大小)?\s*[:：]|浏览字号|扫一扫(?:在|分享|关注)|"
    r"(?:浏览|点击|访问|阅读)(?:次数|量|数)?\s*[:：]|[上下]一[篇条页](?=[\s:：】\]]|$)|(?:责任)?编辑\s*[:：]|"
    r"相关(?:链接|阅读|新闻|文章|信息|稿件|附件|解读|政策|文档)\s*[:：]?$|"
    r"您?(?:当前|现在)?(?:所在)?(?:的)?位置\s*[:：]|A[-+]?\s*[A大中小]|大\s*中\s*小)"
)
_TOOL_LENGTH = 80
_STAMP = re.compile(
    r"(?:发布|发表|发文|公开|更新|上网|成文)(?:时间|日期)\s*[:：]|(?:^|\s)(?:时间|日期)\s*[:：]\s*\d{4}|"
    r"(?:^|\s)(?:信息|文章|稿件|内容|新闻)?来源\s*[:：]|"
    r"^\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?$"
)
_HEAD_LINES = 12
"""How many lines a container may open with of title, date and source before its text."""
_TAIL_LINKS = 3
"""From how many link lines in a row the end of a container is a list of other pages."""
_MOST, _MORE = 0.85, 0.6
"""Part of the running text that sets a box apart, and the part that does so when no box has the former."""
ENOUGH = 40
"""Characters of running text below which the page is taken for one without an article."""
_FILE = re.compile(r"附\s*件|\.(?:pdf|docx?|xlsx?|pptx?|wps|et|zip|rar)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A run of lines, and how much is known about it."""

    start: int
    end: int
    prose: int
    """Characters of running text in it."""
    unbounded: bool
    """No box sets it apart: it is the whole page."""


def find(reading: Reading) -> Article:
    """Return where the article is; without any running text, its `prose` is 0."""
    prose = _prose(reading)
    running = [0]
    for amount in prose:
        running.append(running[-1] + amount)
    for box in reading.boxes:
        box.prose = running[box.end] - running[box.start]
    total = running[-1]
    chosen = _container(reading.boxes, total) or _densest(reading.boxes, total)
    if chosen is None:
        return Article(start=0, end=len(prose), prose=total, unbounded=True)
    return Article(start=chosen.start, end=chosen.end, prose=chosen.prose, unbounded=chosen.tag == "body")


def by_library(tree: Any) -> str:
    """Return what trafilatura takes for the article of a page; nothing when it finds none.

    It keeps menus and footers of portals that boxes tell apart at once, so it is asked only where there are none.
    """
    import trafilatura  # it takes as long to import as a hundred pages take to read

    try:
        found = trafilatura.extract(tree, fast=True, include_comments=False) or ""
    except Exception:  # it promises nothing about broken pages, and the caller has a text already
        return ""
    rows = (line.strip("| ").replace(" | ", "\t") for line in found.split("\n"))  # it writes tables as Markdown
    return "\n".join(row for row in rows if row.strip("-|\t ") and not _is_furniture(row))


def text(lines: list[Line], title: str = "") -> str:
    """Return the text of an article, without the title, tools and stamps around it."""
    kept = [line for line in lines if not line.hidden and not is_furniture(line)] or lines
    kept = _without_tail(_without_head(kept, title))
    rows: list[str] = []
    before: Line | None = None
    for line in kept:
        if before and line.row and line.row == before.row and line.cell != before.cell:
            rows[-1] += "\t" + line.text
        else:
            rows.append(line.text)
        before = line
    return "\n".join(rows)


def is_furniture(line: Line) -> bool:
    """Say whether a line belongs to the page and not to what it publishes."""
    return _is_furniture(line.text)


def _is_furniture(text: str) -> bool:
    return len(text) <= _TOOL_LENGTH and bool(_TOOL.search(text) or _FOOTER.search(text))


def is_stamp(line: Line) -> bool:
    """Say whether a line gives date or source of the page."""
    short = len(line.text) <= _TOOL_LENGTH and line.linked * 2 <= len(line.text)  # the sizes of type may be links
    return short and _STAMP.search(line.text) is not None


def _prose(reading: Reading) -> list[int]:
    """Return what every line adds to the running text: nothing in menus, in footers, or when it was there before."""
    amounts, seen = [], set()
    for line in reading.lines:
        amount = line.prose
        if amount and (is_furniture(line) or is_stamp(line) or line.text in seen):
            amount = 0
        elif amount >= 20:  # portals repeat the article for phones and for printing
            seen.add(line.text)
        amounts.append(amount)
    total = sum(amounts)
    for box in reading.boxes:
        if box.tag in ("nav", "footer", "aside", "header") or _CHROME.search(box.names.strip()):
            span = slice(box.start, box.end)
            if sum(amounts[span]) * 3 < total:  # a wrapper of the whole page may be called header, too
                amounts[span] = [0] * (box.end - box.start)
    return amounts


def _container(boxes: list[Box], total: int) -> Box | None:
    """Return the box with an article's name that holds most text, the innermost when several do."""
    named = [box for box in boxes if box.tag in ("article", "ucapcontent") or _CONTAINER.search(_spaced(box.names))]
    if not named:
        return None
    most = max(box.prose for box in named)
    if total >= ENOUGH and most * 2 < total:
        return None
    return next((box for box in reversed(named) if box.end > box.start and box.prose >= most * _MOST), None)


def _spaced(names: str) -> str:
    return names.replace(" ", "  ")  # each name between spaces of its own


def _densest(boxes: list[Box], total: int) -> Box | None:
    """Return the smallest box that holds nearly all running text, larger than a paragraph or a table cell of it."""
    best = None
    for share in (_MOST, _MORE):
        for box in boxes:  # in page order: inner boxes come after the ones around them
            if box.tag not in ("p", "font") and box.prose >= max(ENOUGH, total * share):
                best = box
        if best is None or best.tag != "body":
            break
    return best


def _without_head(lines: list[Line], title: str) -> list[Line]:
    """Leave out title and stamps that open a container, up to the last of them."""
    bare = _squeezed(title)
    cut = others = 0
    for at, line in enumerate(lines[:_HEAD_LINES]):
        marked = line.heading or any(map(is_stamp, lines[at + 1 : at + 2]))
        is_title = bool(bare) and marked and _squeezed(line.text) == bare
        if is_title or is_stamp(line):
            cut = at + 1
        elif line.prose or others:  # text has begun: a date from here on is a signature
            break
        else:
            others += 1
    return lines[cut:]


def _without_tail(lines: list[Line]) -> list[Line]:
    """Leave out a list of links to other pages at the end."""
    cut = len(lines)
    while cut and lines[cut - 1].linked * 10 >= len(lines[cut - 1].text) * 7 and not _FILE.search(lines[cut - 1].text):
        cut -= 1
    return lines[:cut] if cut and len(lines) - cut >= _TAIL_LINKS else lines


def _squeezed(text: str) -> str:
    return "".join(text.split())
