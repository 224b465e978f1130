"""Paths into JSON: `data.list[].title`; `[]` goes through a list, `*` through all values of a table."""

from collections.abc import Iterator
from typing import Any


def select(value: Any, path: str) -> list[Any] | None:
    """Return what the path leads to, in order; None when a name on the way is missing.

    A null on the way, or where a list or table should be, leads nowhere: that is `[]`, and not missing.

    >>> select({"a": [{"b": 1}, {"b": 2}]}, "a[].b")
    [1, 2]
    >>> select({"a": None}, "a[].b"), select({}, "a")
    ([], None)
    """
    found = [value]
    for part in path.split("."):
        name = part.removesuffix("[]")
        if name == "*":
            found = [inner for one in found for inner in _values(one)]
        elif name:
            present = [one for one in found if one is not None]
            named = [one[name] for one in present if isinstance(one, dict) and name in one]
            if present and not named:
                return None
            found = named
        if part.endswith("[]"):
            found = [inner for one in found for inner in _items(one)]
    return [one for one in found if one is not None]


def first(value: Any, path: str) -> Any:
    """Return the first thing that the path leads to, or None."""
    found = select(value, path)
    return found[0] if found else None


def _values(value: Any) -> Iterator[Any]:
    yield from value.values() if isinstance(value, dict) else _items(value)


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:  # some portals write a single result without its list
        yield value
