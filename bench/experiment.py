"""The experiment: which engines answer which queries over which corpus, and how that is scored."""

import os
import re
import tomllib
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from bench.errors import ExperimentError, MeasureError
from bench.measure_names import parse_measures
from corpora.files import not_utf8
from corpora.toml_records import convert
from indexers import registry
from indexers.errors import IndexerError

SCHEMA_VERSION = 1

Positive = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

_NAME = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][\w.\-]{0,63}")


class EngineSpec(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One contestant: a name for the report, the engine it uses, and options that differ from that engine's own."""

    id: str
    use: str = ""
    """Engine id as `tongcha engines` lists it; the same as `id` when empty."""
    options: dict[str, Any] = {}


class Replay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How queries are put to an engine."""

    k: Positive = 100
    """Results asked for."""
    timeout_s: Seconds = 10.0
    """An answer later than this counts as `timeout`."""
    warmup: Count = 10
    """Queries put to the engine first and not recorded."""
    rate_per_s: Seconds | None = None
    """Queries started per second on a fixed timetable (open loop); without it each waits for the last (closed loop)."""


class Scoring(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How answers are judged; every value is printed in the report."""

    measures: tuple[str, ...] = ()
    """Empty for the usual ones."""
    relevant: Positive = 1
    """Lowest grade that counts as relevant for Found and the causes of misses."""
    useful: Positive | None = None
    """Lowest grade that ends a search (Fast); by default 2, or the set's highest grade where that is lower."""
    reach_within_s: Seconds = 10.0
    """Fast counts the queries whose first useful result is reached within this time."""
    read_s: float = 4.4
    """Seconds to read one result summary (Smucker and Clarke, SIGIR 2012)."""
    min_judged: Share = 0.5
    """Headlines of an engine are withheld where less than this of its results in the first ten is judged."""
    max_judged_gap: Share = 0.2
    """All headlines are withheld when engines differ by more than this in that share."""
    copies: Literal["once", "each"] = "once"
    """Whether copies of one page, where the corpus names them, count once in an answer, or each for itself."""
    resamples: Positive = 2000
    """Bootstrap resamples behind the 95 % intervals."""


class Experiment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything that determines a run, as read from `experiment.toml` or put together from options."""

    schema_version: Annotated[int, msgspec.Meta(ge=1, le=SCHEMA_VERSION)] = SCHEMA_VERSION
    name: str
    corpus: str = "demo"
    queries: str = "demo"
    split: str = ""
    seed: int = 2026
    engines: tuple[str | EngineSpec, ...] = ()
    """Empty for every installed engine."""
    replay: Replay = Replay()
    scoring: Scoring = Scoring()

    def contestants(self) -> tuple[EngineSpec, ...]:
        """Return the engines to run as specs, all installed set-ups where none are named."""
        named = self.engines or tuple(setup.id for setup in registry.installed_setups())
        return tuple(EngineSpec(id=item) if isinstance(item, str) else item for item in named)


def read_experiment(path: Path, *, to_run: bool = True) -> tuple[Experiment, bytes]:
    """Return the experiment of a TOML file and the file's bytes; relative folders in it are made absolute.

    Raises `ExperimentError` with every mistake in the file: unknown keys, bad values, measures, and engines unless the
    experiment is read only to score what they answered, which needs none of them installed.
    """
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise ExperimentError(f"{path}: cannot read the experiment file ({problem.strerror}): check the path") from None
    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise ExperimentError(f"{path}: {not_utf8(content)}") from problem
    except tomllib.TOMLDecodeError as problem:
        raise ExperimentError(f"{path}: not valid TOML ({problem}): correct the file") from problem
    table.setdefault("name", path.stem)
    mistakes: list[str] = []
    experiment = convert(table, Experiment, mistakes)
    mistakes += _mistakes_in_names(table, engines_too=to_run)
    if experiment is None or mistakes:
        raise ExperimentError("\n".join(f"{path}: {mistake}" for mistake in mistakes))
    here = path.resolve().parent
    return (
        msgspec.structs.replace(
            experiment, corpus=_located(experiment.corpus, here), queries=_located(experiment.queries, here)
        ),
        content,
    )


def bundled_experiment() -> tuple[Experiment, bytes]:
    """Return the experiment that `tongcha run` runs without an argument, and its file's bytes."""
    with as_file(files("bench") / "bundled.toml") as path:
        return read_experiment(path)


def make_experiment(name: str, corpus: str, queries: str, engines: tuple[str, ...], split: str = "") -> Experiment:
    """Return an experiment put together from options. Raises `ExperimentError` with every mistake."""
    experiment = Experiment(
        name=name,
        corpus=_located(corpus, Path.cwd()),
        queries=_located(queries, Path.cwd()),
        engines=engines,
        split=split,
    )
    if mistakes := _mistakes_in_names(msgspec.to_builtins(experiment)):
        raise ExperimentError("\n".join(mistakes))
    return experiment


def renamed(experiment: Experiment, name: str) -> Experiment:
    """Return the experiment under another name. Raises `ExperimentError` when it cannot name a folder."""
    if mistake := _name_mistake(name):
        raise ExperimentError(mistake)
    return msgspec.structs.replace(experiment, name=name)


def folder_name(text: str) -> str:
    """Return the text with what a folder name cannot hold replaced by hyphens."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-._")[:64] or "run"


def to_toml(experiment: Experiment) -> bytes:
    """Return the experiment as the TOML text that reads back as the same experiment."""
    return msgspec.toml.encode(experiment)


def without_secrets(experiment: Experiment) -> Experiment:
    """Return the experiment without the addresses and secrets in engine options."""
    specs = tuple(item if isinstance(item, str) else _redacted(item) for item in experiment.engines)
    return msgspec.structs.replace(experiment, engines=specs)


def content_to_keep(experiment: Experiment, content: bytes) -> bytes:
    """Return the experiment's file as it may be kept: as it is, unless it holds addresses or secrets.

    Then it is written anew, without its comments: they may repeat what must not be kept.
    """
    redacted = without_secrets(experiment)
    if redacted == experiment:
        return content
    table = tomllib.loads(content.decode("utf-8-sig"))
    table["engines"] = msgspec.to_builtins(redacted.engines)
    return msgspec.toml.encode(table)


def _redacted(spec: EngineSpec) -> EngineSpec:
    return msgspec.structs.replace(spec, options=registry.without_secrets(spec.use or spec.id, spec.options))


def _located(name_or_folder: str, base: Path) -> str:
    if name_or_folder == "demo":
        return name_or_folder
    return os.path.normpath(base / Path(name_or_folder).expanduser())


def _mistakes_in_names(table: dict[str, Any], *, engines_too: bool = True) -> list[str]:
    """Check what the shape of the file cannot: names, engines with their options, and measures."""
    mistakes: list[str] = []
    engines = table.get("engines", ())
    specs: list[dict[str, Any]] = [
        {"id": item} if isinstance(item, str) else item
        for item in (engines if _is_array(engines) else ())
        if isinstance(item, str) or (isinstance(item, dict) and isinstance(item.get("id"), str))
    ]
    ids = [spec["id"] for spec in specs]
    for name in dict.fromkeys([table.get("name"), *ids]):
        if isinstance(name, str) and (mistake := _name_mistake(name)):
            mistakes.append(mistake)
        if ids.count(name) > 1:
            mistakes.append(f"engine {name!r} is listed twice: give each its own id")
    if engines_too:
        for spec in specs:
            try:
                registry.resolve(spec.get("use") or spec["id"], spec.get("options") or {})
            except IndexerError as problem:
                mistakes.append(str(problem))
    scoring = table.get("scoring")
    measures = scoring.get("measures", ()) if isinstance(scoring, dict) else ()
    if _is_array(measures) and all(isinstance(measure, str) for measure in measures):
        try:
            parse_measures(measures)
        except MeasureError as problem:
            mistakes.append(str(problem))
    return mistakes


def _name_mistake(name: str) -> str:
    return "" if _NAME.fullmatch(name) else f"name {name!r} cannot name a folder: use letters, digits, '.', '_' and '-'"


def _is_array(value: object) -> bool:
    return isinstance(value, list | tuple)
