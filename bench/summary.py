"""The summary of a scored run: the one set of numbers behind the table, the JSON and every report."""

from typing import Any, Literal

import msgspec

from bench.experiment import Scoring
from bench.results import IndexFacts, Source
from bench.statistics import Estimate, Pair

HEADLINES = ("found", "fast", "accurate")

FACETS = ("intent", "audience", "theme", "region", "scope")

FEW = 60
"""A slice needs this many queries for a row of its own; rarer values of a facet share one."""

OTHER = "other"
"""Value of the slice that joins the rarer values of a facet."""

TABLE_MEASURES = ("nDCG@10", "P@5", "R@100", "RR")


class Withheld(msgspec.Struct, frozen=True, kw_only=True):
    """Why an engine's headlines are not given: its first ten results are judged too thinly, or engines too unevenly."""

    reason: Literal["thinly_judged", "unevenly_judged"]
    value: float
    """The judged share, or the difference in it."""
    limit: float


class EngineSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One engine's row: headlines 0-100, measures and shares 0-1, times in milliseconds and seconds, sizes in bytes."""

    id: str
    use: str
    track: str
    shown: int = 0
    """Results of a service with an index of its own, over all answers."""
    unmapped: int = 0
    """Those that the corpus does not hold."""
    elsewhere: int = 0
    """Those of another site than was asked."""
    complete: bool
    problem: str
    found: Estimate | None
    fast: Estimate | None
    accurate: Estimate | None
    withheld: Withheld | None
    measures: dict[str, Estimate]
    shares: dict[str, float | None]
    """Shares of the first ten places; None where no query enters."""
    causes: dict[str, int]
    """Answerable queries by cause; `found` is not a miss."""
    outcomes: dict[str, int]
    """All queries that were asked, perturbed ones too."""
    partial: int = 0
    """Answers among them that lack a part, such as the results of a site that was down."""
    latency_ms: dict[str, float | None]
    """Percentiles from the scheduled start; None where the sample is too small for one."""
    useful_rank_median: float | None
    """Median rank of the first useful result among the queries that got one."""
    index: IndexFacts | None
    peak_memory_bytes: int
    """The larger of the building and the answering process's peak."""
    describe: dict[str, Any]
    versions: dict[str, str]


class Slice(msgspec.Struct, frozen=True, kw_only=True):
    """One engine's headlines on the queries with one value of a facet, or with one of its rarer values (`other`)."""

    facet: str
    value: str
    merged: list[str] = []
    """The rarer values that an `other` slice joins."""
    engine: str
    queries: int
    found: Estimate
    fast: Estimate
    accurate: Estimate


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """How one engine does on queries perturbed in one way, against their clean parents, pair by pair (0-100)."""

    variant: str
    engine: str
    found: Estimate
    """Found of the perturbed queries minus Found of their parents."""
    accurate: Estimate
    """The same difference in Accurate."""


class HardQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A query that the engines do badly on: what it asks, what answers it, and where each engine puts an answer."""

    id: str
    text: str
    expected: str
    """Title of the best judged document, or its id where the title is not known."""
    ranks: dict[str, int | None]
    """Rank of the first useful result by engine; None where the engine returned none."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All pairs of engines of one track on one headline, and which engines are statistically tied."""

    track: str
    headline: str
    pairs: list[Pair]
    tied: list[tuple[str, ...]]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a report of one run says."""

    schema_version: int = 1
    name: str
    tongcha: str
    finished: bool
    started_at: str
    machine: dict[str, Any]
    libraries: dict[str, str]
    seed: int
    corpus: Source
    queries: Source
    perturbed_queries: int
    """How many of the queries are perturbed; they stand in `variants` and in no other score."""
    judgments_hash: str
    unjudged_queries: int
    copies: int = 0
    scoring: Scoring
    useful: int
    """The grade that ended a citizen's search in fact."""
    pooled: bool
    k: int
    timeout_s: float
    warmup: int
    rate_per_s: float | None
    engines: list[EngineSummary]
    slices: list[Slice]
    variants: list[Variant]
    comparisons: list[Comparison]
    hardest: list[HardQuery]
