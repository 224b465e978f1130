"""Which engines there are: built-in files and installed plugins, looked up by id without importing the rest.

An engine id is the engine's name (`tantivy`) or its name and a set-up (`tantivy-bigrams`). Built-in engines are the
files of `indexers/engines`; others announce their module under the entry-point group `tongcha.engines`. A plugin
that takes a built-in's name is ignored with a warning: a result named `tantivy` must mean one thing.
"""

import ast
import difflib
import importlib
import importlib.metadata
import importlib.util
import typing
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import msgspec

from indexers import engine_modules
from indexers.api import Burden, Index
from indexers.errors import IndexerError, MissingPackageError, OptionsError

_FROM_ENVIRONMENT = "env:"

Track = Literal["same-corpus", "own-index"]
REDACTED = "***"
"""What stands in place of a secret."""


class EngineSetup(msgspec.Struct, frozen=True, kw_only=True):
    """An engine with its options, ready for `create`."""

    id: str
    """Engine name, or engine name and set-up joined by `-`."""
    name: str
    module: str
    """Import path of the engine's file."""
    options: Any
    """An instance of the module's `Options`."""
    server: str = ""
    """The server that must run; empty when it needs none."""


class EngineStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a user needs to know about an engine before choosing it."""

    id: str
    installed: bool
    setups: tuple[str, ...]
    """Ids of its set-ups; just the name while its file cannot be imported."""
    versions: dict[str, str]
    """Distribution → version of what identifies the engine."""
    summary: str
    """First line of the engine's docstring."""
    install: str
    """The command that installs what is missing; empty where nothing is."""
    origin: str
    """`built-in`, or the distribution that brings it."""
    server: str = ""
    """The server that must run beside it; empty when it needs none."""
    problem: str = ""
    """Why it cannot be used; empty when it can."""


def engine_names() -> list[str]:
    """Return the names of all engines, installed or not, sorted; imports none of them."""
    return sorted(engine_modules.sources())


def resolve(engine_id: str, options: Mapping[str, Any] | None = None) -> EngineSetup:
    """Return the set-up of that id, with `options` in place of its own where given.

    Raises `UnknownEngineError`, `OptionsError`, or `MissingPackageError` when a library or what else the engine needs
    is not on this machine.
    """
    name, module, suffix = engine_modules.find(engine_id)
    chosen = _configured(engine_id, module, module.SETUPS[suffix], options) if options else module.SETUPS[suffix]
    if lacking := engine_modules.lacking(module, chosen):
        raise MissingPackageError(f"engine {name!r} needs {lacking}")
    if hasattr(module, "check_options"):
        module.check_options(chosen)
    return EngineSetup(
        id=engine_id, name=name, module=module.__name__, options=chosen, server=getattr(module, "SERVER", "")
    )


def track(setup: EngineSetup) -> Track:
    """Return what the engine answers from: our corpus, or an index of its own."""
    module = engine_modules.load(setup.name, setup.module)
    return "own-index" if hasattr(module, "track") and module.track(setup.options) == "own-index" else _track(module)


def track_of(engine_id: str) -> Track:
    """Return what an engine answers from whose options are not known yet. Raises what `resolve` raises for the id."""
    _, module, _ = engine_modules.find(engine_id)
    return _track(module)


def longest_wait_s(setup: EngineSetup) -> float:
    """Return how long one search may wait out of politeness, in seconds; such waits are no latency."""
    module = engine_modules.load(setup.name, setup.module)
    return float(module.longest_wait_s(setup.options)) if hasattr(module, "longest_wait_s") else 0.0


def burden(setup: EngineSetup, k: int, site: str = "") -> Burden | None:
    """Return what one search for `k` results asks of a service, in a site if named; None for an engine of ours."""
    module = engine_modules.load(setup.name, setup.module)
    if track(setup) != "own-index" or not hasattr(module, "burden"):
        return None
    told: Burden = module.burden(setup.options, k, site)
    return told


def without_secrets(engine_id: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options with addresses and secrets redacted; what says `env:NAME` is kept, since it is none.

    Raises `UnknownEngineError` or `MissingPackageError`.
    """
    _, module, _ = engine_modules.find(engine_id)
    if hasattr(module, "without_secrets"):
        return dict(module.without_secrets(options))
    return {
        key: _redacted(value) if key in getattr(module, "SECRET_OPTIONS", ()) else value
        for key, value in options.items()
    }


def create(setup: EngineSetup, folder: Path) -> Index:
    """Construct the engine for an index in `folder`; nothing is written yet. A service is only a `Searcher`."""
    index: Index = engine_modules.load(setup.name, setup.module).Engine(setup.options, folder)
    return index


def installed_setups(*, every: bool = False) -> list[EngineSetup]:
    """Return the set-ups to compare where none are named: every one that can be used here, sorted by id.

    What needs an address is left out: services with an index of their own, and engines on a server (`SERVER`). So are
    engines that ask to be (`COMPARED_BY_DEFAULT = False`); `every` gives those, too.
    """
    found: list[EngineSetup] = []
    for name, source in engine_modules.sources().items():
        try:
            module = engine_modules.load(name, source.module)
        except IndexerError:
            continue
        if (
            _track(module) == "own-index"
            or hasattr(module, "SERVER")
            or not (every or getattr(module, "COMPARED_BY_DEFAULT", True))
        ):
            continue
        found.extend(
            resolve(engine_modules.setup_id(name, suffix))
            for suffix, options in module.SETUPS.items()
            if not engine_modules.lacking(module, options)
        )
    return sorted(found, key=lambda setup: setup.id)


def versions(setup: EngineSetup) -> dict[str, str]:
    """Return distribution → version of the libraries that identify the engine."""
    module = engine_modules.load(setup.name, setup.module)
    return dict(module.versions(setup.options)) if hasattr(module, "versions") else _versions(module)


def status() -> list[EngineStatus]:
    """Return one entry per engine, sorted by name; an engine that cannot be loaded says why."""
    entries = []
    for name, source in sorted(engine_modules.sources().items()):
        try:
            module = engine_modules.load(name, source.module)
        except IndexerError as error:
            entries.append(
                EngineStatus(
                    id=name,
                    installed=False,
                    setups=(name,),
                    versions={},
                    summary=_summary_unimported(source.module),
                    install=engine_modules.install_line(name, error.__cause__)
                    if isinstance(error, MissingPackageError)
                    else "",
                    origin=source.origin,
                    problem=str(error),
                )
            )
        else:
            lacking = next((engine_modules.lacking(module, options) for options in module.SETUPS.values()), "")
            entries.append(
                EngineStatus(
                    id=name,
                    installed=not lacking,
                    setups=engine_modules.setup_ids(name, module),
                    versions={} if lacking else _versions(module),
                    summary=_first_line(module.__doc__),
                    install=lacking.rpartition(": ")[2],
                    origin=source.origin,
                    server=getattr(module, "SERVER", ""),
                    problem=f"engine {name!r} needs {lacking}" if lacking else "",
                )
            )
    return entries


def _configured(engine_id: str, module: ModuleType, base: Any, options: Mapping[str, Any]) -> Any:
    fields = {field.encode_name: field for field in msgspec.structs.fields(module.Options)}
    mistakes: list[str] = []
    for key, value in options.items():
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            meant = f" (did you mean {near[0]!r}?)" if near else f" (known: {', '.join(fields)})"
            mistakes.append(f"unknown option {key!r}{meant}")
            continue
        try:
            msgspec.convert(value, fields[key].type)
        except msgspec.ValidationError as error:
            allowed = typing.get_args(fields[key].type) if typing.get_origin(fields[key].type) is typing.Literal else ()
            reason = f"expected one of {', '.join(map(str, allowed))}" if allowed else str(error)
            shown = REDACTED if key in getattr(module, "SECRET_OPTIONS", ()) else repr(value)
            mistakes.append(f"{key} = {shown}: {reason}")
    if not mistakes:
        try:
            return msgspec.convert({**msgspec.to_builtins(base), **options}, module.Options)
        except msgspec.ValidationError as error:  # options that do not go together
            mistakes.append(str(error))
    raise OptionsError(f"engine {engine_id!r}: {'; '.join(mistakes)}")


def _track(module: ModuleType) -> Track:
    return "own-index" if getattr(module, "TRACK", "") == "own-index" else "same-corpus"


def _redacted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _redacted(inner) for key, inner in value.items()}
    return value if not value or str(value).startswith(_FROM_ENVIRONMENT) else REDACTED


def _versions(module: ModuleType) -> dict[str, str]:
    found = {}
    for distribution in module.DISTRIBUTIONS:
        try:
            found[distribution] = importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            found[distribution] = "unknown"
    return found or _own_versions(module)


def _own_versions(module: ModuleType) -> dict[str, str]:
    """Return what an engine without distributions says of its versions, such as that of Python's SQLite."""
    engine: Index = module.Engine(module.Options(), Path())  # constructed only: nothing is read or written
    try:
        versions: dict[str, str] = engine.describe().get("versions", {})
    finally:
        engine.close()
    return versions


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0]


def _summary_unimported(path: str) -> str:
    try:
        spec = importlib.util.find_spec(path)
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        return _first_line(ast.get_docstring(ast.parse(source)))
    except (ImportError, OSError, SyntaxError, ValueError):
        return ""
