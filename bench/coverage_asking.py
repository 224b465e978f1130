"""The searches of an audit of coverage: foretold, put to the engine, kept as they are answered, gone on with later."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.build import build_or_reuse, pages_folder
from bench.coverage_sample import KINDS, Kind, Probe
from bench.errors import CoverageError
from bench.experiment import EngineSpec, Replay
from bench.replay import Recorder, replay_engine
from bench.response import Response
from bench.results import RunFolder
from bench.run import Watcher
from corpora.files import write_whole
from corpora.store import Corpus, CorpusFacts
from indexers import registry
from indexers.api import Burden
from indexers.registry import EngineSetup
from queries.model import Query

SETTINGS_FILE = "settings.json"
FIRST = 10
"""Results among which a page must be, unless the portal's first page is what counts."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """How an audit asks."""

    preset: str = "full"
    kinds: tuple[Kind, ...] = KINDS
    first: int = 0
    """A page counts as found among this many results; 0 for ten, or a live portal's first page when inspected."""
    size: int = 300
    seed: int = 2026
    as_of: str = ""
    """Day from which ages count; the newest date of the corpus when empty."""
    site: str = ""
    """Host name of the one site whose pages are drawn; all sites when empty."""
    own_site: bool = True
    """Whether each page is searched for on its own site (站内搜索) and not among all (一网通查)."""
    timeout_s: float = 10.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What makes two audits the same, so that one can go on with the other's answers; it holds no secrets."""

    corpus_hash: str
    engine: str
    use: str
    options: dict[str, Any]
    versions: dict[str, str]
    asking: Asking
    probes_hash: str


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Content of `settings.json`."""

    schema_version: int = 1
    settings: Settings
    describe: dict[str, Any] = {}
    """What the engine says of itself, once all is asked."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came back."""

    responses: dict[str, Response]
    """By the id of the probe."""
    describe: dict[str, Any]


def first_results(asking: Asking, setup: EngineSetup) -> int:
    """Return among how many results a page must be. Raises `CoverageError` when the engine is asked for fewer."""
    told = registry.burden(setup, FIRST)
    first = asking.first or (told.page if told and asking.preset == "inspection" else FIRST)
    if told and told.shown < first:
        raise CoverageError(
            f"engine {setup.id!r} is asked for {told.shown} results at most, and pages are looked for among the first "
            f"{first}: raise its option max_results, or lower --first"
        )
    return first


def ask(
    corpus: Corpus,
    facts: CorpusFacts,
    corpus_name: str,
    spec: EngineSpec,
    probes: Sequence[Probe],
    asking: Asking,
    out: Path,
    watcher: Watcher,
    *,
    retry_blocked: bool = False,
) -> Asked:
    """Put every probe to the engine that the folder `out` has no answer to, and return all answers.

    An answer is kept as it comes, so that the same audit goes on where it was stopped; `retry_blocked` asks anew what
    was blocked. Raises `CoverageError` when the folder holds another audit or nothing could be asked, and what building
    and replaying raise.
    """
    setup = registry.resolve(spec.use or spec.id, spec.options)
    own_index = registry.track(setup) == "own-index"
    _check_askable(setup, probes, asking)
    folder = RunFolder(out)
    with folder.locked():
        settings = _settings(spec, setup, facts.content_hash, asking, probes)
        kept = _kept(out, settings)
        answered = _answered(folder, spec.id, drop_blocked=retry_blocked)
        left = [probe for probe in probes if probe.id not in answered]
        if not left and kept.describe:
            watcher.note(f"{out} is finished; nothing is asked again (use --fresh to ask anew)")
            return Asked(responses=answered, describe=kept.describe)
        _foretell(setup, left, len(answered), asking, watcher)
        if own_index:
            index = pages_folder(corpus, facts.content_hash)
        else:
            progress = watcher.phase(f"{spec.id} · index", facts.documents)
            index, _ = build_or_reuse(spec, corpus_name, facts.content_hash, progress)
        with folder.recording(spec.id) as stream:
            queries = [_query(probe, asking) for probe in probes]
            recorder = Recorder(spec.id, stream, facts.sites, queries, asking.first, own_index=own_index)
            still = {probe.id for probe in left}
            describe = replay_engine(
                spec,
                index,
                queries,
                [query for query in queries if query.id in still],
                Replay(k=asking.first, timeout_s=asking.timeout_s),
                recorder,
                _counter(watcher.phase(f"{spec.id} · search", len(probes), len(answered)), len(answered)),
            ).describe
        _write(out, _Kept(settings=settings, describe=describe))
        return Asked(responses=_answered(folder, spec.id), describe=describe)


def _query(probe: Probe, asking: Asking) -> Query:
    return Query(id=probe.id, text=probe.text, scope=_site(probe, asking) or "all")


def _site(probe: Probe, asking: Asking) -> str:
    return probe.site if asking.own_site else ""


def _counter(tell: Callable[[int], None], done: int) -> Callable[[], None]:
    def count() -> None:
        nonlocal done
        done += 1
        tell(done)

    return count


def _settings(
    spec: EngineSpec, setup: EngineSetup, corpus_hash: str, asking: Asking, probes: Iterable[Probe]
) -> Settings:
    asked = msgspec.json.encode([[probe.id, probe.doc_id, probe.text] for probe in probes])
    return Settings(
        corpus_hash=corpus_hash,
        engine=spec.id,
        use=setup.id,
        options=registry.without_secrets(setup.id, msgspec.to_builtins(setup.options)),
        versions=registry.versions(setup),
        asking=asking,
        probes_hash=hashlib.sha256(asked).hexdigest(),
    )


def _kept(out: Path, settings: Settings) -> _Kept:
    """Return what the folder keeps of this audit, a beginning where it keeps nothing."""
    path = out / SETTINGS_FILE
    if not path.is_file():
        begun = _Kept(settings=settings)
        _write(out, begun)
        return begun
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
    except msgspec.DecodeError as problem:
        raise CoverageError(f"{path} is broken ({problem}): give --out another folder, or use --fresh") from problem
    if changed := sorted(_changed(kept.settings, msgspec.json.decode(msgspec.json.encode(settings), type=Settings))):
        raise CoverageError(
            f"{out} holds an audit with another {' and '.join(changed)}: "
            "give this one another --out, or use --fresh for a new folder"
        )
    return kept


def _changed(was: Settings, now: Settings) -> Iterable[str]:
    if was.asking == now.asking and was.corpus_hash == now.corpus_hash and was.probes_hash != now.probes_hash:
        yield "way of drawing pages"
    names = {"corpus_hash": "corpus", "use": "engine", "own_site": "scope", "kinds": "probe"}
    for name in Settings.__struct_fields__:
        before, after = getattr(was, name), getattr(now, name)
        if before == after or name == "probes_hash":
            continue
        if name == "asking":
            differing = [key for key in Asking.__struct_fields__ if getattr(before, key) != getattr(after, key)]
            yield from (names.get(key, key) for key in differing)
        elif name == "options":
            yield from (f"option {key}" for key in {**before, **after} if before.get(key) != after.get(key))
        else:
            yield names.get(name, name)


def _write(out: Path, kept: _Kept) -> None:
    with write_whole(out / SETTINGS_FILE) as stream:
        stream.write(msgspec.json.format(msgspec.json.encode(kept), indent=1))


def _answered(folder: RunFolder, engine: str, *, drop_blocked: bool = False) -> dict[str, Response]:
    """Return the answers that the folder keeps; blocked ones can be dropped for good."""
    responses = folder.responses(engine)
    if drop_blocked and any(response.outcome == "blocked" for response in responses):
        responses = [response for response in responses if response.outcome != "blocked"]
        with write_whole(folder.responses_path(engine)) as stream:
            stream.writelines(msgspec.json.encode(response) + b"\n" for response in responses)
    return {response.query_id: response for response in responses}


def _burdens(setup: EngineSetup, probes: Iterable[Probe], asking: Asking) -> list[tuple[Burden, int]]:
    """Return what a search asks of the service, and how many searches ask that; nothing for an engine of ours."""
    sites = Counter(_site(probe, asking) for probe in probes)
    told = {site: registry.burden(setup, asking.first, site) for site in sites}
    return [(burden, sites[site]) for site, burden in told.items() if burden]


def _check_askable(setup: EngineSetup, probes: Sequence[Probe], asking: Asking) -> None:
    burdens = _burdens(setup, probes, asking)
    if burdens and not any(burden.requests[1] for burden, _ in burdens):
        raise CoverageError(
            f"engine {setup.id!r} cannot restrict its search to the sites of the pages: give the values that do under "
            "its option 'sites', or search all sites with --all-sites"
        )


def _foretell(setup: EngineSetup, left: Sequence[Probe], answered: int, asking: Asking, watcher: Watcher) -> None:
    """Say what is ahead before a live portal is asked."""
    burdens = _burdens(setup, left, asking)
    if not burdens:
        return
    asked = [(burden, searches) for burden, searches in burdens if burden.requests[1]]
    searches = sum(count for _, count in asked)
    least, most = (sum(burden.requests[end] * count for burden, count in asked) for end in (0, 1))
    opening = max((burden.opening for burden, _ in asked), default=0)
    least_s = sum(burden.least_s * count for burden, count in asked)
    requests = f"{least + opening}" if least == most else f"{least + opening} to {most + opening}"
    before = f", {answered} were answered before" if answered else ""
    watcher.note(f"{searches} searches{before}: {requests} requests, at least {_duration(least_s)}")
    if elsewhere := sum(count for burden, count in burdens if not burden.requests[1]):
        watcher.note(f"{elsewhere} more are of sites that it cannot be restricted to (option 'sites'): unsupported")
    allowed = min((burden.searches for burden, _ in asked), default=0)
    if searches > allowed:
        watcher.note(
            f"the budget of requests (max_requests) may end after {allowed} searches: the others are then blocked, and "
            "--retry-blocked goes on with them"
        )


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
