"""The response: what one engine did with one query."""

from typing import Literal

import msgspec

from indexers.api import Hit

Outcome = Literal["answered", "empty", "unsupported", "failed", "timeout", "blocked"]
OUTCOMES: tuple[Outcome, ...] = ("answered", "empty", "unsupported", "failed", "timeout", "blocked")

PARTIAL = "partial:"
"""Beginning of the detail of an answer that lacks a part."""


class Response(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one engine did with one query. Hits are in rank order; times are Unix seconds and milliseconds."""

    query_id: str
    outcome: Outcome
    hits: tuple[Hit, ...] = ()
    scheduled_at: float
    """When the query was due."""
    started_at: float
    """When it was put to the engine, later than `scheduled_at` when the engine could not keep the timetable."""
    took_ms: float
    """From `started_at` to the complete answer."""
    detail: str = ""
    """Why there is no answer, or what an answer lacks (`partial: …`)."""

    @property
    def partial(self) -> bool:
        """Whether an answer lacks a part, such as the results of a site that was down."""
        return self.outcome in ("answered", "empty") and self.detail.startswith(PARTIAL)

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the scheduled start to the complete answer: what a citizen waits."""
        return (self.started_at - self.scheduled_at) * 1000 + self.took_ms
