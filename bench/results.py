"""The run folder: what was asked, what came back, and under which conditions."""

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from bench.errors import RunFolderError
from bench.response import Response
from corpora.card import Card
from corpora.duplicates import COPIES_FILE, Copies, read_copies
from corpora.files import open_bytes, read_jsonl, write_jsonl, write_whole
from corpora.model import Document
from queries.store import QuerySet, open_query_set, write_query_set

SCHEMA_VERSION = 1


class IndexFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How an index came about: seconds, bytes on disk, peak memory of the building process."""

    build_s: float
    bytes: int
    peak_memory_bytes: int
    built_at: str
    reused: bool
    """True when this run found the index in the cache; the figures are those of its build."""


class EngineRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One contestant in the manifest; `problem` is set when it could not be built or replayed to the end."""

    use: str
    options: dict[str, Any]
    track: Literal["same-corpus", "own-index"] = "same-corpus"
    shown: int = 0
    """Results of a service with an index of its own, over all answers."""
    unmapped: int = 0
    """Those of them whose URL names no document of the corpus."""
    elsewhere: int = 0
    """Those of them that are documents of another site than the query was asked in."""
    describe: dict[str, Any] = {}
    versions: dict[str, str] = {}
    index: IndexFacts | None = None
    peak_memory_bytes: int = 0
    """Peak memory of the process that answered the queries."""
    baseline_memory_bytes: int = 0
    """Memory of that process before the engine was loaded."""
    complete: bool = False
    problem: str = ""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A corpus or query set as the run used it."""

    card: Card
    content_hash: str
    size: int
    """Documents, or queries that were replayed."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Under which conditions a run was made; written anew, whole, whenever something is added."""

    schema_version: int = SCHEMA_VERSION
    name: str
    tongcha: str
    libraries: dict[str, str]
    machine: dict[str, Any]
    seed: int
    corpus: Source
    queries: Source
    judgments_hash: str
    unjudged_queries: int
    """Queries of the set without judgments; they were not put to the engines."""
    copies: int = 0
    """Groups of copies that the corpus names; scoring counts each once."""
    experiment_hash: str
    engines: dict[str, EngineRecord]
    sessions: list[tuple[str, str]]
    """Start and end of each `tongcha run` on this folder, ISO 8601 UTC; an end is empty after a kill."""
    finished: bool = False


class RunFolder:
    """The files of one run. Nothing but `record` and `seal` touches responses; everything else can be made again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def experiment_path(self) -> Path:
        """Copy of the experiment: verbatim, unless it holds addresses or secrets."""
        return self.folder / "experiment.toml"

    @property
    def manifest_path(self) -> Path:
        """Conditions of the run."""
        return self.folder / "manifest.json"

    def manifest(self) -> Manifest:
        """Read the manifest. Raises `RunFolderError` when the folder is no run or was made by a newer tongcha."""
        if not self.folder.is_dir():
            raise RunFolderError(f"no run folder {str(self.folder)!r}: give the folder that `tongcha run` wrote")
        try:
            content = self.manifest_path.read_bytes()
            version = msgspec.json.decode(content).get("schema_version")
            if isinstance(version, int) and version > SCHEMA_VERSION:
                raise RunFolderError(
                    f"{self.manifest_path} has schema version {version}, this tongcha reads up to {SCHEMA_VERSION}: "
                    "use the tongcha that made the run"
                )
            return msgspec.json.decode(content, type=Manifest)
        except FileNotFoundError:
            raise RunFolderError(f"{self.folder} is no run folder: it has no manifest.json") from None
        except (msgspec.DecodeError, AttributeError) as problem:
            raise RunFolderError(f"{self.manifest_path} is broken ({problem}): restore it, or run anew") from problem

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest."""
        with write_whole(self.manifest_path) as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(manifest), indent=2))

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from running into this folder; a killed process leaves no lock behind.

        Raises `RunFolderError` when another process holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise RunFolderError(
                    f"{self.folder} is in use by another tongcha process: wait for it, or choose another folder"
                ) from None
            yield

    def write_query_set(self, query_set: QuerySet) -> None:
        """Keep the judged queries and their judgments, so that the folder alone can be scored again."""
        write_query_set(self.folder / "queryset", query_set.judged_queries(), query_set.judgments, query_set.card)

    def query_set(self) -> QuerySet:
        """Read the queries and judgments of the run."""
        return open_query_set(self.folder / "queryset")

    def write_copies(self, copies: Iterable[Copies]) -> None:
        """Keep the corpus's groups of copies, so that scoring can count each once."""
        write_jsonl(self.folder / COPIES_FILE, copies)

    def copies(self) -> tuple[Copies, ...]:
        """Read the groups of copies; none in a folder that keeps none."""
        return read_copies(self.folder)

    def write_documents(self, documents: Iterable[Document]) -> None:
        """Keep what reports show of documents; bodies are replaced by their digest under `extra`."""
        write_jsonl(self.folder / "documents.jsonl", documents)

    def documents(self) -> dict[str, Document]:
        """Read what is kept of the documents that were judged or returned near the top, by id."""
        path = self.folder / "documents.jsonl"
        if not path.is_file():
            return {}
        return {document.id: document for _, document in read_jsonl(path, Document, RunFolderError)}

    def responses_path(self, engine: str) -> Path:
        """Return where an engine's responses are while it is being replayed."""
        return self.folder / engine / "responses.jsonl"

    def responses(self, engine: str) -> list[Response]:
        """Read an engine's acknowledged responses in the order they came, sealed or not; [] when there are none.

        Raises `RunFolderError` on a broken line or a query answered twice; a last line cut short by a kill was
        never acknowledged and is passed over.
        """
        path = _sealed(self.responses_path(engine))
        if not path.is_file():
            path = self.responses_path(engine)
            if not path.is_file():
                return []
            _cut_torn_line(path)
        kept: dict[str, Response] = {}
        for number, response in read_jsonl(path, Response, RunFolderError):
            if response.query_id in kept:
                raise RunFolderError(f"{path} line {number}: query {response.query_id!r} was answered before: keep one")
            kept[response.query_id] = response
        return list(kept.values())

    @contextlib.contextmanager
    def recording(self, engine: str) -> Iterator[IO[bytes]]:
        """Open an engine's responses for appending lines; what `flush` has passed survives a kill."""
        path = self.responses_path(engine)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            _cut_torn_line(path)
        with path.open("ab") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())

    def seal(self, engine: str) -> None:
        """Compress the finished responses of an engine; they are read-only from then on."""
        import zstandard

        path = self.responses_path(engine)
        if not path.is_file():
            return
        with open_bytes(path) as plain, write_whole(_sealed(path)) as sealed:
            zstandard.ZstdCompressor(level=9).copy_stream(plain, sealed)
        path.unlink()

    def is_sealed(self, engine: str) -> bool:
        """Tell whether an engine's responses are complete and sealed."""
        return _sealed(self.responses_path(engine)).is_file()


def fresh_folder(folder: Path) -> Path:
    """Return the folder's path if there is none yet, else that of one beside it: `NAME-2`, `NAME-3` and so on."""
    found, number = folder, 2
    while found.exists():
        found = folder.with_name(f"{folder.name}-{number}")
        number += 1
    return found


def append(stream: IO[bytes], line: bytes) -> None:
    """Append one encoded response and hand it to the operating system: from here on it is acknowledged."""
    stream.write(line + b"\n")
    stream.flush()


def _sealed(path: Path) -> Path:
    return path.with_name(path.name + ".zst")


def _cut_torn_line(path: Path) -> None:
    """Drop a last line without its end: the process died in the middle of writing it."""
    with path.open("rb+") as stream:
        content = stream.read()
        end = content.rfind(b"\n") + 1
        if end != len(content):
            stream.truncate(end)
