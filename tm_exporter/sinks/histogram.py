"""Count values by size."""

import math
from bisect import bisect_left
from itertools import accumulate


class Histogram:
    """
    Counts of values, by the smallest upper bound that they do not exceed.

    Attributes:
        bounds: Upper bounds, ascending, without the infinite one.
        total: Sum of all values.
    """

    __slots__ = ("_counts", "bounds", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.total = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def rebound(self, bounds: tuple[float, ...]) -> None:
        """
        Have other bounds from now on, and keep what was counted.

        Of values before, it is not known on which side of a new bound they were: they
        stay above it, so that nobody takes them for smaller than they are.
        """
        counts = [0] * (len(bounds) + 1)
        for upper, count in zip((*self.bounds, math.inf), self._counts, strict=True):
            counts[bisect_left(bounds, upper)] += count
        self.bounds, self._counts = bounds, counts

    @property
    def cumulative(self) -> tuple[int, ...]:
        """How many values are within each bound; the last number is of all."""
        return tuple(accumulate(self._counts))
