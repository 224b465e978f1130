"""TOML tables into records, with every mistake of the file told at once."""

import difflib
from typing import Any, TypeVar, get_args

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def convert(table: dict[str, Any], record: type[S], mistakes: list[str], where: str = "") -> S | None:
    """Return `table` as a record, or None after adding every unknown key and bad value to `mistakes`.

    Tables inside, and arrays of tables, are checked the same way; `where` is the dotted name of this table.
    """
    before = len(mistakes)
    known = {field.encode_name: field for field in msgspec.structs.fields(record)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{where}.{key}" if where else key
        if key not in known:
            mistakes.append(f"unknown key {name!r}{did_you_mean(key, known)}")
            continue
        values[known[key].name] = _value(value, known[key].type, mistakes, name)
    for key, field in known.items():
        if field.required and key not in table:
            mistakes.append(f"missing key {f'{where}.{key}' if where else key!r}")
    return record(**values) if len(mistakes) == before else None


def did_you_mean(name: str, known: Any) -> str:
    """Return ` (did you mean 'x'?)` for the nearest known name, or the list of names where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else f" (known: {', '.join(known)})"


def _value(value: Any, wanted: Any, mistakes: list[str], name: str) -> Any:
    inner = _struct_in(wanted)
    if isinstance(value, dict) and inner:
        return convert(value, inner, mistakes, name)
    if isinstance(value, list) and inner and all(isinstance(item, str | dict) for item in value):
        item_type = inner | str if _mentions(wanted, str) else inner
        return tuple(_value(item, item_type, mistakes, f"{name}[{place}]") for place, item in enumerate(value, 1))
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as problem:
        mistakes.append(f"{name}: {problem}")
        return None


def _struct_in(wanted: Any) -> type[msgspec.Struct] | None:
    """Return the record type that a field's annotation mentions, if any."""
    for part in (wanted, *get_args(wanted)):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
        if part is not wanted and (inner := _struct_in(part)):
            return inner
    return None


def _mentions(wanted: Any, part: type) -> bool:
    return wanted is part or any(_mentions(inner, part) for inner in get_args(wanted))
