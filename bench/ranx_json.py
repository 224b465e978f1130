"""Read and write runs as ranx keeps them: JSON of `{query: {document: score}}`."""

import json
import math
from pathlib import Path
from typing import Any

import polars as pl

from bench.errors import RunFileError
from bench.ranking import Ties, rank_by_score
from corpora.files import UnreadableFileError, read_whole, write_whole

_LAYOUT = "{query: {document: score}}"


def read_ranx_json(path: Path, ties: Ties = "rank") -> pl.DataFrame:
    """Return the answers of a ranx JSON run, gzipped or not: query_id, doc_id and rank (Int64, 1 for the best).

    The score decides the rank, highest first. Ties: "rank" keeps the order of the file; "trec_eval" is as in
    `bench.trec.read_run`. A query with no documents leaves no row. Raises `RunFileError` for a file that is missing, is
    not such JSON or names a query or a document of one answer twice.
    """
    try:
        answers = json.loads(read_whole(path), object_pairs_hook=_Pairs)
    except FileNotFoundError:
        raise RunFileError(f"{path}: no such file; name a ranx JSON run") from None
    except UnreadableFileError as error:
        raise RunFileError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise RunFileError(f"{path}: not JSON: {error}; write {_LAYOUT}") from error
    columns: dict[str, list[Any]] = {"query_id": [], "doc_id": [], "score": []}
    for query, answer in _once(path, "the run", "query", answers):
        pairs = _once(path, f"query '{query}'", "document", answer)
        columns["query_id"] += [query] * len(pairs)
        columns["doc_id"] += [doc for doc, _ in pairs]
        columns["score"] += [_score(path, query, doc, score) for doc, score in pairs]
    schema = {"query_id": pl.String, "doc_id": pl.String, "score": pl.Float64}
    try:
        frame = pl.DataFrame(columns, schema=schema)
    except UnicodeEncodeError as error:  # JSON can spell half a surrogate pair, which is no character
        raise RunFileError(f"{path}: an id is not text: {error.object[:40]!r}; correct it") from error
    return rank_by_score(frame.with_row_index("file_rank"), ties)


def write_ranx_json(path: Path, run: pl.DataFrame) -> None:
    """Write answers (columns query_id, doc_id and rank) as ranx JSON; scores fall by one from rank to rank.

    The file appears whole or not at all. Raises `RunFileError` when it cannot be written.
    """
    answers: dict[str, dict[str, int]] = {}
    depth = pl.col("rank").max().over("query_id")
    for query, doc, score in run.sort("rank").select("query_id", "doc_id", depth - pl.col("rank") + 1).iter_rows():
        answers.setdefault(query, {})[doc] = score
    order = run.get_column("query_id").unique(maintain_order=True)
    try:
        with write_whole(path) as file:
            file.write(json.dumps({query: answers[query] for query in order}, ensure_ascii=False).encode())
    except OSError as error:
        raise RunFileError(f"{path}: cannot be written: {error.strerror or error}") from error


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as pairs, so that a name that comes twice is not lost."""


def _once(path: Path, owner: str, kind: str, value: object) -> _Pairs:
    if not isinstance(value, _Pairs):
        raise RunFileError(f"{path}: {owner} is not a JSON object; write {_LAYOUT}")
    seen: set[str] = set()
    for name, _ in value:
        if name in seen:
            raise RunFileError(f"{path}: {owner} holds {kind} '{name}' twice; keep one of them")
        seen.add(name)
    return value


def _score(path: Path, query: str, doc: str, score: object) -> float:
    if type(score) not in (int, float) or math.isnan(value := float(str(score))):
        raise RunFileError(f"{path}: query '{query}', document '{doc}': {score!r} is not a number; correct it")
    return value
