"""A file in every index folder that tells which engine, options and versions made it, so that no other reads it."""

import json
from pathlib import Path
from typing import Any

import msgspec

from indexers.errors import IndexBuildError

FILE = "made_by.json"


def write_made_by(folder: Path, description: dict[str, Any], **found: Any) -> None:
    """Write the file, last of all: an index without it is not complete.

    `description` is the engine's `describe()`; `found` is what the engine wants back from `read_made_by`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = {"describe": description, **found}
    (folder / FILE).write_bytes(msgspec.json.format(json.dumps(content, ensure_ascii=False).encode(), indent=2))


def forget_made_by(folder: Path) -> None:
    """Remove the file, first of all when building anew."""
    (folder / FILE).unlink(missing_ok=True)


def read_made_by(folder: Path, description: dict[str, Any]) -> dict[str, Any]:
    """Return what the engine gave to `write_made_by`.

    Raises `IndexBuildError` when there is no index, or when one made by another set-up or version is there.
    """
    engine = description.get("engine", "this engine")
    try:
        content: dict[str, Any] = msgspec.json.decode((folder / FILE).read_bytes(), type=dict[str, Any])
        before = msgspec.convert(content.pop("describe"), dict[str, Any])
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexBuildError(f"no {engine} index in {folder}: build it first") from error
    except (KeyError, msgspec.MsgspecError, OSError) as error:
        raise IndexBuildError(f"{folder / FILE} cannot be read ({error}): build the index anew") from error
    now = json.loads(json.dumps(description))
    if before != now:
        raise IndexBuildError(f"the index in {folder} was made by another {_difference(before, now)}: build it anew")
    return content


def _difference(before: dict[str, Any], now: dict[str, Any], path: str = "") -> str:
    """Name what differs, with what it was and what it is; the first one is enough."""
    for key in sorted({*before, *now}):
        was, has = before.get(key), now.get(key)
        if was == has:
            continue
        if isinstance(was, dict) and isinstance(has, dict):
            return _difference(was, has, f"{path}{key}.")
        return f"{path}{key} ({_shown(was)}, now {_shown(has)})"
    return "set-up"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
