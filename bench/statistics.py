"""Uncertainty of means over queries, and whether two engines differ."""

import math
from collections.abc import Mapping
from itertools import combinations

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

Z_95 = 1.959963984540054
_Z_POWER_80 = 0.8416212335729143

_DRAWS_AT_ONCE = 4_000_000


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A mean over `n` queries with its 95 % confidence interval; `value` is None when there is nothing to average."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A paired comparison of two engines over the queries that both could answer."""

    first: str
    second: str
    n: int
    difference: float
    """Mean of first minus second."""
    t_p: float
    """Two-sided p of the paired t-test."""
    randomisation_p: float
    """Two-sided p of Fisher's randomisation test."""
    holm_p: float
    """`randomisation_p` after Holm's correction over all pairs."""


def mean(values: Floats) -> float | None:
    """Return the mean of the values that are not NaN, or None when there is none."""
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if kept.size else None


def estimate(values: Floats, seed: int, resamples: int, scale: float = 1.0) -> Estimate:
    """Return mean and percentile bootstrap interval of one value per query, both times `scale`; NaN are left out.

    A bootstrap of equal values has no width; where all are 0 or all are 1 the Wilson interval of a proportion is
    given instead (Wilson, JASA 1927).
    """
    kept = values[~np.isnan(values)]
    if kept.size == 0:
        return Estimate(value=None, low=None, high=None, n=0)
    centre = float(kept.mean())
    if kept.min() == kept.max() and centre in (0.0, 1.0):
        low, high = wilson(round(centre * kept.size), kept.size)
    else:
        low, high = (float(bound) for bound in np.quantile(_resampled_means(kept, seed, resamples), (0.025, 0.975)))
    return Estimate(value=centre * scale, low=low * scale, high=high * scale, n=int(kept.size))


def wilson(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion."""
    share = successes / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low, high = (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)
    return low if successes else 0.0, high if successes < n else 1.0  # exact where rounding would blur the end


def percentile(sorted_values: Floats, share: float) -> float | None:
    """Return the percentile (linear between neighbours), or None when the sample cannot support it.

    A percentile p needs 1 / (1 - p) values: p50 two, p95 twenty, p99 a hundred, p99.9 a thousand.
    """
    if sorted_values.size < round(1 / (1 - share)):
        return None
    return float(np.quantile(sorted_values, share))


def compare_pairs(values: Mapping[str, Floats], seed: int, permutations: int = 10_000) -> list[Pair]:
    """Test every pair of engines on the queries where both have a value (not NaN).

    `values` holds one array per engine, the same query at the same position. Student's paired t-test and Fisher's
    randomisation of signs (Smucker, Allan and Carterette, CIKM 2007), two-sided; Holm (1979) over the latter.
    """
    pairs = []
    for first, second in combinations(values, 2):
        both = ~(np.isnan(values[first]) | np.isnan(values[second]))
        difference = values[first][both] - values[second][both]
        pairs.append(
            Pair(
                first=first,
                second=second,
                n=int(difference.size),
                difference=float(difference.mean()) if difference.size else 0.0,
                t_p=paired_t(difference),
                randomisation_p=randomisation(difference, seed, permutations),
                holm_p=1.0,
            )
        )
    corrected = holm([pair.randomisation_p for pair in pairs])
    return [msgspec.structs.replace(pair, holm_p=p) for pair, p in zip(pairs, corrected, strict=True)]


def paired_t(difference: Floats) -> float:
    """Return the two-sided p of the paired t-test; 1 when there is no difference or no spread to test it against."""
    n = difference.size
    if n < 2 or not difference.any():
        return 1.0
    deviation = float(difference.std(ddof=1))
    if deviation == 0.0:
        return 0.0
    from scipy.special import stdtr  # heavy to import, and only comparisons need it

    t = float(difference.mean()) / (deviation / math.sqrt(n))
    return 2 * float(stdtr(n - 1, -abs(t)))


def randomisation(difference: Floats, seed: int, permutations: int) -> float:
    """Return the two-sided p of Fisher's randomisation test with random signs; the observed one counts as drawn."""
    moved = difference[difference != 0]
    if moved.size == 0:
        return 1.0
    observed = abs(float(moved.sum()))
    generator = np.random.default_rng(seed)
    as_extreme = 0
    for size in _batches(permutations, moved.size):
        signs = generator.integers(0, 2, size=(size, moved.size), dtype=np.int8)
        sums = np.abs((2.0 * signs - 1.0) @ moved)
        as_extreme += int((sums >= observed - 1e-12 * moved.size).sum())
    return (as_extreme + 1) / (permutations + 1)


def holm(p_values: list[float]) -> list[float]:
    """Return the p values after Holm's step-down correction, in the order given."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    corrected = [1.0] * len(p_values)
    highest = 0.0
    for step, position in enumerate(order):
        highest = max(highest, min(1.0, p_values[position] * (len(p_values) - step)))
        corrected[position] = highest
    return corrected


def tied_groups(means: Mapping[str, float], pairs: list[Pair], alpha: float = 0.05) -> list[tuple[str, ...]]:
    """Return maximal runs of engines, best mean first, within which no pair differs significantly after Holm.

    Groups may overlap, as letters do in a compact letter display: being tied is not transitive.
    """
    differs = {frozenset((pair.first, pair.second)) for pair in pairs if pair.holm_p < alpha}
    ranked = sorted(means, key=lambda name: (-means[name], name))
    groups: list[tuple[str, ...]] = []
    for start in range(len(ranked)):
        end = start + 1
        while end < len(ranked) and all(frozenset((name, ranked[end])) not in differs for name in ranked[start:end]):
            end += 1
        group = tuple(ranked[start:end])
        if not groups or not set(group) <= set(groups[-1]):
            groups.append(group)
    return groups


def queries_needed(difference: float, deviation: float = 0.30) -> int:
    """Return how many queries a paired difference of that size needs, at α .05 and power .8 (normal approximation).

    `deviation` is the standard deviation of per-query differences.
    """
    return math.ceil(((Z_95 + _Z_POWER_80) * deviation / difference) ** 2)


def difference_told(queries: int, deviation: float = 0.30) -> float:
    """Return the smallest paired difference that so many queries tell, at α .05 and power .8: see `queries_needed`."""
    return (Z_95 + _Z_POWER_80) * deviation / math.sqrt(queries)


def _resampled_means(values: Floats, seed: int, resamples: int) -> Floats:
    generator = np.random.default_rng(seed)
    means = [
        values[generator.integers(0, values.size, size=(size, values.size))].mean(axis=1)
        for size in _batches(resamples, values.size)
    ]
    return np.concatenate(means)


def _batches(total: int, width: int) -> list[int]:
    """Return how many rows of `width` numbers to draw at once, so that memory stays bounded."""
    size = max(1, _DRAWS_AT_ONCE // width)
    return [min(size, total - done) for done in range(0, total, size)]
