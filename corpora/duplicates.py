"""Find near-duplicate texts: MinHash signatures of character shingles, met through locality-sensitive hashing.

Two texts count as near-duplicates from an estimated Jaccard similarity of 0.8 of their 5-character shingles on (Broder,
"On the resemblance and containment of documents", 1997). The estimate has a standard error of about .035.
"""

import unicodedata
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Generic, Literal, TypeVar

import msgspec
from rensa import RMinHash, RMinHashLSH

from corpora.errors import CorpusFormatError
from corpora.files import existing, read_jsonl

COPIES_FILE = "duplicates.jsonl"
SHINGLE = 5
SIMILAR = 0.8
_PERMUTATIONS = 128
_BANDS = 32
_SEED = 42

Name = TypeVar("Name", bound=Hashable)


class NearDuplicates(Generic[Name]):
    """Texts added one by one, each compared with all before it; keeps a signature of 512 bytes for each."""

    def __init__(self, similar: float = SIMILAR):
        self._similar = similar
        self._index = RMinHashLSH(similar, _PERMUTATIONS, _BANDS)
        self._names: list[Name] = []
        self._signatures: list[RMinHash] = []

    def add(self, name: Name, text: str) -> list[Name]:
        """Return the names of earlier texts that this one nearly repeats, in the order in which they were added."""
        signature = RMinHash(_PERMUTATIONS, _SEED)
        signature.update(shingles(text))
        met = sorted(set(self._index.query(signature)))
        found = [self._names[at] for at in met if signature.jaccard(self._signatures[at]) >= self._similar]
        self._index.insert(len(self._names), signature)
        self._names.append(name)
        self._signatures.append(signature)
        return found


def shingles(text: str) -> list[str]:
    """Return the overlapping character sequences of a text, spaces and width left out; a short text is one.

    >>> shingles("居住证 申领指南")
    ['居住证申领', '住证申领指', '证申领指南']
    """
    dense = "".join(unicodedata.normalize("NFKC", text).split())
    return [dense[start : start + SHINGLE] for start in range(len(dense) - SHINGLE + 1)] or [dense]


class Copies(msgspec.Struct, frozen=True, kw_only=True):
    """Pages that say the same, the likely original first; a line of `duplicates.jsonl`."""

    group: str
    kind: Literal["exact", "near"]
    """`exact` where all texts are the same but for spaces and a line that names the source."""
    doc_ids: tuple[str, ...]


def read_copies(folder: Path) -> tuple[Copies, ...]:
    """Return the groups of copies that a corpus folder names, none without a `duplicates.jsonl`.

    Raises `CorpusFormatError` when the file cannot be used or a document stands in two groups.
    """
    path = existing(folder / COPIES_FILE)
    if path is None:
        return ()
    found = tuple(copies for _, copies in read_jsonl(path, Copies, CorpusFormatError))
    group_of(found, str(path))
    return found


def group_of(found: Iterable[Copies], where: str = COPIES_FILE) -> dict[str, str]:
    """Return the group of every document that has copies; raise `CorpusFormatError` when one has two groups."""
    groups: dict[str, str] = {}
    for copies in found:
        for doc_id in copies.doc_ids:
            if groups.setdefault(doc_id, copies.group) != copies.group:
                raise CorpusFormatError(
                    f"{where}: document {doc_id!r} stands in the groups {groups[doc_id]!r} and {copies.group!r}: "
                    "leave it in one, or join them"
                )
    return groups
