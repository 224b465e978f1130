"""Choose the same option on every machine, from a stable id."""

from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")

LAST_DAY = date(2026, 6, 30)
"""Nothing is published after it."""


def pick(key: str, options: Sequence[T]) -> T:
    """Return the option that the SHA-256 of `key` points to; `hash` and `random` differ between runs and versions."""
    return options[_number(key) % len(options)]


def shift(day: str, key: str, least: int, most: int) -> str:
    """Return the ISO date `least` to `most` days after `day` that `key` points to, at the latest `LAST_DAY`."""
    later = date.fromisoformat(day) + timedelta(days=least + _number(key + "/shift") % (most - least + 1))
    return min(later, LAST_DAY).isoformat()


def _number(key: str) -> int:
    return int.from_bytes(sha256(key.encode()).digest()[:8], "big")
