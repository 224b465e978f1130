"""From a run folder to values per engine, measure and query; no engine is asked anything."""

from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from bench import indices
from bench.copies import Groups, once
from bench.errors import RunFolderError
from bench.experiment import Scoring
from bench.measure_names import Measure, chosen_measures
from bench.measures import evaluate
from bench.response import Response
from bench.results import Manifest, RunFolder
from corpora.duplicates import group_of
from corpora.files import write_whole
from queries.model import Judgment, Query
from queries.store import QuerySet

Floats = NDArray[np.float64]


class EngineScores(msgspec.Struct, frozen=True, kw_only=True):
    """What one engine's answers are worth; arrays hold one value per judged query, NaN where it does not enter."""

    measures: dict[str, Floats]
    headlines: dict[str, Floats]
    """`found`, `fast` and `accurate`, each 0 to 1."""
    shares: dict[str, Floats]
    """`judged@10`, `wrong_region@10`, `outdated@10`, `duplicates@10`."""
    useful_rank: Floats
    """Rank of the first useful result, infinity where none came."""
    causes: dict[str, indices.Cause]
    outcomes: pl.DataFrame
    """query_id, outcome, latency_ms."""


class RunScores(msgspec.Struct, frozen=True, kw_only=True):
    """A scored run: the judged queries in order, the grades that were used, and each engine's scores."""

    queries: tuple[Query, ...]
    relevant: int
    useful: int
    pooled: bool
    """False for a set that judges nothing not relevant, such as a known-item set; Judged@10 tells nothing there."""
    engines: dict[str, EngineScores]


def score_run(folder: RunFolder, manifest: Manifest, scoring: Scoring) -> RunScores:
    """Score every engine that answered all queries, from the files of the run folder alone.

    Raises `RunFolderError` when responses name queries that the run does not hold.
    """
    query_set = folder.query_set()
    queries = query_set.queries
    judgments = judgments_frame(query_set.judgments)
    highest = max(judgment.grade for judgment in query_set.judgments)
    measures = chosen_measures(scoring.measures, highest)
    useful = scoring.useful or max(scoring.relevant, min(2, highest))
    digests = _digests(folder)
    groups = group_of(folder.copies()) if scoring.copies == "once" else {}
    engines = {}
    for name, record in manifest.engines.items():
        if record.complete:
            responses = folder.responses(name)
            _check_queries(name, responses, {query.id for query in queries})
            engines[name] = _score(responses, judgments, queries, measures, scoring, useful, digests, groups)
    return RunScores(
        queries=queries,
        relevant=scoring.relevant,
        useful=useful,
        pooled=any(judgment.grade <= 0 for judgment in query_set.judgments),
        engines=engines,
    )


def check_measures(query_set: QuerySet, scoring: Scoring) -> None:
    """Raise `MeasureError` when a measure cannot be computed from these judgments, before anything is asked."""
    highest = max(judgment.grade for judgment in query_set.judgments)
    evaluate(judgments_frame(query_set.judgments), run_frame([]), chosen_measures(scoring.measures, highest))


def judgments_frame(judgments: Sequence[Judgment]) -> pl.DataFrame:
    """Return judgments as a frame with query_id, doc_id, grade and flags."""
    return pl.DataFrame(
        {
            "query_id": [judgment.query_id for judgment in judgments],
            "doc_id": [judgment.doc_id for judgment in judgments],
            "grade": [judgment.grade for judgment in judgments],
            "flags": [list(judgment.flags) for judgment in judgments],
        },
        schema={"query_id": pl.String, "doc_id": pl.String, "grade": pl.Int64, "flags": pl.List(pl.String)},
    )


def run_frame(responses: Sequence[Response]) -> pl.DataFrame:
    """Return the hits of responses as a frame with query_id, doc_id and rank from 1."""
    return pl.DataFrame(
        {
            "query_id": [response.query_id for response in responses for _ in response.hits],
            "doc_id": [hit.doc_id for response in responses for hit in response.hits],
            "rank": [rank for response in responses for rank in range(1, len(response.hits) + 1)],
        },
        schema={"query_id": pl.String, "doc_id": pl.String, "rank": pl.Int64},
    )


def write_scores(folder: RunFolder, scores: RunScores) -> None:
    """Write `scores.parquet`: engine, query, measure, value; a query that does not enter has no value."""
    frames = [
        pl.DataFrame({"query": [query.id for query in scores.queries], "value": values}).select(
            pl.lit(engine).alias("engine"), "query", pl.lit(measure).alias("measure"), pl.col("value").fill_nan(None)
        )
        for engine, scored in scores.engines.items()
        for measure, values in (scored.measures | scored.headlines | scored.shares).items()
    ]
    if frames:
        with write_whole(folder.folder / "scores.parquet") as stream:
            pl.concat(frames).write_parquet(stream)


def _score(
    responses: Sequence[Response],
    judgments: pl.DataFrame,
    queries: Sequence[Query],
    measures: Sequence[Measure],
    scoring: Scoring,
    useful: int,
    digests: pl.DataFrame,
    groups: Groups,
) -> EngineScores:
    query_ids = [query.id for query in queries]
    shown = run_frame(responses)
    counted = once(judgments, shown, groups)
    judgments, run = counted.judgments, counted.run
    outcomes = pl.DataFrame(
        {
            "query_id": [response.query_id for response in responses],
            "outcome": [response.outcome for response in responses],
            "latency_ms": [response.latency_ms for response in responses],
            "partial": [response.partial for response in responses],
        },
        schema={"query_id": pl.String, "outcome": pl.String, "latency_ms": pl.Float64, "partial": pl.Boolean},
    )
    enters = indices.entering(outcomes, query_ids)

    def entering(values: Floats) -> Floats:
        return np.where(enters, values, np.nan)

    names = [str(measure) for measure in measures]
    scored = evaluate(judgments, run, measures)
    position = {query_id: place for place, query_id in enumerate(scored.query_ids)}
    order = [position[query_id] for query_id in query_ids]
    return EngineScores(
        measures={name: entering(values[order]) for name, values in zip(names, scored.values, strict=True)},
        headlines={
            "found": entering(indices.found(judgments, run, query_ids, scoring.relevant)),
            "fast": entering(
                indices.fast(
                    judgments,
                    run,
                    outcomes,
                    query_ids,
                    useful=useful,
                    reach_within_s=scoring.reach_within_s,
                    read_s=scoring.read_s,
                )
            ),
            "accurate": entering(indices.accurate(judgments, run, query_ids)),
        },
        shares={
            "judged@10": entering(indices.judged_share(judgments, run, query_ids)),
            "wrong_region@10": entering(indices.flagged_share(judgments, run, query_ids, "wrong_region")),
            "outdated@10": entering(indices.flagged_share(judgments, run, query_ids, "outdated")),
            "duplicates@10": entering(indices.duplicate_share(digests, shown, query_ids)),
        },
        useful_rank=entering(indices.first_useful_rank(judgments, run, query_ids, useful)),
        causes=indices.causes(judgments, run, outcomes, query_ids, relevant=scoring.relevant),
        outcomes=outcomes,
    )


def _check_queries(engine: str, responses: Sequence[Response], known: set[str]) -> None:
    unknown = [response.query_id for response in responses if response.query_id not in known]
    if unknown:
        raise RunFolderError(
            f"engine {engine!r} has responses to {len(unknown)} queries that the run does not hold "
            f"({unknown[0]!r} first): its files belong to another run, restore them or run anew"
        )


def _digests(folder: RunFolder) -> pl.DataFrame:
    documents = folder.documents()
    return pl.DataFrame(
        {
            "doc_id": list(documents),
            "digest": [document.extra.get("digest", document.id) for document in documents.values()],
        },
        schema={"doc_id": pl.String, "digest": pl.String},
    )
