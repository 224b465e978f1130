"""When headlines are withheld for want of judgments, and which slices are told."""

import msgspec
import numpy as np
import polars as pl
import pytest

from bench.experiment import Scoring
from bench.scoring import EngineScores, RunScores
from bench.statistics import Estimate
from bench.summarise import _slices, withhold
from queries.model import Query


def scores(shares: dict[str, list[float]], *, pooled: bool = True) -> RunScores:
    engines = {
        name: EngineScores(
            measures={},
            headlines={},
            shares={"judged@10": np.array(values)},
            useful_rank=np.array([]),
            causes={},
            outcomes=pl.DataFrame(),
        )
        for name, values in shares.items()
    }
    return RunScores(queries=(), relevant=1, useful=2, pooled=pooled, engines=engines)


NAN = float("nan")


@pytest.mark.parametrize(
    ("shares", "withheld"),
    [
        ({"a": [0.9, 0.7], "b": [0.7, 0.8]}, {}),
        ({"a": [0.4, 0.5], "b": [0.6, 0.5]}, {"a": "thinly_judged"}),
        ({"a": [1.0, 1.0], "b": [0.7, 0.6]}, {"a": "unevenly_judged", "b": "unevenly_judged"}),
        ({"a": [1.0, NAN, NAN], "b": [0.7, 0.6, 0.7]}, {}),
        ({"a": [NAN, NAN], "b": [0.7, 0.6]}, {}),
    ],
)
def test_thin_and_uneven_judgments_withhold_headlines(shares: dict[str, list[float]], withheld: dict[str, str]) -> None:
    """Below .5 an engine's own, more than .2 apart everybody's; an engine that hardly answers spoils nothing."""
    assert {name: why.reason for name, why in withhold(scores(shares), Scoring()).items()} == withheld


def sliced(themes: list[str]) -> list[tuple[str, int, list[str]]]:
    """Return value, queries and joined values of the theme slices of one engine over queries with these themes."""
    queries = tuple(Query(id=str(n), text="?", theme=theme) for n, theme in enumerate(themes))
    values = np.linspace(0.0, 1.0, len(themes))
    engine = msgspec.structs.replace(
        scores({"a": [1.0]}).engines["a"], headlines=dict.fromkeys(("found", "fast", "accurate"), values)
    )
    run = RunScores(queries=queries, relevant=1, useful=2, pooled=True, engines={"a": engine})
    found = _slices(run, lambda floats, scale: Estimate(value=scale * floats.mean(), low=0, high=0, n=len(floats)), {})
    return [(cell.value, cell.queries, cell.merged) for cell in found]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"户籍": 60, "社保": 75}, [("户籍", 60, []), ("社保", 75, [])]),
        ({"户籍": 60, "社保": 59, "婚姻": 1}, [("户籍", 60, []), ("other", 60, ["婚姻", "社保"])]),
        ({"户籍": 60, "社保": 20}, [("户籍", 60, [])]),
        ({"户籍": 30, "社保": 20}, []),
        ({"户籍": 80}, []),
        ({"户籍": 70, "": 90}, []),
    ],
)
def test_values_with_few_queries_share_a_slice_or_have_none(
    counts: dict[str, int], expected: list[tuple[str, int, list[str]]]
) -> None:
    """Sixty queries make a row; the others make one together if they reach sixty; one value alone is the whole set."""
    assert sliced([theme for theme, count in counts.items() for _ in range(count)]) == expected


def test_known_item_sets_withhold_nothing() -> None:
    """Where nothing is judged not relevant, the judged share says nothing about the judgments."""
    assert withhold(scores({"a": [0.1]}, pooled=False), Scoring()) == {}
