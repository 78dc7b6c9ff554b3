"""Count values by size."""

import math
from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple

from tm_exporter.sinks.native import NativeBuckets


class RunMark(NamedTuple):
    """
    Which run a value comes from.

    Attributes:
        probe_id: Of the run; its transcript goes by it.
        ended_at: Seconds since the epoch.
    """

    probe_id: str
    ended_at: float


class Exemplar(NamedTuple):
    """
    The last value of a bucket, and the run that it comes from.

    Attributes:
        value: As it was observed.
        run: Whose it is.
    """

    value: float
    run: RunMark


class Histogram:
    """
    Counts of values, by the smallest upper bound that they do not exceed.

    Args:
        bounds: Upper bounds, ascending, without the infinite one.
        native: Whether it counts in exponential buckets as well.

    Attributes:
        bounds: Those upper bounds.
        total: Sum of all values.
        native: The exponential buckets, None if it has none.
    """

    __slots__ = ("_counts", "_exemplars", "bounds", "native", "total")

    def __init__(self, bounds: tuple[float, ...], *, native: bool = False) -> None:
        self.bounds = bounds
        self.total = 0.0
        self.native = NativeBuckets() if native else None
        self._counts = [0] * (len(bounds) + 1)
        self._exemplars: dict[int, Exemplar] = {}

    def observe(self, value: float, run: RunMark | None = None) -> None:
        """Count one value; if its run is told, it becomes the example of its bucket."""
        bucket = bisect_left(self.bounds, value)
        self._counts[bucket] += 1
        self.total += value
        if self.native is not None:
            self.native.observe(value)
        if run is not None:
            self._exemplars[bucket] = Exemplar(value, run)

    def rebound(self, bounds: tuple[float, ...]) -> None:
        """
        Have other bounds from now on, and keep what was counted.

        Of values before, it is not known on which side of a new bound they were: they
        stay above it, so that nobody takes them for smaller than they are. Examples
        are forgotten, since one could be below the bucket that it was counted in.
        """
        counts = [0] * (len(bounds) + 1)
        for upper, count in zip((*self.bounds, math.inf), self._counts, strict=True):
            counts[bisect_left(bounds, upper)] += count
        self.bounds, self._counts = bounds, counts
        self._exemplars.clear()

    @property
    def cumulative(self) -> tuple[int, ...]:
        """How many values are within each bound; the last number is of all."""
        return tuple(accumulate(self._counts))

    @property
    def exemplars(self) -> tuple[Exemplar | None, ...]:
        """The last value of each bucket, None where no run is known."""
        return tuple(map(self._exemplars.get, range(len(self._counts))))
