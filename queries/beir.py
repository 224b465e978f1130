"""BEIR query sets: `queries.jsonl` with `_id`, `text` and `metadata`, and judgments in `qrels/SPLIT.tsv`."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from corpora.files import not_utf8, read_jsonl, write_jsonl, write_whole
from queries.errors import QuerySetFormatError, QuerySetNotFoundError
from queries.model import Judgment, Query

FILE = "queries.jsonl"
HEADER = "query-id\tcorpus-id\tscore"

_FIELDS = frozenset(msgspec.structs.asdict(Query(id="", text=""))) - {"id", "text"}


class _Record(msgspec.Struct, omit_defaults=True):
    id: str | int = msgspec.field(name="_id")
    text: str
    metadata: dict[str, Any] | None = {}


def read_queries(path: Path) -> Iterator[tuple[int, Query]]:
    """Yield line number and query; `metadata` keys that are fields of `Query` become those, others are dropped."""
    for number, record in read_jsonl(path, _Record, QuerySetFormatError):
        facets = {key: str(value) for key, value in (record.metadata or {}).items() if key in _FIELDS and value}
        yield number, Query(id=str(record.id), text=record.text, **facets)


def qrels_file(folder: Path, split: str) -> Path:
    """Return the judgments file of a split; without a name, `test` or the only split there is.

    Raises `QuerySetNotFoundError` naming the splits to choose from.
    """
    splits = {path.stem: path for path in sorted((folder / "qrels").glob("*.tsv"))}
    chosen = split or ("test" if "test" in splits or len(splits) != 1 else next(iter(splits)))
    if chosen not in splits:
        has = f"it has {', '.join(splits)}: choose one as the split" if splits else "it has none: add qrels/test.tsv"
        raise QuerySetNotFoundError(f"{folder} has no judgments for split {chosen!r}; {has}")
    return splits[chosen]


def read_judgments(path: Path) -> Iterator[tuple[int, Judgment]]:
    """Yield line number and judgment of a BEIR qrels file, whose first line is a header.

    Raises `QuerySetFormatError` naming the line that cannot be used.
    """
    content = path.read_bytes()
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as problem:
        raise QuerySetFormatError(f"{path}: {not_utf8(content)}") from problem
    for number, line in enumerate(lines, 1):
        cells = line.split("\t")
        if not line.strip() or (number == 1 and cells[0].strip() == "query-id"):
            continue
        try:
            query_id, doc_id, grade = cells
            yield number, Judgment(query_id=query_id, doc_id=doc_id, grade=int(grade))
        except ValueError as problem:
            raise QuerySetFormatError(
                f"{path} line {number}: {line[:80]!r} is no judgment: write query id, document id and an integer "
                "grade, separated by tabs"
            ) from problem


def write(folder: Path, queries: Iterable[Query], judgments: Iterable[Judgment], *, split: str = "test") -> None:
    """Write `queries.jsonl` and `qrels/SPLIT.tsv`; assessors and flags have no place in BEIR and are left out."""
    write_jsonl(folder / FILE, map(_record, queries))
    with write_whole(folder / "qrels" / f"{split}.tsv") as stream:
        stream.write(f"{HEADER}\n".encode())
        for judgment in judgments:
            stream.write(f"{judgment.query_id}\t{judgment.doc_id}\t{judgment.grade}\n".encode())


def _record(query: Query) -> _Record:
    facets = {name: value for name in sorted(_FIELDS) if (value := getattr(query, name))}
    return _Record(id=query.id, text=query.text, metadata=facets)
