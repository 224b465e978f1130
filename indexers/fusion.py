"""Fusion: several ranked lists for one query become one.

The methods are those of ranx that need neither training nor a parameter to choose. Not offered besides: log_isr (a
document of one list gets 0, and sites share few), logn_isr (the same, but for a constant), and condorcet (majorities
go round in circles, and the answer then depends on the order of a set).

Written plainly and compared with ranx in the tests, not done by ranx: that takes 3 s to import and compiles each
method when it is first used (5 to 20 s on two cores), after which eight lists of a hundred take it 4 to 16 ms.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from indexers.api import Hit
from indexers.errors import UnsupportedError

ByRank = Literal["rrf", "isr", "bordafuse"]
ByScore = Literal["combsum", "combmnz", "combanz", "combmed", "combmax", "combmin"]
Method = Literal[ByRank, ByScore]
BY_RANK: frozenset[str] = frozenset(get_args(ByRank))
"""Methods that need no scores: what portals show has none."""
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

    By rank, without scores: `rrf` adds up 1 / (`rrf_constant` + rank) (Cormack, Clarke and Büttcher, SIGIR 2009).
    `isr` adds up 1 / rank² and multiplies that by the number of lists that hold the document (Mourão, Martins and
    Magalhães, CMIG 2015). `bordafuse` gives n, n - 1, … points in a list, n being the number of all documents, and
    those that the list lacks the mean of the points that it has left (Aslam and Montague, SIGIR 2001).

    By normalised score (Fox and Shaw, TREC-2, 1994): the sum (`combsum`), the sum times the number of lists that hold
    the document (`combmnz`), and the mean, median, highest and lowest over those lists (`combanz`, `combmed`,
    `combmax`, `combmin`). Where a list has hits without scores they raise `UnsupportedError` naming it.

    Of equal scores the better rank comes first, then, where the lists' own scores are `comparable`, the higher of
    those, then the earlier list; url and title are those of the best-ranked copy.
    """
    given: dict[str, list[float]] = {}
    best: dict[str, tuple[int, float, int]] = {}
    shown: dict[str, Hit] = {}
    everything = len({hit.doc_id for hits in lists.values() for hit in hits})
    for place, (name, hits) in enumerate(lists.items()):
        if method in BY_RANK:
            values = [_worth(method, rank, everything, rrf_constant) for rank in range(1, len(hits) + 1)]
        else:
            values = _normalised(_scores(name, hits), norm)
        for rank, (hit, value) in enumerate(zip(hits, values, strict=True)):
            given.setdefault(hit.doc_id, []).append(value)
            standing = (rank, -(hit.score or 0.0) if comparable else 0.0, place)
            if hit.doc_id not in best or standing < best[hit.doc_id]:
                best[hit.doc_id], shown[hit.doc_id] = standing, hit
    total = {doc_id: _JOINED[method](values) for doc_id, values in given.items()}
    if method == "bordafuse":
        total = _with_points_of_the_lacking(total, lists, everything)
    order = sorted(total, key=lambda doc_id: (-total[doc_id], best[doc_id]))
    return [msgspec.structs.replace(shown[doc_id], score=total[doc_id]) for doc_id in order]


def _worth(method: Method, rank: int, everything: int, rrf_constant: int) -> float:
    if method == "rrf":
        return 1 / (rrf_constant + rank)
    return 1 / rank**2 if method == "isr" else float(everything + 1 - rank)


def _with_points_of_the_lacking(
    total: Mapping[str, float], lists: Mapping[str, Sequence[Hit]], everything: int
) -> dict[str, float]:
    """Return Borda points with those of the lists that lack a document: points nobody got there, shared evenly."""
    left = {name: (everything - len(hits) + 1) / 2 for name, hits in lists.items()}
    whole = sum(left.values())
    totals = {doc_id: points + whole for doc_id, points in total.items()}
    for name, hits in lists.items():
        for hit in hits:
            totals[hit.doc_id] -= left[name]
    return totals


def _times_holders(values: Sequence[float]) -> float:
    return sum(values) * len(values)


_JOINED: Mapping[Method, Callable[[Sequence[float]], float]] = {
    "rrf": sum,
    "isr": _times_holders,
    "bordafuse": sum,
    "combsum": sum,
    "combmnz": _times_holders,
    "combanz": statistics.fmean,
    "combmed": statistics.median,
    "combmax": max,
    "combmin": min,
}


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
