"""Numbers as people read them, the same in the terminal and in every report."""

from bench.statistics import Estimate

NONE = "–"


def score(estimate: Estimate | None) -> str:
    """Return a headline with its interval: `84.7 [82.9, 86.3]`."""
    if estimate is None or estimate.value is None:
        return NONE
    return f"{estimate.value:.1f} [{estimate.low:.1f}, {estimate.high:.1f}]"


def change(estimate: Estimate) -> str:
    """Return a difference of headlines with its interval: `-12.5 [-20.1, -5.0]`."""
    if estimate.value is None:
        return NONE
    return f"{estimate.value:+.1f} [{estimate.low:+.1f}, {estimate.high:+.1f}]"


def fraction(value: float | None) -> str:
    """Return a measure between 0 and 1 with three decimals."""
    return NONE if value is None else f"{value:.3f}"


def milliseconds(value: float | None) -> str:
    """Return a latency in ms with three significant digits."""
    if value is None:
        return NONE
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def seconds(value: float) -> str:
    """Return a duration in seconds."""
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def size(count: int) -> str:
    """Return bytes in binary units: `1.4 MiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if value < 1024 or unit == "TiB":
            break
    return f"{value:.1f} {unit}"
