"""Dates as portals write them, as ISO days of Chinese time."""

import datetime
import re
from collections.abc import Sequence
from typing import Any

_BEIJING = datetime.timezone(datetime.timedelta(hours=8))
_WRITTEN = {
    "iso": re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})"),
    "cn": re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日"),
    "dots": re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})"),
    "slashes": re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})"),
    "digits": re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?!\d)"),
}
_COUNTED = {"ms": 1000, "s": 1}

FORMATS = (*_WRITTEN, *_COUNTED)
"""`iso` 2025-03-01, `cn` 2025年3月1日, `dots`, `slashes`, `digits` 20250301, and `ms` or `s` since 1970."""


def day(value: Any, formats: Sequence[str]) -> str:
    """Return the ISO day that `value` holds in one of the formats, tried in order; an empty string when in none.

    >>> day("发布时间：2025年3月1日", ("iso", "cn"))
    '2025-03-01'
    >>> day(1740758400000, ("ms",))
    '2025-03-01'
    """
    text = "" if value is None else str(value).strip()
    for name in formats:
        try:
            if name in _COUNTED:
                if re.fullmatch(r"-?\d+(?:\.0)?", text):
                    seconds = float(text) / _COUNTED[name]
                    return datetime.datetime.fromtimestamp(seconds, _BEIJING).date().isoformat()
            elif match := _WRITTEN[name].search(text):
                return datetime.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
        except (ValueError, OverflowError, OSError):  # no such day
            continue
    return ""
