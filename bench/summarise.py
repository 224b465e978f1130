"""From the scores of a run to its summary."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.experiment import Experiment, Scoring
from bench.indices import CAUSES
from bench.response import OUTCOMES
from bench.results import EngineRecord, Manifest
from bench.scoring import EngineScores, RunScores
from bench.statistics import Estimate, compare_pairs, estimate, mean, percentile, tied_groups
from bench.summary import (
    FACETS,
    FEW,
    HEADLINES,
    OTHER,
    Comparison,
    EngineSummary,
    HardQuery,
    Slice,
    Summary,
    Variant,
    Withheld,
)

Floats = NDArray[np.float64]

PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999}

_COMPARED_FROM = 0.5

HARDEST = 20
"""How many of the queries that engines do worst on a report lists."""


def summarise(manifest: Manifest, experiment: Experiment, scores: RunScores, expected: Mapping[str, str]) -> Summary:
    """Return the summary of a run; `expected` maps query ids to what to show as their right answer.

    Scores are over clean queries; perturbed ones are compared with their parents only, so that no query counts twice.
    """
    every, scores = scores, _clean(scores)
    scoring = experiment.scoring
    estimated = _estimator(experiment.seed, scoring.resamples)
    withheld = {
        name: reason
        for track in {record.track for record in manifest.engines.values()}
        for name, reason in withhold(_of_track(scores, manifest, track), scoring).items()
    }
    return Summary(
        name=manifest.name,
        tongcha=manifest.tongcha,
        finished=manifest.finished,
        started_at=manifest.sessions[0][0],
        machine=manifest.machine,
        libraries=manifest.libraries,
        seed=manifest.seed,
        corpus=manifest.corpus,
        queries=manifest.queries,
        perturbed_queries=len(every.queries) - len(scores.queries),
        judgments_hash=manifest.judgments_hash,
        unjudged_queries=manifest.unjudged_queries,
        copies=manifest.copies,
        scoring=scoring,
        useful=scores.useful,
        pooled=scores.pooled,
        k=experiment.replay.k,
        timeout_s=experiment.replay.timeout_s,
        warmup=experiment.replay.warmup,
        rate_per_s=experiment.replay.rate_per_s,
        engines=[
            _engine(name, record, scores.engines.get(name), withheld.get(name), estimated)
            for name, record in sorted(manifest.engines.items(), key=lambda item: item[1].track != "same-corpus")
        ],
        slices=list(_slices(scores, estimated, withheld)),
        variants=list(_variants(every, estimated, withheld)),
        comparisons=list(_comparisons(manifest, scores, experiment.seed, withheld)),
        hardest=_hardest(manifest, scores, expected),
    )


def _estimator(seed: int, resamples: int) -> Callable[[Floats, float], Estimate]:
    return lambda values, scale: estimate(values, seed, resamples, scale)


def _engine(
    name: str,
    record: EngineRecord,
    scores: EngineScores | None,
    withheld: Withheld | None,
    estimated: Callable[[Floats, float], Estimate],
) -> EngineSummary:
    headlines: dict[str, Estimate | None] = dict.fromkeys(HEADLINES)
    measures: dict[str, Estimate] = {}
    shares: dict[str, float | None] = {}
    causes: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    latency: dict[str, float | None] = {}
    useful_rank = None
    partial = 0
    if scores is not None:
        if not withheld:
            headlines = {headline: estimated(scores.headlines[headline], 100.0) for headline in HEADLINES}
        measures = {measure: estimated(values, 1.0) for measure, values in scores.measures.items()}
        shares = {share: mean(values) for share, values in scores.shares.items()}
        named = list(scores.causes.values())
        causes = {cause: named.count(cause) for cause in CAUSES}
        given = scores.outcomes["outcome"].to_list()
        outcomes = {outcome: given.count(outcome) for outcome in OUTCOMES}
        partial = int(scores.outcomes["partial"].sum())
        waits = np.sort(scores.outcomes["latency_ms"].to_numpy())
        latency = {label: percentile(waits, share) for label, share in PERCENTILES.items()}
        ranks = scores.useful_rank[np.isfinite(scores.useful_rank)]
        useful_rank = float(np.median(ranks)) if ranks.size else None
    return EngineSummary(
        id=name,
        use=record.use,
        track=record.track,
        shown=record.shown,
        unmapped=record.unmapped,
        elsewhere=record.elsewhere,
        complete=record.complete,
        problem=record.problem,
        withheld=withheld,
        **headlines,
        measures=measures,
        shares=shares,
        causes=causes,
        outcomes=outcomes,
        partial=partial,
        latency_ms=latency,
        useful_rank_median=useful_rank,
        index=record.index,
        peak_memory_bytes=max(record.peak_memory_bytes, record.index.peak_memory_bytes if record.index else 0),
        describe=record.describe,
        versions=record.versions,
    )


def withhold(scores: RunScores, scoring: Scoring) -> dict[str, Withheld]:
    """Return why headlines are withheld, by engine: too few of its first ten results judged, or engines unevenly so.

    That says nothing where no document is judged not relevant (known-item sets), so nothing is withheld there. An
    engine that returned results for less than half of the queries is not held against the others: its few answers are
    easy ones, and well judged.
    """
    if not scores.pooled:
        return {}
    shares = {name: engine.shares["judged@10"] for name, engine in scores.engines.items()}
    judged = {name: value for name, values in shares.items() if (value := mean(values)) is not None}
    compared = [judged[name] for name in judged if np.isfinite(shares[name]).mean() >= _COMPARED_FROM]
    gap = max(compared, default=0.0) - min(compared, default=0.0)
    if gap > scoring.max_judged_gap:
        return dict.fromkeys(judged, Withheld(reason="unevenly_judged", value=gap, limit=scoring.max_judged_gap))
    return {
        name: Withheld(reason="thinly_judged", value=value, limit=scoring.min_judged)
        for name, value in judged.items()
        if value < scoring.min_judged
    }


def _of_track(scores: RunScores, manifest: Manifest, track: str) -> RunScores:
    """Return the scores of one track: how well judgments cover a service says nothing about engines."""
    return msgspec.structs.replace(
        scores,
        engines={name: engine for name, engine in scores.engines.items() if manifest.engines[name].track == track},
    )


def _slices(
    scores: RunScores, estimated: Callable[[Floats, float], Estimate], withheld: Mapping[str, Withheld]
) -> Iterator[Slice]:
    for facet in FACETS:
        told = np.array([str(getattr(query, facet)) for query in scores.queries])
        for value, members in _groups(told.tolist()):
            member = np.isin(told, members)
            for name, engine in scores.engines.items():
                if name not in withheld:
                    found, fast, accurate = (
                        estimated(engine.headlines[headline][member], 100.0) for headline in HEADLINES
                    )
                    yield Slice(
                        facet=facet,
                        value=value,
                        merged=members if value == OTHER else [],
                        engine=name,
                        queries=int(member.sum()),
                        found=found,
                        fast=fast,
                        accurate=accurate,
                    )


def _groups(told: list[str]) -> list[tuple[str, list[str]]]:
    """Return the values that enough queries have, then the others together if they are enough.

    A facet with one value says nothing that the overall score does not.
    """
    counts = Counter(value for value in told if value)
    often = sorted(value for value, count in counts.items() if count >= FEW)
    seldom = sorted(set(counts) - set(often))
    groups = [(value, [value]) for value in often]
    if sum(counts[value] for value in seldom) >= FEW:
        groups.append((OTHER, seldom))
    return groups if len(counts) > 1 and (often or len(groups) > 1) else []


def _clean(scores: RunScores) -> RunScores:
    """Return the scores of the clean queries; outcomes and latencies stay those of all queries that were asked."""
    clean = np.array([not query.parent for query in scores.queries], dtype=bool)
    kept = tuple(query for query in scores.queries if not query.parent)
    ids = {query.id for query in kept}
    return msgspec.structs.replace(
        scores,
        queries=kept,
        engines={
            name: msgspec.structs.replace(
                engine,
                measures={measure: values[clean] for measure, values in engine.measures.items()},
                headlines={headline: values[clean] for headline, values in engine.headlines.items()},
                shares={share: values[clean] for share, values in engine.shares.items()},
                useful_rank=engine.useful_rank[clean],
                causes={query_id: cause for query_id, cause in engine.causes.items() if query_id in ids},
            )
            for name, engine in scores.engines.items()
        },
    )


def _variants(
    scores: RunScores, estimated: Callable[[Floats, float], Estimate], withheld: Mapping[str, Withheld]
) -> Iterator[Variant]:
    """Compare each kind of perturbed query with its parents; a pair with a query that does not enter is left out."""
    place = {query.id: position for position, query in enumerate(scores.queries)}
    pairs: dict[str, list[tuple[int, int]]] = {}
    for query in scores.queries:
        if query.parent in place:
            pairs.setdefault(query.variant or "perturbed", []).append((place[query.id], place[query.parent]))
    for variant, members in pairs.items():
        perturbed, clean = np.array(members).T
        for name, engine in scores.engines.items():
            if name not in withheld:
                found, accurate = (
                    estimated(engine.headlines[headline][perturbed] - engine.headlines[headline][clean], 100.0)
                    for headline in ("found", "accurate")
                )
                yield Variant(variant=variant, engine=name, found=found, accurate=accurate)


def _comparisons(
    manifest: Manifest, scores: RunScores, seed: int, withheld: Mapping[str, Withheld]
) -> Iterator[Comparison]:
    """Compare within each track only: an engine over our corpus and a live service are different things."""
    tracks: dict[str, list[str]] = {}
    for name, record in manifest.engines.items():
        if name in scores.engines and name not in withheld:
            tracks.setdefault(record.track, []).append(name)
    for track, names in tracks.items():
        if len(names) < 2:
            continue
        for headline in HEADLINES:
            values = {name: scores.engines[name].headlines[headline] for name in names}
            pairs = compare_pairs(values, seed)
            means = {name: mean(array) or 0.0 for name, array in values.items()}
            yield Comparison(track=track, headline=headline, pairs=pairs, tied=tied_groups(means, pairs))


def _hardest(manifest: Manifest, scores: RunScores, expected: Mapping[str, str]) -> list[HardQuery]:
    """Return the queries with the lowest mean nDCG@10 over the engines, worst first, ties in the set's order.

    Services with an index of their own count only where there is nothing else.
    """
    if not scores.engines:
        return []
    over_corpus = [name for name in scores.engines if manifest.engines[name].track == "same-corpus"]
    values = np.vstack([scores.engines[name].headlines["accurate"] for name in over_corpus or scores.engines])
    means = np.nan_to_num(values).mean(axis=0)
    rows = []
    for position in np.argsort(means, kind="stable")[:HARDEST].tolist():
        query = scores.queries[position]
        ranks = {name: float(engine.useful_rank[position]) for name, engine in scores.engines.items()}
        rows.append(
            HardQuery(
                id=query.id,
                text=query.text,
                expected=expected.get(query.id, ""),
                ranks={name: int(rank) if math.isfinite(rank) else None for name, rank in ranks.items()},
            )
        )
    return rows
