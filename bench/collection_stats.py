"""Describe a collection by the properties that real ones share, so that two can be laid side by side."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from corpora.duplicates import NearDuplicates
from corpora.model import Document
from indexers.segment import Segmenter
from queries.store import QuerySet

VOCABULARY_AT = (10_000, 100_000, 1_000_000)
"""Numbers of running words at which the vocabulary is told."""


FIRST_POINT = 1_024
"""Number of running words from which on, at every doubling, the growth of the vocabulary is fitted."""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution of lengths in characters or words."""

    mean: float
    p10: int
    p50: int
    p90: int
    max: int


class QueryStats(msgspec.Struct, frozen=True, kw_only=True):
    """What the clean queries of a set look like."""

    queries: int
    characters: Spread
    words: Spread
    title_overlap: float
    """Mean share of a query's words that the title of its best judged document holds."""
    text_overlap: float
    """The same for title and body together."""


class CorpusStats(msgspec.Struct, frozen=True, kw_only=True):
    """What a corpus looks like; the queries only where a set comes with it."""

    name: str
    documents: int
    body_characters: Spread
    title_characters: Spread
    running_words: int
    vocabulary: int
    vocabulary_at: dict[str, int]
    """Different words among the first so many; no entry where the corpus is smaller."""
    heaps_exponent: float
    """β of Heaps' law, vocabulary = K · words^β, fitted by least squares at 1,024 words and every doubling."""
    hapax_share: float
    """Share of the vocabulary that occurs once."""
    near_duplicate_share: float
    """Share of documents with a body nearly equal to another one's."""
    unintended_near_duplicate_share: float
    """The same without pairs of which one names the other as its original or its parent."""
    queries: QueryStats | None = None


def corpus_stats(
    name: str, documents: Iterable[Document], queries: QuerySet | None, on_document: Callable[[int], None]
) -> CorpusStats:
    """Describe a corpus, and the queries that go with it, in one pass; `on_document` is told how many were read."""
    segmenter = Segmenter(search=False)
    best = _best(queries) if queries else {}
    wanted = frozenset(best.values())
    answers: dict[str, tuple[str, str]] = {}
    bodies: list[int] = []
    titles: list[int] = []
    counts: dict[str, int] = {}
    growth: dict[int, int] = {}
    at: dict[str, int] = {}
    running, point = 0, FIRST_POINT
    pairs = NearDuplicates[tuple[str, str]]()
    repeated: set[str] = set()
    by_accident: set[str] = set()
    for number, document in enumerate(documents, 1):
        bodies.append(len(document.body))
        titles.append(len(document.title))
        for word in segmenter.words(f"{document.title}\n{document.body}"):
            counts[word] = counts.get(word, 0) + 1
            running += 1
            if running == point:
                growth[running] = len(counts)
                point *= 2
            if running in VOCABULARY_AT:
                at[f"{running:,}"] = len(counts)
        origin = document.extra.get("mirror_of") or document.extra.get("attachment_of") or document.id
        for other, other_origin in pairs.add((document.id, origin), document.body):
            repeated |= {document.id, other}
            if origin != other_origin:
                by_accident |= {document.id, other}
        if document.id in wanted:
            answers[document.id] = (document.title, document.body)
        on_document(number)
    return CorpusStats(
        name=name,
        documents=len(bodies),
        body_characters=_spread(bodies),
        title_characters=_spread(titles),
        running_words=running,
        vocabulary=len(counts),
        vocabulary_at=at,
        heaps_exponent=_heaps(growth),
        hapax_share=_share(sum(count == 1 for count in counts.values()), len(counts)),
        near_duplicate_share=_share(len(repeated), len(bodies)),
        unintended_near_duplicate_share=_share(len(by_accident), len(bodies)),
        queries=_queries(queries, best, answers, segmenter) if queries else None,
    )


def _best(queries: QuerySet) -> dict[str, str]:
    """Return the first of the highest graded documents of each query."""
    best: dict[str, tuple[int, str]] = {}
    for judgment in queries.judgments:
        if judgment.grade > best.get(judgment.query_id, (0, ""))[0]:
            best[judgment.query_id] = (judgment.grade, judgment.doc_id)
    return {query_id: doc_id for query_id, (_, doc_id) in best.items()}


def _queries(
    queries: QuerySet, best: dict[str, str], answers: dict[str, tuple[str, str]], segmenter: Segmenter
) -> QueryStats:
    clean = [query for query in queries.queries if not query.parent]
    words = {query.id: segmenter.words(query.text) for query in clean}
    in_title: list[float] = []
    in_text: list[float] = []
    for query in clean:
        title, body = answers.get(best.get(query.id, ""), ("", ""))
        if title or body:
            told = set(words[query.id])
            heading = set(segmenter.words(title))
            in_title.append(_share(len(told & heading), len(told)))
            in_text.append(_share(len(told & (heading | set(segmenter.words(body)))), len(told)))
    return QueryStats(
        queries=len(clean),
        characters=_spread([len(query.text) for query in clean]),
        words=_spread([len(words[query.id]) for query in clean]),
        title_overlap=_share(sum(in_title), len(in_title)),
        text_overlap=_share(sum(in_text), len(in_text)),
    )


def _spread(lengths: Sequence[int]) -> Spread:
    """Return mean and nearest-rank percentiles; zeros where there is nothing."""
    ordered = sorted(lengths) or [0]

    def at(share: float) -> int:
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    return Spread(mean=_share(sum(ordered), len(ordered)), p10=at(0.1), p50=at(0.5), p90=at(0.9), max=ordered[-1])


def _heaps(growth: dict[int, int]) -> float:
    """Return the slope of log vocabulary over log words; 0 where fewer than two points are known."""
    points = [(math.log(words), math.log(size)) for words, size in growth.items()]
    if len(points) < 2:
        return 0.0
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def side_by_side(found: Sequence[CorpusStats]) -> list[list[str]]:
    """Return a row for each property, its name first, then its value in each corpus."""
    rows = [
        ["documents", *(f"{stats.documents:,}" for stats in found)],
        *_spread_rows("body, characters", [stats.body_characters for stats in found]),
        *_spread_rows("title, characters", [stats.title_characters for stats in found]),
        ["running words", *(f"{stats.running_words:,}" for stats in found)],
        ["vocabulary", *(f"{stats.vocabulary:,}" for stats in found)],
    ]
    for at in (f"{words:,}" for words in VOCABULARY_AT):
        told = [stats.vocabulary_at.get(at) for stats in found]
        rows.append([f"vocabulary at {at} words", *("–" if size is None else f"{size:,}" for size in told)])
    rows += [
        ["Heaps' exponent", *(f"{stats.heaps_exponent:.2f}" for stats in found)],
        ["words that occur once", *(f"{stats.hapax_share:.1%}" for stats in found)],
        ["near-duplicates", *(f"{stats.near_duplicate_share:.1%}" for stats in found)],
        ["near-duplicates, unintended", *(f"{stats.unintended_near_duplicate_share:.1%}" for stats in found)],
        ["clean queries", *(f"{stats.queries.queries:,}" if stats.queries else "–" for stats in found)],
        *_spread_rows("query, characters", [s.queries.characters if s.queries else None for s in found]),
        *_spread_rows("query, words", [s.queries.words if s.queries else None for s in found]),
        ["query words in the title", *(f"{s.queries.title_overlap:.1%}" if s.queries else "–" for s in found)],
        ["query words in the page", *(f"{s.queries.text_overlap:.1%}" if s.queries else "–" for s in found)],
    ]
    return rows


def _spread_rows(name: str, found: Sequence[Spread | None]) -> Iterator[list[str]]:
    yield [f"{name}: mean", *(f"{spread.mean:,.1f}" if spread else "–" for spread in found)]
    told = [f"{s.p10:,} / {s.p50:,} / {s.p90:,} / {s.max:,}" if s else "–" for s in found]
    yield [f"{name}: p10 / p50 / p90 / max", *told]
