"""TREC query sets: `queries.tsv` with id and text, and `qrels.txt`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from corpora.files import not_utf8, write_whole
from queries.errors import QuerySetFormatError
from queries.model import Judgment, Query
from queries.trec import read_qrels, write_qrels

QUERIES = "queries.tsv"
QRELS = "qrels.txt"


def read_queries(path: Path) -> Iterator[tuple[int, Query]]:
    """Yield line number and query of a file with one tab-separated id and text a line.

    Raises `QuerySetFormatError` naming the line that cannot be used.
    """
    content = path.read_bytes()
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as problem:
        raise QuerySetFormatError(f"{path}: {not_utf8(content)}") from problem
    for number, line in enumerate(lines, 1):
        if line.strip():
            query_id, tab, text = line.rstrip("\r").partition("\t")
            if not tab:
                raise QuerySetFormatError(f"{path} line {number}: {line[:80]!r} has no tab between query id and text")
            yield number, Query(id=query_id, text=text)


def read_judgments(path: Path) -> Iterator[tuple[int, Judgment]]:
    """Yield line number and judgment of a TREC qrels file."""
    for number, (query_id, doc_id, grade) in enumerate(read_qrels(path).iter_rows(), 1):
        yield number, Judgment(query_id=query_id, doc_id=doc_id, grade=grade)


def write(folder: Path, queries: Iterable[Query], judgments: Iterable[Judgment]) -> None:
    """Write `queries.tsv` and `qrels.txt`; facets, assessors and flags have no place in TREC files and are left out.

    Raises `QuerySetFormatError` for an id with white space in it, which a qrels file cannot hold.
    """
    judged = list(judgments)
    frame = {
        "query_id": [judgment.query_id for judgment in judged],
        "doc_id": [judgment.doc_id for judgment in judged],
        "grade": [judgment.grade for judgment in judged],
    }
    folder.mkdir(parents=True, exist_ok=True)
    write_qrels(folder / QRELS, pl.DataFrame(frame))
    with write_whole(folder / QUERIES) as stream:
        for query in queries:
            stream.write(f"{query.id}\t{' '.join(query.text.split())}\n".encode())
