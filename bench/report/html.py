"""The HTML report: one file without scripts or outside links, to read, print and send."""

from collections.abc import Sequence
from typing import Any

import jinja2
import msgspec

from bench.indices import CAUSES
from bench.report import notes, tables
from bench.report.words import Words
from bench.summary import HEADLINES, Summary

_WIDTH = 100.0


def render(summary: Summary, words: Words) -> str:
    """Return the report as an HTML page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("bench.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        s=summary,
        t=words,
        tables=tables,
        notes=notes,
        intervals=_intervals(summary),
        bars=_bars(summary),
        causes=[cause for cause in CAUSES if any(engine.causes.get(cause) for engine in summary.engines)],
        describe=lambda engine: msgspec.json.format(msgspec.json.encode(engine.describe), indent=2).decode(),
    )


def _intervals(summary: Summary) -> list[list[dict[str, Any]]]:
    """Return for each headline in order what to draw: engines, best first, with value and interval, 0-100.

    Services with an index of their own come after the engines over our corpus, whatever their value.
    """
    drawn = []
    for headline in HEADLINES:
        rows = []
        for engine in summary.engines:
            estimate = getattr(engine, headline)
            if estimate is not None and estimate.value is not None:
                rows.append(
                    {
                        "engine": engine.id,
                        "track": engine.track,
                        "value": estimate.value,
                        "low": estimate.low,
                        "high": estimate.high,
                        "n": estimate.n,
                    }
                )
        drawn.append(sorted(rows, key=lambda row: (row["track"] != "same-corpus", -row["value"], row["engine"])))
    return drawn


def _bars(summary: Summary) -> list[dict[str, Any]]:
    """Return for each engine the stacked bar of causes: start and width in per cent, and the count."""
    return [
        {"engine": engine.id, "parts": _parts([(cause, engine.causes.get(cause, 0)) for cause in CAUSES])}
        for engine in summary.engines
        if engine.causes
    ]


def _parts(counts: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    total = sum(count for _, count in counts) or 1
    parts, start = [], 0.0
    for cause, count in counts:
        if count:
            width = _WIDTH * count / total
            parts.append({"cause": cause, "count": count, "start": start, "width": width})
            start += width
    return parts
