"""Print the tables of `docs/collection.md` that say how hard the demo collection is, from a run folder over it.

tongcha run && python tests/hardness_demo.py runs/demo
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from bench.rescore import rescore
from bench.results import RunFolder
from bench.summary import OTHER, Summary

FACETS = ("intent", "region", "scope", "audience")


def tables(summary: Summary) -> Iterator[str]:
    """Yield Accurate (nDCG@10 × 100) by slice and engine, then what perturbation takes from it."""
    engines = [engine.id for engine in summary.engines if engine.accurate]
    yield f"| Accurate | n | {' | '.join(engines)} |"
    yield "|---|" + "---|" * (len(engines) + 1)
    overall = {engine.id: engine.accurate for engine in summary.engines if engine.accurate}
    cells = [f"{estimate.value:.1f}" for estimate in overall.values()]
    yield f"| all | {max(estimate.n for estimate in overall.values())} | {' | '.join(cells)} |"
    for facet in FACETS:
        found = [cell for cell in summary.slices if cell.facet == facet]
        values = sorted({(cell.value == OTHER, -cell.queries, cell.value) for cell in found})
        for _, count, value in values:
            told = {cell.engine: cell.accurate.value for cell in found if cell.value == value}
            yield f"| {facet}: {value} | {-count} | {' | '.join(f'{told[name]:.1f}' for name in engines)} |"
    yield ""
    yield f"| Accurate, minus the clean parents | n | {' | '.join(engines)} |"
    yield "|---|" + "---|" * (len(engines) + 1)
    for variant in sorted({row.variant for row in summary.variants}):
        drops = {row.engine: row.accurate for row in summary.variants if row.variant == variant}
        told = " | ".join(f"{drops[name].value:+.1f}" for name in engines)
        yield f"| {variant} | {max(drop.n for drop in drops.values())} | {told} |"


if __name__ == "__main__":
    sys.stdout.write("\n".join(tables(rescore(RunFolder(Path(sys.argv[1]))))) + "\n")
