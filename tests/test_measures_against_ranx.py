"""Agreement with ranx 0.3.

Scores hold no ties, which the tools break differently. Bpref is compared without negative grades and with a judged
non-relevant document in every query: ranx counts negative grades as non-relevant and divides 0 by 0 without any.
"""

import numpy as np
import polars as pl
import pytest

from bench.measure_names import parse_measures
from bench.measures import evaluate

NAMES = [
    "precision@5", "recall@10", "hit_rate@3", "mrr", "mrr@3", "mrr@10-l2", "map", "map@10", "map-l2", "ndcg", "ndcg@10",
    "ndcg_burges", "ndcg_burges@10", "rbp.80", "rbp.5",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # numba and ranx warn about themselves
@pytest.mark.parametrize("names", [NAMES, ["bpref"]], ids=["graded and binary", "bpref"])
def test_equals_ranx(names: list[str]) -> None:
    import ranx

    random = np.random.default_rng(11)
    lowest = 0 if names == ["bpref"] else -1
    qrels: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    for query in range(40):
        docs = [f"d{doc}" for doc in random.permutation(50)]
        grades = [1, 0, *(int(grade) for grade in random.integers(lowest, 5, 10))]
        qrels[f"q{query}"] = dict(zip(docs, grades, strict=False))
        answer = random.permutation(docs[:30])[: int(random.integers(1, 25)) if query else 0]
        run[f"q{query}"] = {str(doc): float(len(answer) - i) for i, doc in enumerate(answer)}
    judgments = [(query, doc, grade) for query, docs in qrels.items() for doc, grade in docs.items()]
    answers = [(query, doc, rank) for query, docs in run.items() for rank, doc in enumerate(docs, start=1)]
    ours = evaluate(
        pl.DataFrame(judgments, schema=["query_id", "doc_id", "grade"], orient="row"),
        pl.DataFrame(answers, schema=["query_id", "doc_id", "rank"], orient="row"),
        parse_measures(names),
    )
    theirs = ranx.Run(run)
    ranx.evaluate(ranx.Qrels(qrels), theirs, names)
    for name, values in zip(names, ours.values, strict=True):
        expected = [theirs.scores[name][query] for query in ours.query_ids]
        assert values.tolist() == pytest.approx(expected, abs=1e-9), name
