"""The arithmetic of the benchmarks: percentiles, histograms, slopes. Pure."""

import math
from collections.abc import Sequence
from statistics import linear_regression


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest rank: a value that was measured, such that `share` per cent of them are not above it."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    return ordered[max(1, math.ceil(len(ordered) * share / 100)) - 1]


def histogram(values: Sequence[float], edges: Sequence[float]) -> list[int]:
    """How many values are at or below each edge and above the one before it; last, those above all edges."""
    counts = [0] * (len(edges) + 1)
    for value in values:
        counts[next((place for place, edge in enumerate(edges) if value <= edge), len(edges))] += 1
    return counts


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The growth of y with one x, by least squares; 0 where there is nothing to draw a line through."""
    if len({x for x, _ in points}) < 2:
        return 0.0
    return linear_regression([x for x, _ in points], [y for _, y in points]).slope
