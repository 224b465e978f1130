"""A run from its experiment to its scored folder, resumable at every step."""

import datetime
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from bench.build import build_or_reuse, pages_folder
from bench.errors import ReplayError, RunFileError, RunFolderError
from bench.experiment import EngineSpec, Experiment, content_to_keep, without_secrets
from bench.indices import CUTOFF
from bench.machine import libraries, machine, version
from bench.replay import Recorder, replay_engine, site_of
from bench.results import EngineRecord, Manifest, RunFolder, Source, fresh_folder
from bench.scoring import check_measures, run_frame
from bench.trec import write_run
from corpora.duplicates import COPIES_FILE, Copies, read_copies
from corpora.errors import CorpusFormatError
from corpora.model import Document
from corpora.store import Corpus, CorpusFacts, open_corpus
from indexers import registry
from indexers.errors import IndexerError
from queries.model import Query
from queries.store import QuerySet, open_query_set

_TELL_EVERY = 1000


class Watcher(Protocol):
    """Whoever wants to see a run going on."""

    def phase(self, name: str, total: int | None, done: int = 0) -> Callable[[int], None]:
        """Hear that a phase begins, of unknown length where `total` is None; tell the result how much is done."""
        ...

    def note(self, text: str) -> None:
        """Hear something worth knowing."""
        ...


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """The checked inputs of a run."""

    corpus: Corpus
    facts: CorpusFacts
    query_set: QuerySet
    copies: tuple[Copies, ...]


def load(experiment: Experiment, watcher: Watcher) -> Loaded:
    """Open and check corpus, queries and judgments; nothing is written. Raises what the stores raise."""
    query_set = open_query_set(experiment.queries, experiment.split)
    check_measures(query_set, experiment.scoring)
    corpus = open_corpus(experiment.corpus)
    progress = watcher.phase("corpus · check", None)
    facts = corpus.scan(lambda count: progress(count) if count % _TELL_EVERY == 0 else None)
    progress(facts.documents)
    query_set.check_documents(facts.sites, corpus.card.name)
    watcher.note(
        f"corpus {corpus.card.name}: {facts.documents} documents; query set {query_set.card.name}: "
        f"{len(query_set.judged_queries())} judged queries"
    )
    return Loaded(corpus=corpus, facts=facts, query_set=query_set, copies=_known_copies(corpus, facts))


def _known_copies(corpus: Corpus, facts: CorpusFacts) -> tuple[Copies, ...]:
    copies = read_copies(corpus.folder)
    unknown = [doc_id for group in copies for doc_id in group.doc_ids if doc_id not in facts.sites]
    if unknown:
        raise CorpusFormatError(
            f"{corpus.folder / COPIES_FILE} names {len(unknown)} documents that the corpus does not hold "
            f"({unknown[0]!r} first): audit the corpus again, or remove the file"
        )
    return copies


def run(
    experiment: Experiment, content: bytes, runs: Path, watcher: Watcher, *, fresh: bool = False, reindex: bool = False
) -> RunFolder:
    """Make or resume the run `runs/NAME` and return its folder.

    A finished run of the same experiment is returned as it is; `fresh` makes a new folder `NAME-2` and so on beside
    it; `reindex` builds indexes anew that the cache holds. An engine that cannot be built or replayed is noted in the
    manifest and the others go on. Raises `RunFolderError` when the folder holds another experiment.
    """
    loaded = load(experiment, watcher)
    folder = RunFolder(_folder(runs, experiment.name, fresh))
    with folder.locked():
        before = folder.manifest() if folder.manifest_path.exists() else None
        if before is not None:
            _check_same(folder, before, experiment, loaded)
            if before.finished:
                watcher.note(f"{folder.folder} is finished; nothing is asked again (use --fresh to measure anew)")
                return folder
        manifest = before or _new_manifest(experiment, loaded)
        manifest.sessions.append((_now(), ""))
        if before is None:
            folder.write_query_set(loaded.query_set)
            folder.write_copies(loaded.copies)
            folder.experiment_path.write_bytes(content_to_keep(experiment, content))
        folder.write_manifest(manifest)
        for spec in experiment.contestants():
            if not manifest.engines[spec.id].complete:
                _run_engine(spec, experiment, loaded, folder, manifest, watcher, reindex=reindex)
        folder.write_documents(_shown_documents(folder, manifest, loaded))
        manifest.sessions[-1] = (manifest.sessions[-1][0], _now())
        finished = all(record.complete for record in manifest.engines.values())
        folder.write_manifest(msgspec.structs.replace(manifest, finished=finished))
    return folder


def _run_engine(
    spec: EngineSpec,
    experiment: Experiment,
    loaded: Loaded,
    folder: RunFolder,
    manifest: Manifest,
    watcher: Watcher,
    *,
    reindex: bool,
) -> None:
    """Build, replay and seal one engine; the manifest is kept true after each step."""
    begun = folder.responses_path(spec.id).is_file() or folder.is_sealed(spec.id)
    record = msgspec.structs.replace(manifest.engines[spec.id], problem="") if begun else _engine_record(spec)

    def keep(**changes: object) -> None:
        nonlocal record
        record = msgspec.structs.replace(record, **changes)
        manifest.engines[spec.id] = record
        folder.write_manifest(manifest)

    try:
        own_index = record.track == "own-index"
        if own_index:
            index = pages_folder(loaded.corpus, loaded.facts.content_hash)
        else:
            progress = watcher.phase(f"{spec.id} · index", loaded.facts.documents)
            index, facts = build_or_reuse(spec, experiment.corpus, loaded.facts.content_hash, progress, anew=reindex)
            if record.index is None:
                keep(index=facts)
        queries = loaded.query_set.judged_queries()
        answered = {response.query_id for response in folder.responses(spec.id)}
        left = [query for query in queries if query.id not in answered]
        progress = watcher.phase(f"{spec.id} · replay", len(queries), len(answered))
        done = len(answered)

        def on_response() -> None:
            nonlocal done
            done += 1
            progress(done)

        if not folder.is_sealed(spec.id):
            with folder.recording(spec.id) as stream:
                recorder = Recorder(
                    spec.id, stream, loaded.facts.sites, queries, experiment.replay.k, own_index=own_index
                )
                replayed = replay_engine(spec, index, queries, left, experiment.replay, recorder, on_response)
            keep(
                describe=replayed.describe,
                peak_memory_bytes=replayed.peak_memory_bytes,
                baseline_memory_bytes=replayed.baseline_memory_bytes,
            )
            folder.seal(spec.id)
        if own_index:
            keep(**_coverage(folder, spec.id, queries, loaded.facts.sites))
        keep(complete=True)
    except (ReplayError, IndexerError) as problem:
        keep(problem=str(problem))
        watcher.note(str(problem))
        return
    try:
        write_run(folder.folder / spec.id / "run.trec", run_frame(folder.responses(spec.id)), spec.id)
    except RunFileError as problem:  # ids that TREC files cannot hold; the responses stand
        watcher.note(f"no run.trec for {spec.id}: {problem}")


def _new_manifest(experiment: Experiment, loaded: Loaded) -> Manifest:
    query_set = loaded.query_set
    judged = query_set.judged_queries()
    return Manifest(
        name=experiment.name,
        tongcha=version(),
        libraries=libraries(),
        machine=machine(),
        seed=experiment.seed,
        corpus=Source(card=loaded.corpus.card, content_hash=loaded.facts.content_hash, size=loaded.facts.documents),
        queries=Source(card=query_set.card, content_hash=query_set.queries_hash, size=len(judged)),
        judgments_hash=query_set.judgments_hash,
        unjudged_queries=len(query_set.queries) - len(judged),
        copies=len(loaded.copies),
        experiment_hash=_experiment_hash(experiment),
        engines={spec.id: _engine_record(spec) for spec in experiment.contestants()},
        sessions=[],
    )


def _engine_record(spec: EngineSpec) -> EngineRecord:
    setup = registry.resolve(spec.use or spec.id, spec.options)
    return EngineRecord(
        use=spec.use or spec.id,
        options=registry.without_secrets(setup.id, msgspec.to_builtins(setup.options)),
        track=registry.track(setup),
        versions=registry.versions(setup),
    )


def _coverage(folder: RunFolder, engine: str, queries: Sequence[Query], sites: Mapping[str, str]) -> dict[str, int]:
    """Count a service's results that the corpus does not hold, and those of another site than was asked."""
    asked = {query.id: site_of(query) for query in queries}
    shown = [(asked[response.query_id], hit.doc_id) for response in folder.responses(engine) for hit in response.hits]
    return {
        "shown": len(shown),
        "unmapped": sum(doc_id not in sites for _, doc_id in shown),
        "elsewhere": sum(bool(site) and sites.get(doc_id, site) != site for site, doc_id in shown),
    }


def _check_same(folder: RunFolder, before: Manifest, experiment: Experiment, loaded: Loaded) -> None:
    """Refuse to mix runs: what is in the folder must come from the same experiment on the same data."""
    changed = [
        what
        for what, was, now in (
            ("experiment", before.experiment_hash, _experiment_hash(experiment)),
            ("corpus", before.corpus.content_hash, loaded.facts.content_hash),
            ("queries", before.queries.content_hash, loaded.query_set.queries_hash),
            ("judgments", before.judgments_hash, loaded.query_set.judgments_hash),
        )
        if was != now
    ]
    engines = sorted(spec.id for spec in experiment.contestants())
    if not changed and engines != sorted(before.engines):
        changed.append("set of engines")
    if not changed:  # answers of two versions of an engine must not be mixed
        changed += [
            f"version of {spec.id}"
            for spec in experiment.contestants()
            if folder.responses_path(spec.id).is_file()
            and before.engines[spec.id].versions != _engine_record(spec).versions
        ]
    if changed:
        raise RunFolderError(
            f"{folder.folder} holds a run with another {' and '.join(changed)}: "
            "give this one another --name, or use --fresh for a new folder"
        )


def _experiment_hash(experiment: Experiment) -> str:
    """Hash what the experiment asks for; where its folders lie and what it is called does not matter.

    Addresses and secrets are left out: who knows the rest could find a short one by trying.
    """
    settings = msgspec.structs.replace(without_secrets(experiment), name="", corpus="", queries="")
    return hashlib.sha256(msgspec.json.encode(settings, order="deterministic")).hexdigest()


def _folder(runs: Path, name: str, fresh: bool) -> Path:
    return fresh_folder(runs / name) if fresh else runs / name


def _shown_documents(folder: RunFolder, manifest: Manifest, loaded: Loaded) -> Iterator[Document]:
    """Yield what reports show of the documents that were judged or returned in the first ten, without their bodies."""
    wanted = {judgment.doc_id for judgment in loaded.query_set.judgments}
    for engine in manifest.engines:
        wanted |= {hit.doc_id for response in folder.responses(engine) for hit in response.hits[:CUTOFF]}
    for document in loaded.corpus:
        if document.id in wanted:
            text = f"{document.title}\n{document.body}".encode()
            digest = hashlib.sha256(text).hexdigest()[:16]
            yield msgspec.structs.replace(document, body="", extra={"digest": digest})


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
