"""The title and the column of a page whose tags do not give them."""

import re

from corpora.extract.body import is_stamp
from corpora.extract.lines import Line

_SEPARATOR = re.compile(r"\s*(?:--+|[-_|–—―｜·]|::)\s*")
_SITE = re.compile(
    r"(?:网站?|门户|平台|政府|频道|官网|公开|信息网|局|委员会|厅|部|署|院|中心|管委会)(?:[（(].*[）)])?$"
)
_TITLE_NAME = re.compile(r"(?:^|[ _-])(?:\w*title\w*|biaoti|bt|tit)(?:[ _-]|$)", re.IGNORECASE)
_PLACE = re.compile(r"(?:当前|所在|现在)(?:所在)?的?(?:位置|栏目)|^位置\s*[:：]")
_STEP = re.compile(r"\s*(?:[>»›＞/\\|→]|-{1,2}>|::|&gt;)+\s*")
_COLUMN = 6
"""Up to this length a title element that no heading repeats names the column, such as 通知公告."""
_HEAD_LINES = 30
_NOT_COLUMNS = frozenset(("", "正文", "首页", "详情", "内容", "内容页", "文章详情", "信息内容", "网站首页"))


def title(page_title: str, lines: list[Line], start: int, site_name: str = "") -> str:
    """Return the title: the heading that the title element repeats, else that element without the site's name.

    `start` is the line where the article begins: headings before it are asked from the nearest outwards. A title
    element that is cut short or names only the site loses to a heading.
    """
    page_title = " ".join(page_title.split())
    headings = _headings(lines, start)
    bare = _squeezed(page_title)
    for heading in sorted(headings, key=len, reverse=True):
        found = _squeezed(heading)
        repeated = bare.startswith(found) or (len(found) >= 8 and bare.endswith(found))
        if len(heading) >= 4 and repeated and not _is_site(heading, site_name):
            return heading
    shortened = _without_site(page_title, site_name)
    stem = _squeezed(shortened).rstrip("….")
    for heading in headings:
        if len(stem) >= 4 and len(stem) < len(_squeezed(heading)) and _squeezed(heading).startswith(stem):
            return heading
    if headings and (len(shortened) <= _COLUMN or _is_site(shortened, site_name)):
        return headings[0]
    return shortened


def column(lines: list[Line], title: str) -> str:
    """Return the last step of the page's breadcrumb trail that is neither the title nor a filler such as 正文."""
    for at, line in enumerate(lines):
        if match := _PLACE.search(line.text):
            trail = (
                line.text[match.end() :]
                if _STEP.search(line.text)
                else " > ".join(later.text for later in lines[at + 1 : at + 2])
            )
            steps = [step.strip(" :：》") for step in _STEP.split(trail.lstrip(" :：")) if step]
            bare = _squeezed(title)
            named = [step for step in steps if step not in _NOT_COLUMNS and not _same_start(_squeezed(step), bare)]
            if named and len(named[-1]) <= 40:
                return named[-1]
    return ""


def _headings(lines: list[Line], start: int) -> list[str]:
    """Return what looks like a title near the beginning of the article, the likeliest first."""
    found: list[tuple[int, int, str]] = []
    for at in range(max(0, start - _HEAD_LINES), min(len(lines), start + 8)):
        line = lines[at]
        named = _TITLE_NAME.search(line.names) is not None
        if not (line.heading or named) or line.hidden or _PLACE.search(line.text) or not 4 <= len(line.text) <= 150:
            continue
        if line.linked * 2 > len(line.text):
            continue
        found.append((-(2 * named + line.heading), abs(start - at), line.text))
    return [text for _, _, text in sorted(found)] or _above_stamp(lines[: start + 8])


def _above_stamp(lines: list[Line]) -> list[str]:
    """Return the line above the one of date and source: the title of pages that do not mark it up."""
    for at in range(len(lines) - 1, 0, -1):
        above = lines[at - 1]
        if is_stamp(lines[at]) and not is_stamp(above) and not above.linked and 4 <= len(above.text) <= 150:
            return [above.text]
    return []


def _without_site(page_title: str, site_name: str) -> str:
    """Cut the names of site and column off the end, as long as something else is left."""
    shorter = page_title
    for piece in reversed(list(_SEPARATOR.finditer(page_title))):
        front, back = page_title[: piece.start()].strip(), shorter[piece.end() :]
        is_column = shorter != page_title and len(back) <= 12 and not re.search(r"[\d）)]", back)
        if not front or not (_is_site(back, site_name) or is_column):
            break
        shorter = front
    return shorter.strip()


def _is_site(text: str, site_name: str) -> bool:
    if re.search(r"关于.+的|通知$|公告$", text):
        return False
    return not text.strip() or (bool(site_name) and _squeezed(text) == _squeezed(site_name)) or bool(_SITE.search(text))


def _same_start(step: str, bare: str) -> bool:
    """Say whether the last step is the title, perhaps cut short; an agency's name that the title opens with is not."""
    stem = step.rstrip("….")
    return bool(bare) and bare.startswith(stem) and (stem != step or len(stem) * 5 >= len(bare) * 4)


def _squeezed(text: str) -> str:
    return "".join(text.split())
