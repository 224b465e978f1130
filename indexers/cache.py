"""Built indexes on disk, so that the same corpus is indexed once per engine set-up.

    cache/
      tantivy-bigrams-3f2a9c0d1e4b5a67/     one index, complete: it is renamed into place when it is
        index.json                          its record
        made_by.json                        what the engine said of itself; see `indexers.made_by`
        tantivy/…                           the engine's files
      tantivy-bigrams-3f2a9c0d1e4b5a67.building-8123-k3j2/   one that process 8123 is building

The key covers all that decides what is in the folder: corpus, engine, options, what the engine says of itself
(tokenizer, user dictionary, library versions) and this package's own index schema.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import Any

import msgspec

from indexers.api import OnServer
from indexers.errors import IndexBuildError
from indexers.folders import folder_bytes
from indexers.registry import EngineSetup, create, versions, without_secrets

INDEX_SCHEMA = 3
"""Raise it when a built-in engine changes what it writes: older folders are then no longer found."""
RECORD_NAME = "index.json"
_BUILDING = re.compile(r"(?P<key>.+)\.building-(?P<pid>\d+)-[0-9a-f]+")


class IndexRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What it took to build an index."""

    engine: str
    """Engine id."""
    options: dict[str, Any] = {}
    versions: dict[str, str] = {}
    corpus_hash: str = ""
    documents: int = 0
    build_s: float = 0.0
    bytes: int | None = None
    """Summed sizes of the index files, which `commit` measures; where a server holds the index, what it says, or 0."""
    peak_memory_bytes: int | None = None
    built_at: str = ""
    """ISO 8601 with time zone."""
    machine: dict[str, Any] = {}
    schema: int = INDEX_SCHEMA


class IndexCache:
    """Index folders below `root`; the constructor touches nothing.

    >>> cache = IndexCache(Path("cache"))                              # doctest: +SKIP
    >>> key = cache.key(corpus_hash, setup)                            # doctest: +SKIP
    >>> if cache.find(key) is None:                                    # doctest: +SKIP
    ...     temp = cache.begin(key)
    ...     create(setup, temp).build(documents)
    ...     cache.commit(key, temp, IndexRecord(engine=setup.id))
    >>> index = create(setup, cache.folder(key))                       # doctest: +SKIP
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def key(self, corpus_hash: str, setup: EngineSetup) -> str:
        """Return the folder name for this corpus and set-up: engine id, then a hash of all that decides its content."""
        # An engine describes itself the same before and after building; conformance checks that.
        index = create(setup, self.root / "unbuilt")
        try:
            identity = {
                "schema": INDEX_SCHEMA,
                "corpus": corpus_hash,
                "engine": setup.name,
                "options": without_secrets(setup.id, msgspec.to_builtins(setup.options)),
                "versions": versions(setup),
                "describe": index.describe(),
                **({"place": index.place()} if isinstance(index, OnServer) else {}),
            }
        finally:
            index.close()
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
        return f"{re.sub(r'[^A-Za-z0-9._-]', '_', setup.id)}-{digest[:16]}"

    def folder(self, key: str) -> Path:
        """Return where the index of that key is, or will be."""
        return self.root / key

    def find(self, key: str) -> IndexRecord | None:
        """Return the record of a complete index, or None; one with an unreadable record counts as absent."""
        try:
            return msgspec.json.decode((self.folder(key) / RECORD_NAME).read_bytes(), type=IndexRecord)
        except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
            return None

    def drop(self, key: str) -> None:
        """Forget the index of that key, so that the next one built takes its place."""
        if self.folder(key).exists():
            self._remove(self.folder(key))

    def begin(self, key: str) -> Path:
        """Return a new empty folder to build in; several processes may each have one for the same key."""
        self.remove_stale()
        temp = self.root / f"{key}.building-{os.getpid()}-{secrets.token_hex(4)}"
        temp.mkdir(parents=True)
        return temp

    def commit(self, key: str, temp: Path, record: IndexRecord) -> Path:
        """Put the finished index into place, its size in the record, and return its folder.

        If another process was faster, its index is kept and `temp` is removed: both hold the same.
        Close the engine that built it first: Windows cannot move open files.
        """
        record = msgspec.structs.replace(record, bytes=folder_bytes(temp) if record.bytes is None else record.bytes)
        (temp / RECORD_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2))
        target = self.folder(key)
        for _ in range(2):
            try:
                temp.rename(target)  # fails if target holds anything: atomic, and first come, first served
            except OSError as error:
                if self.find(key) is not None:
                    self.discard(temp)
                    return target
                if not target.exists():
                    raise IndexBuildError(f"cannot move the index to {target}: {error.strerror or error}") from error
                # Something without a readable record is in the way. Renaming it first lets only one of two processes
                # delete it.
                self._remove(target)
            else:
                return target
        raise IndexBuildError(f"cannot move the index to {target}: delete that folder and try again")

    def discard(self, temp: Path) -> None:
        """Remove a folder of `begin`, if it is still there."""
        if _BUILDING.fullmatch(temp.name) is None or temp.parent != self.root:
            raise IndexBuildError(f"{temp} is not a folder that this cache began")
        shutil.rmtree(temp, ignore_errors=True)

    def remove_stale(self) -> list[Path]:
        """Remove what dead processes left half built, and return it."""
        if not self.root.is_dir():
            return []
        stale = []
        for path in self.root.iterdir():
            match = _BUILDING.fullmatch(path.name)
            if match and not _alive(int(match["pid"])):
                shutil.rmtree(path, ignore_errors=True)
                stale.append(path)
        return stale

    def _remove(self, target: Path) -> None:
        aside = self.root / f"{target.name}.building-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            target.rename(aside)
        except OSError:
            return  # another process was faster
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # os.kill would end the process there; a leftover folder is the lesser evil
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # another user's
    return True
