"""What the visible lines of a page say about it: date, source, document number, validity."""

import re
from dataclasses import dataclass

from corpora.extract import dates
from corpora.extract.lines import Line

_UNNAMED_DATE = re.sub(r"\?P<\w>", "", dates.DATE.pattern)
_DATE_LABEL = re.compile(
    r"(?:(?:发布|发表|发稿|上网|上传|公开|公布|刊发|录入|添加|更新|信息)\s*(?:时\s*间|日\s*期)|(?:^|[\s【\[（(|])(?:时\s*间|日\s*期))"
    r"[\s:：\]】]*(?=[\d一二])",
    re.MULTILINE,
)
_STAMP_WORD = re.compile(r"来\s*源|作者|浏览|点击|阅读|字[体号]|编辑|打印")
_SIGNED_LABEL = re.compile(r"(?:成文|发文|印发|签署)\s*(?:日期|时间)\s*[:：][\s]*(?=[\d一二])")
_VALUE = r"\s*[:：][ \t\n]*(?P<value>[^\n\t]{2,80})"
_SOURCE_LABEL = re.compile(r"(?<![\u4e00-\u9fff])(?:信息|文章|稿件|内容|新闻|资料)?来\s*源" + _VALUE)
_AGENCY_LABEL = re.compile(
    r"(?:发[文布](?:机关|机构|单位|部门)|制[发定](?:机关|机构|单位)|颁布机关|公开(?:责任|主体)(?:部门|机关|单位)?|(?:实施|责任)(?:机关|主体|单位)|供稿单位|信息提供单位)"
    + _VALUE
)
_NEXT_LABEL = re.compile(
    r"\s*(?:[【\[|｜]|(?:发布|发表|更新|成文|公开|发文)?(?:时间|日期)\s*[:：]|(?:文章|信息)?作\s*者|(?:责任)?编辑|审核|字体|字号|浏览|点击|阅读|访问|打印|"
    r"分享|\d{4}[-年/.]\d|[\u4e00-\u9fff]{2,6}[:：])"
)
_BRACKETED = (
    r"[\u4e00-\u9fff][\u4e00-\u9fff（）()]{0,15}?\s*[〔\[［【（(﹝]\s*(?:19|20)\d{2}\s*年?\s*[〕\]］】）)﹞]\s*"
    r"第?\s*\d{1,5}(?:-\d+)?\s*号"
)
_ORDINAL = r"[\d一二三四五六七八九十百零〇]{1,6}"
_NUMBER = (
    rf"(?:{_BRACKETED}|(?:[\u4e00-\u9fff]{{0,25}}(?:公告|通告|令))?\s*(?:19|20)\d{{2}}\s*年\s*第?\s*{_ORDINAL}\s*号|"
    rf"(?:[\u4e00-\u9fff]{{0,25}}(?:令|公告|通告))?\s*[（(]?第\s*{_ORDINAL}\s*号[）)]?(?:令|公告)?|[\u4e00-\u9fff]{{2,25}}令\s*{_ORDINAL}\s*号)"
)
_NUMBER_LINE = re.compile(rf"[（(]?({_NUMBER})[）)]?")
_NUMBER_LABEL = re.compile(rf"(?:发?文\s*(?:字\s*)?号|文件编?号|公文编号)\s*[:：\]】]\s*({_NUMBER})")
_NUMBER_AT_END = re.compile(rf"[（(]({_BRACKETED})[）)]$")
_YEAR_IN_BRACKETS = re.compile(r"[〔\[［【（(﹝]\s*((?:19|20)\d{2})\s*年?\s*[〕\]］】）)﹞]")
_NOT_SIGNED = re.compile(r"[自至起止前后]|有效|施行|实施|执行|[。；]$")
_NUMBER_LINES = 10
_SIGNATURE_LINES = 12

_IN_FORCE = r"起\s*(?:正式)?(?:施行|实施|执行|生效|开始施行)"
_SELF = r"(?:本[^，。；《》\n]{1,14}|(?:^|[。；\n])(?!原|旧)[^，。；《》\n]{0,10})"
_FROM_DATE = re.compile(
    rf"{_SELF}自\s*({_UNNAMED_DATE})\s*{_IN_FORCE}",
    re.M,
)
_FROM_ISSUE = re.compile(rf"{_SELF}自\s*(?:印发|发布|公布|颁布|下发|发文)之日\s*{_IN_FORCE}", re.M)
_YEARS = re.compile(
    rf"(?:{_IN_FORCE}[，,。；;]\s*(?:试行|有效)期(?:限)?|本[^，。；《》\n]{{1,14}}有效期(?:限)?)\s*(?:为|是|[:：])?\s*(\d{{1,2}}|[一二两三四五六七八九十]{{1,2}})\s*年"
)
_UNTIL = re.compile(r"有效期(?:限)?\s*(?:为)?[^。；\n]{0,20}?(?:至|到|截止)\s*[:：]?\s*")
_FORCE_LABEL = re.compile(r"(?:实施|生效|施行|执行)(?:日期|时间)\s*[:：\]】][\s]*(?=[\d一二])")
_END_LABEL = re.compile(r"(?:失效|废止|终止)(?:日期|时间)\s*[:：\]】][\s]*(?=[\d一二])")
_STATUS = re.compile(
    r"(?:文件状态|有效性|时效性?|效力(?:状态|级别)?|是否有效|状态)\s*[:：\]】]\s*(?:已|现已)?(?:废止|失效|无效)"
)
_REPEALED = re.compile(
    r"[（(【\[](?:本文|此件|该文件|文件)?(?:已|现已|全文)?(?:被)?(?:废止|失效|作废)[）)】\]]$|^[（(【\[](?:已|现已)?(?:废止|失效|作废)[）)】\]]"
)
_ORDINALS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The visible text of a page, cut around its article."""

    head: str
    """From the title's neighbourhood to the first lines of the article."""
    outside: str
    """Everything but the article."""
    loose: tuple[str, ...]
    """Lines between title and article that hold a date without a label."""


def surroundings(lines: list[Line], start: int, end: int, title: str) -> Surroundings:
    """Cut a page around its article; lists of links say nothing about the page and are left out."""
    plain = [line.text if line.linked * 2 <= len(line.text) and not line.hidden else "" for line in lines]
    bare = "".join(title.split())
    at_title = [at for at in range(start + 8) if at < len(lines) and bare and "".join(lines[at].text.split()) == bare]
    top = at_title[0] if at_title else max(0, start - 10)
    opening = [text for text in plain[start : start + 12] if len(text) < 80]
    return Surroundings(
        head="\n".join(plain[:start] + opening),
        outside="\n".join(plain[:start] + plain[end:]),
        loose=tuple(text for text in plain[top : start + 3] if _has_loose_date(text)),
    )


def _has_loose_date(text: str) -> bool:
    """Say whether a line holds a date and little else, or a date beside what else stands under a title."""
    day = dates.DATE.search(text)
    return day is not None and len(text) <= 120 and (len(text) <= len(day[0]) + 12 or bool(_STAMP_WORD.search(text)))


def published(around: Surroundings, url: str) -> str:
    """Return the day that a label, the address or a line of its own under the title gives as the day of publication."""
    for text in (around.head, around.outside):
        if found := _labelled(_DATE_LABEL, text):
            return found
    for text in around.loose:
        if found := dates.first_date(text):
            return found
    return dates.url_date(url)


def signed(around: Surroundings, body: str) -> str:
    """Return the day of writing: 成文日期, else a date that stands alone near the end of the text."""
    if found := _labelled(_SIGNED_LABEL, around.outside):
        return found
    for line in reversed(body.split("\n")[-_SIGNATURE_LINES:]):
        found = dates.first_date(line)
        if found and len(line) <= 40 and not _NOT_SIGNED.search(line):
            return found
    for line in body.split("\n"):  # a notice is signed before the text that it issues
        found = dates.first_date(line)
        if found and len(line) <= 14:
            return found
    return ""


def source(around: Surroundings) -> str:
    """Return what follows 来源, or nothing."""
    return _valued(_SOURCE_LABEL, around.head) or _valued(_SOURCE_LABEL, around.outside)


def agency(around: Surroundings) -> str:
    """Return what follows 发文机关 and its kin, or nothing."""
    return _valued(_AGENCY_LABEL, around.head) or _valued(_AGENCY_LABEL, around.outside)


def doc_number(around: Surroundings, body: str, title: str) -> str:
    """Return the document's own number: after its label, on a line of its own above the text, or ending the title.

    Numbers inside sentences are other documents'.
    """
    if match := _NUMBER_LABEL.search(around.head) or _NUMBER_LABEL.search(around.outside):
        return _tidy_number(match[1])
    opening = body.split("\n")[:_NUMBER_LINES]
    for line in (*opening, *(line for line in around.head.split("\n")[-8:] if "号" in line)):
        if len(line) <= 45 and (match := _NUMBER_LINE.fullmatch(line)):
            return _tidy_number(match[1])
    if match := _NUMBER_AT_END.search(title):
        return _tidy_number(match[1])
    return ""


def validity(around: Surroundings, body: str, issued: str) -> tuple[str, str]:
    """Return the day from which the document is in force and the day from which it no longer is.

    `issued` is the day that 自印发之日起 means. A day that the validity lasts until is its last: the next is returned.
    """
    effective = _labelled(_FORCE_LABEL, around.outside)
    if not effective and (match := _FROM_DATE.search(body)):
        effective = dates.first_date(match[0])
    if not effective and _FROM_ISSUE.search(body):
        effective = issued
    expires = _labelled(_END_LABEL, around.outside)
    if not expires:
        expires = _until(around.outside) or _until(body)
    if not expires and effective and (match := _YEARS.search(body)):
        expires = dates.after_years(effective, _years(match[1]))
    return effective, expires


def repealed(around: Surroundings, title: str) -> bool:
    """Say whether the page marks its own document as repealed; what the document repeals does not count."""
    return bool(_REPEALED.search(title) or _STATUS.search(around.outside))


def _labelled(label: re.Pattern[str], text: str) -> str:
    for match in label.finditer(text):
        if found := dates.first_date(text[match.end() : match.end() + 16].split("\n")[0]):
            return found
    return ""


def _valued(label: re.Pattern[str], text: str) -> str:
    for match in label.finditer(text):
        value = _NEXT_LABEL.split(match["value"], maxsplit=1)[0].strip(" ，,;；|()（）")
        if len(value) >= 2 and len(value) <= 60 and not re.search(r"[。！？：:]|https?", value):
            return value
    return ""


def _until(text: str) -> str:
    for match in _UNTIL.finditer(text):
        if found := dates.first_date(text[match.end() : match.end() + 14]):
            return dates.next_day(found)
    return ""


def _years(text: str) -> int:
    if text.isdigit():
        return int(text)
    return (
        sum(_ORDINALS[character] for character in text)
        if text[0] == "十" or len(text) == 1
        else 10 * _ORDINALS[text[0]]
    )


def _tidy_number(text: str) -> str:
    tidy = _YEAR_IN_BRACKETS.sub(lambda match: f"〔{match[1]}〕", "".join(text.split()))
    return tidy.strip("（）()") if not tidy.endswith("〕") else tidy
