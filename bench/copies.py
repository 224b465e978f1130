"""Count copies of a page once: no engine is punished for returning a mirror, and none is paid twice for it.

A corpus says which pages say the same in `duplicates.jsonl` (see `tongcha corpus audit`). A copy that nobody judged has
the grade of its group; the first copy in an answer is worth that grade, the later ones nothing, and the ideal answer
holds one of them. A copy that is judged wrong for itself, such as one of another region, stays what it is.
"""

from collections.abc import Mapping

import msgspec
import polars as pl

Groups = Mapping[str, str]
"""Document id → name of its group of copies; documents without copies are not in it."""

LATER = "\x00copy of an earlier result"
"""Ending of the id that a later copy gets; no document can have it, since ids are printable."""


class Once(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Judgments and run in which every group of copies counts once."""

    judgments: pl.DataFrame
    run: pl.DataFrame


def once(judgments: pl.DataFrame, run: pl.DataFrame, groups: Groups) -> Once:
    """Return judgments (query_id, doc_id, grade, flags) and run (query_id, doc_id, rank) with copies counted once."""
    if not groups:
        return Once(judgments=judgments, run=run)
    own, best = _graded(judgments, groups)
    changed: dict[tuple[str, str], str] = {}
    later: list[tuple[str, str]] = []
    paid: set[tuple[str, str]] = set()
    shown = run.filter(pl.col("doc_id").is_in(list(groups))).sort("query_id", "rank")
    for query_id, doc_id in shown.select("query_id", "doc_id").iter_rows():
        name = (query_id, groups[doc_id])
        if name not in best or own.get((query_id, doc_id), 1) <= 0:
            continue  # nobody judged the group, or this copy is wrong for itself
        if name in paid:
            changed[query_id, doc_id] = doc_id + LATER
            later.append((query_id, doc_id + LATER))
        else:
            paid.add(name)
            changed[query_id, doc_id] = best[name]
    kept = judgments.with_columns(
        pl.Series("keep", [
            groups.get(doc_id) is None or grade <= 0 or best[query_id, groups[doc_id]] == doc_id
            for query_id, doc_id, grade in judgments.select("query_id", "doc_id", "grade").iter_rows()
        ], dtype=pl.Boolean)
    ).filter("keep").drop("keep")  # fmt: skip
    worthless = pl.DataFrame(
        {
            "query_id": [query_id for query_id, _ in later],
            "doc_id": [doc_id for _, doc_id in later],
            "grade": [0] * len(later),
            "flags": [[] for _ in later],
        },
        schema=judgments.schema,
    )
    ids = pl.Series(
        "doc_id",
        [changed.get(pair, pair[1]) for pair in run.select("query_id", "doc_id").iter_rows()],
        dtype=pl.String,
    )
    return Once(judgments=pl.concat([kept, worthless]), run=run.with_columns(ids))


def _graded(judgments: pl.DataFrame, groups: Groups) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], str]]:
    """Return the grades of judged copies, and the best copy of each query's group that has a positive grade."""
    own: dict[tuple[str, str], int] = {}
    best: dict[tuple[str, str], str] = {}
    copies = judgments.filter(pl.col("doc_id").is_in(list(groups)))
    for query_id, doc_id, grade in copies.select("query_id", "doc_id", "grade").iter_rows():
        own[query_id, doc_id] = grade
        name = (query_id, groups[doc_id])
        if grade > 0 and (name not in best or grade > own[query_id, best[name]]):
            best[name] = doc_id
    return own, best
