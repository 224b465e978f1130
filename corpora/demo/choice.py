"""Choose the same option on every machine, from a stable id."""

from collections.abc import Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


def pick(key: str, options: Sequence[T]) -> T:
    """Return the option that the SHA-256 of `key` points to; `hash` and `random` differ between runs and versions."""
    return options[int.from_bytes(sha256(key.encode()).digest()[:8], "big") % len(options)]
