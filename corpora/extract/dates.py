"""Dates as portals write them, to ISO 8601."""

import re
from datetime import UTC, date, datetime, timedelta

_EARLIEST = 1949
"""No portal dates anything earlier: what looks earlier is a number."""

_DATE = (
    r"(?<!\d)(?P<y>(?:19|20)\d{2})\s*(?:年|[-/.．－—])\s*(?P<m>0?[1-9]|1[0-2])\s*(?:月|[-/.．－—])\s*"
    r"(?P<d>0?[1-9]|[12]\d|3[01])(?!\d)\s*日?"
)
DATE = re.compile(_DATE)
_CHINESE_DIGITS = str.maketrans("〇○Ｏ零一二三四五六七八九", "0000123456789")
_CHINESE_DATE = re.compile(
    r"([一二][〇○Ｏ零一二三四五六七八九]{3})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?")
_JAVA = re.compile(r"[A-Z][a-z]{2},? ([A-Z][a-z]{2}) (\d{1,2}) [\d:]+ \w+ (\d{4})")
_EPOCH = re.compile(r"(1\d{9}|\d{9})(\d{3})?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_IN_URL = (
    re.compile(r"/t(?P<y>20\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])_\d+"),
    re.compile(r"/(?:art/)?(?P<y>20\d{2})[-/_](?P<m>0?[1-9]|1[0-2])[-/_](?P<d>0?[1-9]|[12]\d|3[01])/"),
    re.compile(r"/(?P<y>20\d{2})-?(?P<m>0[1-9]|1[0-2])[-/]?(?P<d>0[1-9]|[12]\d|3[01])/"),
)
_BEIJING = timedelta(hours=8)


def first_date(text: str) -> str:
    """Return the first date in a text as ISO 8601, or nothing.

    >>> first_date("发布时间：2024年5月6日 10:20"), first_date("二〇二四年十月十二日"), first_date("第2024-13-1号")
    ('2024-05-06', '2024-10-12', '')
    """
    for match in DATE.finditer(text):
        if found := _iso(match["y"], match["m"], match["d"]):
            return found
    spelt = _CHINESE_DATE.search(text)
    if spelt:
        return _iso(spelt[1].translate(_CHINESE_DIGITS), str(_number(spelt[2])), str(_number(spelt[3])))
    return ""


def tag_date(value: str) -> tuple[str, bool]:
    """Return the date of a PubDate tag and whether it is written as the tag asks: ISO date first, then any time.

    Also reads compact digits, seconds and milliseconds since 1970 (as Beijing time), and what Java prints for a date.

    >>> tag_date("2024-05-06 10:20"), tag_date("20240506102000"), tag_date("Mon May 06 10:20:00 CST 2024")
    (('2024-05-06', True), ('2024-05-06', False), ('2024-05-06', False))
    """
    value = value.strip()
    if found := first_date(value):
        return found, value.startswith(found)
    if match := _JAVA.search(value):
        month = _MONTHS.index(match[1]) + 1 if match[1] in _MONTHS else 0
        return _iso(match[3], str(month), match[2]), False
    if match := _COMPACT.fullmatch(value):
        return _iso(match["y"], match["m"], match["d"]), False
    if match := _EPOCH.fullmatch(value):
        moment = datetime.fromtimestamp(int(match[1]), UTC) + _BEIJING
        return moment.date().isoformat(), False
    return "", False


def url_date(url: str) -> str:
    """Return the day that an address files its page under, or nothing.

    >>> url_date("https://www.linlan.gov.example/gjj/202405/t20240506_17.html")
    '2024-05-06'
    """
    for shape in _IN_URL:
        if match := shape.search(url):
            return _iso(match["y"], match["m"], match["d"])
    return ""


def after_years(day: str, years: int) -> str:
    """Return the day a number of years later; 29 February becomes 1 March where there is none."""
    start = date.fromisoformat(day)
    try:
        return start.replace(year=start.year + years).isoformat()
    except ValueError:
        return date(min(start.year + years, 9999), 3, 1).isoformat()


def next_day(day: str) -> str:
    """Return the day after."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _iso(year: str, month: str, day: str) -> str:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return ""
    return found.isoformat() if found.year >= _EARLIEST else ""


def _number(text: str) -> int:
    """Return what 十二 and its kin count."""
    tens, ten, ones = text.rpartition("十")
    value = int(ones.translate(_CHINESE_DIGITS)) if ones else 0
    return value + (10 * int(tens.translate(_CHINESE_DIGITS) or 1) if ten and len(tens) < 2 else 10 if ten else 0)
