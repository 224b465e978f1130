"""The tables of a report as rows of text, for whoever draws them: terminal, Markdown or HTML."""

from collections.abc import Iterable

import msgspec

from bench.indices import CAUSES
from bench.report.numbers import NONE, change, fraction, milliseconds, score, seconds, size
from bench.report.words import Words
from bench.response import OUTCOMES
from bench.statistics import difference_told, queries_needed
from bench.summary import FACETS, FEW, HEADLINES, OTHER, TABLE_MEASURES, EngineSummary, Slice, Summary


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A header and its rows; `pale` holds the positions of rows that are only indicative."""

    header: list[str]
    rows: list[list[str]]
    pale: frozenset[int] = frozenset()


def final(summary: Summary, words: Words) -> Table:
    """Return the final table: one row per engine, headlines first."""
    header = [words("engine"), *(words(headline) for headline in HEADLINES), *TABLE_MEASURES]
    header += ["p50 ms", "p95 ms", words("index_s"), words("index_size"), words("memory")]
    return Table(header=header, rows=[_final_row(engine, words) for engine in summary.engines])


def _final_row(engine: EngineSummary, words: Words) -> list[str]:
    headlines = [words("withheld") if engine.withheld else score(getattr(engine, name)) for name in HEADLINES]
    measures = [fraction(engine.measures[name].value) if name in engine.measures else NONE for name in TABLE_MEASURES]
    waits = [milliseconds(engine.latency_ms.get(label)) for label in ("p50", "p95")]
    index = [NONE, NONE]
    if engine.index:
        index = [
            seconds(engine.index.build_s) + ("*" if engine.index.reused else ""),
            size(engine.index.bytes) if engine.index.bytes else NONE,
        ]
    memory = size(engine.peak_memory_bytes) if engine.peak_memory_bytes else NONE
    return [engine.id, *headlines, *measures, *waits, *index, memory]


def misses(summary: Summary, words: Words) -> Table:
    """Return how many answerable queries have each cause, leaving out causes that no engine has."""
    shown = [cause for cause in CAUSES if any(engine.causes.get(cause) for engine in summary.engines)]
    return Table(
        header=[words("engine"), *(words(f"cause_{cause}", k=summary.k) for cause in shown)],
        rows=[
            [engine.id, *(str(engine.causes.get(cause, 0)) for cause in shown)]
            for engine in summary.engines
            if engine.causes
        ],
    )


def outcomes(summary: Summary, words: Words) -> Table:
    """Return what became of all queries that were asked, leaving out what befell no engine."""
    counts = {
        engine.id: {**engine.outcomes, "partial": engine.partial} for engine in summary.engines if engine.outcomes
    }
    shown = [name for name in (*OUTCOMES, "partial") if any(count.get(name) for count in counts.values())]
    return Table(
        header=[words("engine"), words("queries"), *(words(f"outcome_{name}") for name in shown)],
        rows=[
            [engine, str(total), *(_share(count.get(name, 0), total) for name in shown)]
            for engine, count in counts.items()
            for total in [sum(count[name] for name in OUTCOMES)]
        ],
    )


def _share(count: int, total: int) -> str:
    return f"{count} ({100 * count / total:.1f} %)" if count else "0"


def speed(summary: Summary, words: Words) -> Table:
    """Return latency percentiles, timeouts and the median rank of the first useful result."""
    labels = [
        label for label in ("p50", "p95", "p99", "p99.9") if any(e.latency_ms.get(label) for e in summary.engines)
    ]
    return Table(
        header=[
            words("engine"),
            *(f"{label} ms" for label in labels),
            words("cause_timeout"),
            words("useful_rank"),
        ],
        rows=[
            [
                engine.id,
                *(milliseconds(engine.latency_ms.get(label)) for label in labels),
                str(engine.outcomes.get("timeout", 0)),
                NONE if engine.useful_rank_median is None else f"{engine.useful_rank_median:g}",
            ]
            for engine in summary.engines
            if engine.latency_ms
        ],
    )


def measures(summary: Summary, words: Words) -> Table:
    """Return every measure's mean, one column each."""
    names = list(dict.fromkeys(name for engine in summary.engines for name in engine.measures))
    return Table(
        header=[words("engine"), *names],
        rows=[
            [engine.id, *(fraction(engine.measures[name].value) for name in names)]
            for engine in summary.engines
            if engine.measures
        ],
    )


def shares(summary: Summary, words: Words) -> Table:
    """Return what the first ten places hold, one column each."""
    names = list(dict.fromkeys(name for engine in summary.engines for name in engine.shares))
    return Table(
        header=[words("engine"), *(words(name) for name in names)],
        rows=[
            [engine.id, *(fraction(engine.shares[name]) for name in names)]
            for engine in summary.engines
            if engine.shares
        ],
    )


def slices(summary: Summary, words: Words) -> dict[str, Table]:
    """Return a table per facet: one row per value, three headlines per engine in a cell."""
    tables = {}
    for facet in FACETS:
        cells = [item for item in summary.slices if item.facet == facet]
        if cells:
            tables[facet] = _facet(facet, cells, words)
    return tables


def _facet(facet: str, cells: list[Slice], words: Words) -> Table:
    engines = list(dict.fromkeys(cell.engine for cell in cells))
    by_place = {(cell.value, cell.engine): cell for cell in cells}
    first = {cell.value: cell for cell in cells}
    ordered = sorted(first.values(), key=lambda cell: (cell.value == OTHER, -cell.queries, cell.value))
    rows = [
        [
            slice_name(cell, words),
            str(cell.queries),
            f"{100 * difference_told(cell.queries):.0f}",
            *(_headlines(by_place[cell.value, engine]) for engine in engines),
        ]
        for cell in ordered
    ]
    return Table(header=[words(f"facet_{facet}"), words("queries"), words("told_apart"), *engines], rows=rows)


def slice_name(cell: Slice, words: Words) -> str:
    """Return what a slice is called; one that joins rarer values says how many."""
    return words("others", n=len(cell.merged)) if cell.value == OTHER else words.value(cell.value)


def power(words: Words) -> Table:
    """Return how many queries a difference between two engines needs to be found."""
    differences = (0.20, 0.15, 0.10, 0.05, 0.03)
    return Table(
        header=[words("difference_points"), *(f"{100 * difference:.0f}" for difference in differences)],
        rows=[[words("queries_needed"), *(str(queries_needed(difference)) for difference in differences)]],
    )


def _headlines(cell: Slice) -> str:
    values = (cell.found.value, cell.fast.value, cell.accurate.value)
    return " / ".join(NONE if value is None else f"{value:.0f}" for value in values)


def variants(summary: Summary, words: Words) -> dict[str, Table]:
    """Return a table per headline: what each kind of perturbation takes from each engine, pair by pair."""
    engines = list(dict.fromkeys(item.engine for item in summary.variants))
    by_place = {(item.variant, item.engine): item for item in summary.variants}
    names = sorted({item.variant for item in summary.variants})
    tables = {}
    for headline in ("found", "accurate") if names else ():
        rows = []
        for name in names:
            drops = [getattr(by_place[name, engine], headline) for engine in engines]
            rows.append([words.value(name), str(max(drop.n for drop in drops)), *(change(drop) for drop in drops)])
        pale = frozenset(place for place, row in enumerate(rows) if int(row[1]) < FEW)
        tables[words(headline)] = Table(header=[words("variant"), words("pairs_of"), *engines], rows=rows, pale=pale)
    return tables


def hardest(summary: Summary, words: Words) -> Table:
    """Return the queries that engines do worst on, with the rank of the first useful result by engine."""
    engines = [engine.id for engine in summary.engines if engine.complete]
    return Table(
        header=[words("query"), words("expected"), *engines],
        rows=[
            [query.text, query.expected, *(_rank(query.ranks.get(engine)) for engine in engines)]
            for query in summary.hardest
        ],
    )


def _rank(rank: int | None) -> str:
    return NONE if rank is None else str(rank)


def pairs(summary: Summary, words: Words) -> dict[str, Table]:
    """Return a table of paired tests per headline (and track where there are two)."""
    tables = {}
    tracks = {comparison.track for comparison in summary.comparisons}
    for comparison in summary.comparisons:
        name = words(comparison.headline) + (f" ({comparison.track})" if len(tracks) > 1 else "")
        tables[name] = Table(
            header=["A", "B", words("queries"), f"{words('difference')} A − B", "t p", "Fisher p", "Holm p"],
            rows=[
                [
                    pair.first,
                    pair.second,
                    str(pair.n),
                    f"{pair.difference * 100:+.1f}",
                    *(_p(p) for p in (pair.t_p, pair.randomisation_p, pair.holm_p)),
                ]
                for pair in comparison.pairs
            ],
        )
    return tables


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"


def tied(summary: Summary, words: Words) -> Iterable[tuple[str, str]]:
    """Yield each headline with its groups of tied engines, best first: `a, b > c`."""
    for comparison in summary.comparisons:
        yield words(comparison.headline), " > ".join("{" + ", ".join(group) + "}" for group in comparison.tied)
