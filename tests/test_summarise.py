"""When headlines are withheld for want of judgments."""

import numpy as np
import polars as pl
import pytest

from bench.experiment import Scoring
from bench.scoring import EngineScores, RunScores
from bench.summarise import withhold


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


def test_known_item_sets_withhold_nothing() -> None:
    """Where nothing is judged not relevant, the judged share says nothing about the judgments."""
    assert withhold(scores({"a": [0.1]}, pooled=False), Scoring()) == {}
