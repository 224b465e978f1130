"""Templates of requests: `{name}` in text, `{name:int}` for a number in a JSON body."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from indexers.errors import OptionsError

BUILT_IN = ("query", "page", "size", "site", "now_ms")
"""What every template may name beside the preset's values and tokens."""

_NAME = re.compile(r"\{([A-Za-z_]\w*)(:int)?\}")


def names_in(template: Any) -> Iterator[str]:
    """Yield the names that a text, or the texts in a list or table, refer to."""
    if isinstance(template, str):
        yield from (match[1] for match in _NAME.finditer(template))
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from names_in(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from names_in(value)


def fill(template: Any, values: Mapping[str, str]) -> Any:
    """Return the template with its names replaced, tables and lists included; what a value holds stays as it is.

    Raises `OptionsError` when a name has no value, or an `int` is none.
    """
    if isinstance(template, str):
        whole = _NAME.fullmatch(template)
        if whole and whole[2]:
            return _number(whole[1], _value(whole[1], values))
        return _NAME.sub(lambda match: _value(match[1], values), template)
    if isinstance(template, Mapping):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, values) for value in template]
    return template


def _value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise OptionsError(f"the request needs {{{name}}}, which has no value: set it in the option 'values'")
    return values[name]


def _number(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise OptionsError(f"{{{name}:int}} must be a whole number: correct it in the option 'values'") from None
