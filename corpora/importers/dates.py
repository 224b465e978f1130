"""Dates as people write them in tables: 2024-03-01, 2024/3/1, 2024年3月1日, 20240301, with or without a time."""

import datetime
import re

_DATE = re.compile(r"^\s*(\d{4})(?:\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)|(\d{2})(\d{2})(?!\d))")


def iso_date(text: str) -> str:
    """Return the ISO 8601 date that a text begins with, or an empty text when it begins with none.

    >>> iso_date("2024年3月1日 10:30"), iso_date("20240301"), iso_date("2024-13-01"), iso_date("去年")
    ('2024-03-01', '2024-03-01', '', '')
    """
    found = _DATE.match(text)
    if not found:
        return ""
    year, *rest = (int(part) for part in found.groups() if part)
    try:
        return datetime.date(year, *rest).isoformat()
    except ValueError:
        return ""
