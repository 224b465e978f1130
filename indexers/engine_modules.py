"""Where engines' modules are found, and how they are loaded: built-in files and installed plugins."""

import difflib
import importlib
import importlib.metadata
import pkgutil
import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import msgspec

import indexers.engines
from indexers.errors import IndexerError, MissingPackageError, UnknownEngineError

ENTRY_POINT_GROUP = "tongcha.engines"
_DISTRIBUTION = "tongcha"
_PROMISED = ("DISTRIBUTIONS", "SETUPS", "Options", "Engine")


class Source(msgspec.Struct, frozen=True):
    """Import path of an engine's file, and who brings it: `built-in` or a distribution."""

    module: str
    origin: str


def sources() -> dict[str, Source]:
    """Return engine name → where it comes from."""
    prefix = f"{indexers.engines.__name__}."
    found = {
        info.name: Source(prefix + info.name, "built-in")
        for info in pkgutil.iter_modules(indexers.engines.__path__)
        if not info.name.startswith("_")
    }
    points = importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
    for point in sorted(points, key=lambda point: (point.name, point.dist.name if point.dist else "")):
        source = Source(point.module, point.dist.name if point.dist else "unknown distribution")
        taken = found.setdefault(point.name, source)
        if taken != source:
            warnings.warn(
                f"engine {point.name!r} of {source.origin} is ignored: that name is taken ({taken.origin})",
                stacklevel=3,
            )
    return found


def load(name: str, path: str) -> ModuleType:
    """Import an engine's file.

    Raises `MissingPackageError` with the line that installs its library, or `IndexerError` when it is no engine's.
    """
    try:
        module = importlib.import_module(path)
    except ImportError as error:
        package = (error.name or path).partition(".")[0]
        raise MissingPackageError(
            f"engine {name!r} needs the package {package!r}: {install_line(name, error)}"
            if isinstance(error, ModuleNotFoundError)
            else f"engine {name!r} cannot load its library ({error}): {install_line(name, error)}"
        ) from error
    except Exception as error:
        raise IndexerError(f"engine {name!r} ({path}) fails when imported: {type(error).__name__}: {error}") from error
    missing = [promised for promised in _PROMISED if not hasattr(module, promised)]
    if missing:
        raise IndexerError(f"engine {name!r} ({path}) lacks {', '.join(missing)}: see indexers.api.EngineModule")
    return module


def lacking(module: ModuleType, options: Any) -> str:
    """Return what this machine lacks for the engine, and the line that installs it, where its file can tell."""
    return str(module.missing(options)) if hasattr(module, "missing") else ""


def find(engine_id: str) -> tuple[str, ModuleType, str]:
    """Return name, module and set-up of an engine id. Raises `UnknownEngineError`, which offers near matches."""
    known_sources = sources()
    # The longest name first, so that a plugin named `tantivy-x` is not taken for a set-up of tantivy.
    for name in sorted(known_sources, key=len, reverse=True):
        if engine_id == name or engine_id.startswith(f"{name}-"):
            module = load(name, known_sources[name].module)
            suffix = engine_id.removeprefix(name).removeprefix("-")
            if suffix in module.SETUPS and engine_id == setup_id(name, suffix):
                return name, module, suffix
    known = _known_ids(known_sources)
    near = difflib.get_close_matches(engine_id, known, n=3)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UnknownEngineError(f"no engine {engine_id!r}.{meant} Known: {', '.join(known)}")


def _known_ids(known_sources: Mapping[str, Source]) -> list[str]:
    known: list[str] = []
    for name, source in known_sources.items():
        try:
            known.extend(setup_ids(name, load(name, source.module)))
        except IndexerError:
            known.append(name)
    return sorted(known)


def setup_id(name: str, suffix: str) -> str:
    """Return the id of a set-up: the name alone for the plain one."""
    return f"{name}-{suffix}" if suffix else name


def setup_ids(name: str, module: ModuleType) -> tuple[str, ...]:
    """Return the ids of all set-ups of an engine."""
    return tuple(setup_id(name, suffix) for suffix in module.SETUPS)


def install_line(name: str, cause: BaseException | None) -> str:
    """Return what installs the library that an engine lacks: our extra of its name, else the package itself."""
    try:
        extras = importlib.metadata.metadata(_DISTRIBUTION).get_all("Provides-Extra") or []
    except importlib.metadata.PackageNotFoundError:  # run from a source tree
        extras = []
    # The extra of http_portal is `portal`.
    for extra in (name, name.rpartition("_")[2]):
        if extra in extras:
            return f"pip install '{_DISTRIBUTION}[{extra}]'"
    missing = cause.name if isinstance(cause, ImportError) else None
    return f"pip install {(missing or name).partition('.')[0]}"
