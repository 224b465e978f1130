"""Fusion: several ranked lists for one query become one.

Written plainly and compared with ranx in the tests, not done by ranx: that takes 3 s to import and compiles each
method when it is first used (5 to 20 s on two cores), after which eight lists of a hundred take it 4 to 16 ms.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from indexers.api import Hit
from indexers.errors import UnsupportedError

Method = Literal["rrf", "combsum", "combmnz"]
Norm = Literal["min-max", "max", "zmuv", "none"]

RRF_K = 60
"""Constant of reciprocal rank fusion, as its authors set it."""

_LEAST = 1e-9
"""What to divide by where all scores of a list are alike; ranx's value."""


def fuse(
    lists: Mapping[str, Sequence[Hit]],
    method: Method,
    norm: Norm = "min-max",
    *,
    comparable: bool = False,
    rrf_constant: int = RRF_K,
) -> list[Hit]:
    """Return the documents of all lists, best first, each once, with their fused scores.

    `rrf` adds up 1 / (`rrf_constant` + rank) and needs no scores (Cormack, Clarke and Büttcher, SIGIR 2009). `combsum`
    adds up the normalised scores and `combmnz` multiplies that by the number of lists that hold the document (Fox and
    Shaw, TREC-2, 1994); where a list has hits without scores they raise `UnsupportedError` naming it. Of equal scores
    the better rank comes first, then, where the lists' own scores are `comparable`, the higher of those, then the
    earlier list; url and title are those of the best-ranked copy.
    """
    total: dict[str, float] = {}
    holders: dict[str, int] = {}
    best: dict[str, tuple[int, float, int]] = {}
    shown: dict[str, Hit] = {}
    rrf = method == "rrf"
    for place, (name, hits) in enumerate(lists.items()):
        values = _reciprocal_ranks(len(hits), rrf_constant) if rrf else _normalised(_scores(name, hits), norm)
        for rank, (hit, value) in enumerate(zip(hits, values, strict=True)):
            total[hit.doc_id] = total.get(hit.doc_id, 0.0) + value
            holders[hit.doc_id] = holders.get(hit.doc_id, 0) + 1
            standing = (rank, -(hit.score or 0.0) if comparable else 0.0, place)
            if hit.doc_id not in best or standing < best[hit.doc_id]:
                best[hit.doc_id], shown[hit.doc_id] = standing, hit
    if method == "combmnz":
        total = {doc_id: score * holders[doc_id] for doc_id, score in total.items()}
    order = sorted(total, key=lambda doc_id: (-total[doc_id], best[doc_id]))
    return [msgspec.structs.replace(shown[doc_id], score=total[doc_id]) for doc_id in order]


def _reciprocal_ranks(length: int, constant: int) -> list[float]:
    return [1 / (constant + rank) for rank in range(1, length + 1)]


def _scores(name: str, hits: Sequence[Hit]) -> list[float]:
    scores = [hit.score for hit in hits if hit.score is not None]
    if len(scores) < len(hits):
        raise UnsupportedError(f"{name} gives no scores to add up: use the method 'rrf'")
    return scores


def _normalised(scores: list[float], norm: Norm) -> list[float]:
    return _NORMS[norm](scores) if scores else []


def _min_max(scores: list[float]) -> list[float]:
    low, high = min(scores), max(scores)
    return [(score - low) / max(high - low, _LEAST) for score in scores]


def _max(scores: list[float]) -> list[float]:
    return [score / max(*scores, _LEAST) for score in scores]


def _zmuv(scores: list[float]) -> list[float]:
    centre, spread = statistics.fmean(scores), statistics.pstdev(scores)
    return [(score - centre) / max(spread, _LEAST) for score in scores]


_NORMS: Mapping[Norm, Callable[[list[float]], list[float]]] = {
    "min-max": _min_max,
    "max": _max,
    "zmuv": _zmuv,
    "none": list,
}
