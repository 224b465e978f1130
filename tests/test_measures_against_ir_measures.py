"""Measures that trec_eval lacks, against the other tools behind ir_measures.

gdeval, NIST's Perl script, prints five digits; ir_measures' own Judged and MS MARCO's RR@k are exact.
"""

import shutil
from collections.abc import Sequence

import ir_measures
import numpy as np
import polars as pl
import pytest
from ir_measures.providers import registry

from bench.measure_names import parse_measures
from bench.measures import evaluate


def made_up(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Make judgments and a run: 30 queries with grades -1 to 4, two of them unanswered; gdeval wants number ids."""
    random = np.random.default_rng(seed)
    judgments: list[tuple[str, str, int]] = []
    run: list[tuple[str, str, int]] = []
    for query in range(1, 31):
        docs = random.permutation(60)
        judgments += [(str(query), f"d{doc}", int(random.integers(-1, 5))) for doc in docs[:15]]
        answer = random.permutation(docs[:30])[: int(random.integers(1, 25))] if query > 2 else []
        run += [(str(query), f"d{doc}", rank) for rank, doc in enumerate(answer, start=1)]
    return (
        pl.DataFrame(judgments, schema=["query_id", "doc_id", "grade"], orient="row"),
        pl.DataFrame(run, schema=["query_id", "doc_id", "rank"], orient="row"),
    )


def assert_equal(provider: str, names: Sequence[str], tolerance: float) -> None:
    judgments, run = made_up(seed=5)
    ours = {(row[0], row[1]): row[2] for row in evaluate(judgments, run, parse_measures(names)).to_frame().rows()}
    qrels = [ir_measures.Qrel(*row) for row in judgments.rows()]
    docs = [ir_measures.ScoredDoc(query, doc, -float(rank)) for query, doc, rank in run.rows()]
    measures = [ir_measures.parse_measure(name) for name in names]
    theirs = {(m.query_id, str(m.measure)): m.value for m in registry[provider].iter_calc(measures, qrels, docs)}
    assert theirs.keys() == ours.keys()
    for key, value in theirs.items():
        assert ours[key] == pytest.approx(value, abs=tolerance), key
    assert max(theirs.values()) > 0


@pytest.mark.skipif(shutil.which("perl") is None, reason="gdeval is a Perl script")
def test_err_and_exponential_ndcg_equal_gdeval() -> None:
    """To the five digits that gdeval prints, with its highest grade of 4."""
    assert_equal("gdeval", ["ERR@10", "ERR@3", "nDCG(dcg='exp-log2')@10", "nDCG(dcg='exp-log2')@3"], 5.1e-6)


def test_judged_equals_ir_measures() -> None:
    assert_equal("judged", ["Judged@10", "Judged@3", "Judged"], 1e-9)


def test_reciprocal_rank_with_a_cutoff_equals_ms_marcos() -> None:
    assert_equal("msmarco", ["RR@3", "RR@10", "RR(rel=3)@10"], 1e-9)
