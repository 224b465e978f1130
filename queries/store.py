"""Query sets on disk: open one in whatever format it has, check it, write one."""

from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from corpora.cache import cache_root, package_fingerprint
from corpora.card import Card, read_card, write_card
from corpora.files import ContentHash, existing, read_jsonl, write_jsonl
from corpora.store import build_once
from queries import beir, topics
from queries.errors import QuerySetFormatError, QuerySetNotFoundError
from queries.model import Judgment, Query

QUERIES = "queries.jsonl"
JUDGMENTS = "judgments.jsonl"
DEMO = "demo"
FORMATS = ("tongcha", "beir", "trec")

_SHOWN = 5

K = TypeVar("K")
T = TypeVar("T", Query, Judgment)


class QuerySet(msgspec.Struct, frozen=True, kw_only=True):
    """A checked query set: unique query ids, every judgment for a known query, each pair judged once."""

    card: Card
    queries: tuple[Query, ...]
    judgments: tuple[Judgment, ...]
    queries_hash: str
    judgments_hash: str

    def judged_queries(self) -> tuple[Query, ...]:
        """Return the queries that have at least one judgment, in order: the ones that can be scored."""
        judged = {judgment.query_id for judgment in self.judgments}
        return tuple(query for query in self.queries if query.id in judged)

    def check_documents(self, known: Container[str], corpus: str) -> None:
        """Raise `QuerySetFormatError` when judgments name documents that are not among the known ids."""
        unknown = sorted({judgment.doc_id for judgment in self.judgments if judgment.doc_id not in known})
        if unknown:
            raise QuerySetFormatError(
                f"query set {self.card.name!r} judges {len(unknown)} documents that corpus {corpus!r} does not hold "
                f"({_some(unknown)}): use the corpus that the judgments were made on, or remove these judgments"
            )


def open_query_set(name_or_folder: str | Path, split: str = "") -> QuerySet:
    """Open a query set folder (tongcha, BEIR or TREC format), or the bundled one by the name `demo`.

    `split` chooses among the qrels files of a BEIR folder. Raises `QuerySetNotFoundError` when there is no query set
    and `QuerySetFormatError` when it cannot be used as it is.
    """
    folder = _demo_folder() if name_or_folder == DEMO else Path(name_or_folder)
    if not folder.is_dir():
        raise QuerySetNotFoundError(
            f"no query set folder {str(folder)!r}: give a folder, or 'demo' for the bundled query set"
        )
    card = read_card(folder, QuerySetFormatError)
    queries, judgments = _files(folder, split)
    return check(card, queries, judgments)


def judgment_of(opened: QuerySet, query_id: str, doc_id: str) -> tuple[Query, Judgment | None]:
    """Return a query and its judgment of a document, None where it has none.

    Raises `QuerySetFormatError` when the set does not hold the query.
    """
    query = next((query for query in opened.queries if query.id == query_id), None)
    if query is None:
        raise QuerySetFormatError(
            f"query set {opened.card.name!r} holds no query {query_id!r}: look in its queries file"
        )
    rows = (row for row in opened.judgments if row.query_id == query_id and row.doc_id == doc_id)
    return query, next(rows, None)


def check(card: Card, queries: Iterable[tuple[str, Query]], judgments: Iterable[tuple[str, Judgment]]) -> QuerySet:
    """Return the checked set of records given with where each stands.

    Raises `QuerySetFormatError` when it is empty, an id or text is empty, an id or judged pair stands twice, or a
    judgment names a query that is not in the set.
    """
    seen: dict[str, str] = {}
    kept: list[Query] = []
    for where, query in queries:
        if not query.id or not query.text.strip():
            raise QuerySetFormatError(f"{where}: the query has no id or no text: give it both")
        _once(seen, query.id, where, f"query id {query.id!r}")
        kept.append(query)
    for query in kept:
        if query.parent and query.parent not in seen:
            raise QuerySetFormatError(
                f"{seen[query.id]}: query {query.id!r} has the parent {query.parent!r}, which the set does not hold: "
                "add the parent or clear the field"
            )
    if not kept:
        raise QuerySetFormatError(f"query set {card.name!r} is empty: it must hold at least one query")
    return QuerySet(
        card=card,
        queries=tuple(kept),
        judgments=(judged := tuple(_checked_judgments(card, seen, judgments))),
        queries_hash=_hash(kept),
        judgments_hash=_hash(judged),
    )


def _checked_judgments(
    card: Card, known: Container[str], judgments: Iterable[tuple[str, Judgment]]
) -> Iterator[Judgment]:
    pairs: dict[tuple[str, str], str] = {}
    unknown: dict[str, str] = {}
    for where, judgment in judgments:
        pair = (judgment.query_id, judgment.doc_id)
        _once(pairs, pair, where, f"the judgment of document {pair[1]!r} for query {pair[0]!r}")
        if judgment.query_id not in known:
            unknown.setdefault(judgment.query_id, where)
        yield judgment
    if unknown:
        where = next(iter(unknown.values()))
        raise QuerySetFormatError(
            f"{where}: judgments name {len(unknown)} queries that the set does not hold ({_some(sorted(unknown))}): "
            "add the queries or remove these judgments"
        )
    if not pairs:
        raise QuerySetFormatError(f"query set {card.name!r} has no judgments: nothing could be scored, add some")


def write_query_set(
    folder: Path, queries: Iterable[Query], judgments: Iterable[Judgment], card: Card, *, layout: str = "tongcha"
) -> None:
    """Write a query set folder in the `tongcha`, `beir` or `trec` format; files there are replaced whole."""
    if layout == "beir":
        beir.write(folder, queries, judgments)
    elif layout == "trec":
        topics.write(folder, queries, judgments)
    else:
        write_jsonl(folder / QUERIES, queries)
        write_jsonl(folder / JUDGMENTS, judgments)
    write_card(folder, card)


def _files(folder: Path, split: str) -> tuple[Iterator[tuple[str, Query]], Iterator[tuple[str, Judgment]]]:
    """Return the records of whichever format the folder holds."""
    queries, judgments = existing(folder / QUERIES), existing(folder / JUDGMENTS)
    if queries and judgments:
        return (
            _placed(queries, lambda path: read_jsonl(path, Query, QuerySetFormatError)),
            _placed(judgments, lambda path: read_jsonl(path, Judgment, QuerySetFormatError)),
        )
    if queries and (folder / "qrels").is_dir():
        return _placed(queries, beir.read_queries), _placed(beir.qrels_file(folder, split), beir.read_judgments)
    if (topic_file := folder / topics.QUERIES).is_file() and (qrels := folder / topics.QRELS).is_file():
        return _placed(topic_file, topics.read_queries), _placed(qrels, topics.read_judgments)
    raise QuerySetNotFoundError(
        f"{folder} holds no query set: it needs {QUERIES} with {JUDGMENTS} (tongcha) or with qrels/*.tsv (BEIR), "
        f"or {topics.QUERIES} with {topics.QRELS} (TREC)"
    )


def _placed(path: Path, read: Callable[[Path], Iterator[tuple[int, T]]]) -> Iterator[tuple[str, T]]:
    return ((f"{path} line {number}", record) for number, record in read(path))


def _once(seen: dict[K, str], key: K, where: str, what: str) -> None:
    if key in seen:
        raise QuerySetFormatError(f"{where}: {what} already stands at {seen[key]}: keep one")
    seen[key] = where


def _hash(records: Iterable[msgspec.Struct]) -> str:
    content = ContentHash()
    for record in records:
        content.add(record)
    return content.hexdigest()


def _some(names: list[str]) -> str:
    return ", ".join(map(repr, names[:_SHOWN])) + (" …" if len(names) > _SHOWN else "")


def _demo_folder() -> Path:
    from queries.demo import compose  # composing reads the authored texts; only when asked for

    def build(folder: Path) -> None:
        queries, judgments = compose.compose()
        write_query_set(folder, queries, judgments, card)

    card = compose.card()
    name = f"demo-{card.version}-{package_fingerprint('corpora.demo', 'queries.demo')}"
    return build_once(cache_root() / "queries" / name, build)
