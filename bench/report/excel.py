"""The Excel report: the same numbers as numbers, for people who filter, sort and chart them themselves."""

from collections.abc import Iterator, Sequence

from bench.indices import CAUSES
from bench.report import notes, tables
from bench.report.words import Words
from bench.response import OUTCOMES
from bench.statistics import Estimate
from bench.summary import HEADLINES, Summary
from bench.workbook import Cell, Sheet, workbook

_WIDEST = 48
"""Characters of the widest column."""


def render(summary: Summary, words: Words) -> bytes:
    """Return the report as an XLSX workbook; text stays text, whatever sign it begins with."""
    return workbook(_sheets(summary, words), widest=_WIDEST)


def _sheets(summary: Summary, words: Words) -> Iterator[Sheet]:
    """Yield name, header and rows of each sheet."""
    yield _engines(summary, words)
    yield (
        words("sheet_causes"),
        [words("engine"), *(words(f"cause_{cause}", k=summary.k) for cause in CAUSES), *OUTCOMES, "partial"],
        [
            [
                engine.id,
                *(engine.causes[cause] for cause in CAUSES),
                *(engine.outcomes[name] for name in OUTCOMES),
                engine.partial,
            ]
            for engine in summary.engines
            if engine.causes
        ],
    )
    yield (
        words("sheet_slices"),
        [words("facet"), words("value"), words("engine"), words("queries"), *_interval_titles(words, HEADLINES)],
        [
            [
                words(f"facet_{item.facet}"),
                tables.slice_name(item, words),
                item.engine,
                item.queries,
                *_intervals([item.found, item.fast, item.accurate]),
            ]
            for item in summary.slices
        ],
    )
    yield (
        words("sheet_variants"),
        [words("variant"), words("engine"), words("pairs_of"), *_interval_titles(words, ("found", "accurate"))],
        [
            [words.value(item.variant), item.engine, item.found.n, *_intervals([item.found, item.accurate])]
            for item in summary.variants
        ],
    )
    yield (
        words("sheet_pairs"),
        [words("headline"), "A", "B", words("queries"), f"{words('difference')} A − B", "t p", "Fisher p", "Holm p"],
        [
            [
                words(comparison.headline),
                pair.first,
                pair.second,
                pair.n,
                pair.difference * 100,
                pair.t_p,
                pair.randomisation_p,
                pair.holm_p,
            ]
            for comparison in summary.comparisons
            for pair in comparison.pairs
        ],
    )
    engines = [engine.id for engine in summary.engines if engine.complete]
    yield (
        words("sheet_hardest"),
        ["id", words("query"), words("expected"), *engines],
        [
            [query.id, query.text, query.expected, *(query.ranks.get(engine) for engine in engines)]
            for query in summary.hardest
        ],
    )
    about = [("", notes.lead(summary, words)), ("", notes.made(summary, words))]
    about += [("", note) for note in notes.warnings(summary, words) + notes.method(summary, words)]
    about += notes.means(summary, words) + notes.identity(summary, words)
    yield words("method"), ["", words("title")], about


def _engines(summary: Summary, words: Words) -> tuple[str, list[str], list[list[Cell]]]:
    """Return the sheet of engines: headlines with intervals, measures, shares, times in ms and s, sizes in bytes."""
    measures = list(dict.fromkeys(name for engine in summary.engines for name in engine.measures))
    shares = list(dict.fromkeys(name for engine in summary.engines for name in engine.shares))
    labels = list(dict.fromkeys(name for engine in summary.engines for name in engine.latency_ms))
    header = [words("engine"), *_interval_titles(words, HEADLINES), *measures, *(words(share) for share in shares)]
    header += [f"{label} ms" for label in labels]
    header += [words("index_s"), f"{words('index_size')} (B)", f"{words('memory')} (B)", words("note")]
    rows: list[list[Cell]] = []
    for engine in summary.engines:
        row: list[Cell] = [engine.id, *_intervals([engine.found, engine.fast, engine.accurate])]
        row += [engine.measures[name].value if name in engine.measures else None for name in measures]
        row += [engine.shares.get(share) for share in shares]
        row += [engine.latency_ms.get(label) for label in labels]
        row += [engine.index.build_s, engine.index.bytes or None] if engine.index else [None, None]
        row += [
            engine.peak_memory_bytes or None,
            engine.problem or (notes.withheld(engine.withheld, words) if engine.withheld else ""),
        ]
        rows.append(row)
    return words("numbers"), header, rows


def _interval_titles(words: Words, headlines: Sequence[str]) -> list[str]:
    return [title for name in headlines for title in (words(name), f"{words(name)} 2.5%", f"{words(name)} 97.5%")]


def _intervals(estimates: Sequence[Estimate | None]) -> list[Cell]:
    cells: list[Cell] = []
    for estimate in estimates:
        cells += [estimate.value, estimate.low, estimate.high] if estimate else [None, None, None]
    return cells
