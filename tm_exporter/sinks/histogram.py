"""
Count values by size.

There are thousands of histograms, and most of their buckets hardly ever see a value.
So what is counted is in arrays, which are as large in the end as at the beginning.
"""

import math
from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import Any, Literal, NamedTuple

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


class _Examples:
    """
    The last value of each bucket, and the run that it comes from.

    Args:
        buckets: How many there are.
    """

    __slots__ = ("_ended", "_ids", "_values")

    def __init__(self, buckets: int) -> None:
        self._ids: list[str | None] = [None] * buckets
        self._values = _zeros("d", buckets)
        self._ended = _zeros("d", buckets)

    def put(self, bucket: int, value: float, run: RunMark) -> None:
        """Have a value be the example of its bucket."""
        self._ids[bucket] = run.probe_id
        self._values[bucket], self._ended[bucket] = value, run.ended_at

    def told(self) -> tuple[Exemplar | None, ...]:
        """Return the example of each bucket, None where it has none."""
        all_ = zip(self._ids, self._values, self._ended, strict=True)
        return tuple(
            None if name is None else Exemplar(value, RunMark(name, ended))
            for name, value, ended in all_
        )


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

    __slots__ = ("_counts", "_examples", "bounds", "native", "total")

    def __init__(self, bounds: tuple[float, ...], *, native: bool = False) -> None:
        self.bounds = bounds
        self.total = 0.0
        self.native = NativeBuckets() if native else None
        self._counts = _zeros("Q", len(bounds) + 1)
        self._examples: _Examples | None = None

    def observe(self, value: float, run: RunMark | None = None) -> None:
        """Count one value; if its run is told, it becomes the example of its bucket."""
        bucket = bisect_left(self.bounds, value)
        self._counts[bucket] += 1
        self.total += value
        if self.native is not None:
            self.native.observe(value)
        if run is not None:
            if self._examples is None:
                self._examples = _Examples(len(self._counts))
            self._examples.put(bucket, value, run)

    def rebound(self, bounds: tuple[float, ...]) -> None:
        """
        Have other bounds from now on, and keep what was counted.

        Of values before, it is not known on which side of a new bound they were: they
        stay above it, so that nobody takes them for smaller than they are. Examples
        are forgotten, since one could be below the bucket that it was counted in.
        """
        counts = _zeros("Q", len(bounds) + 1)
        for upper, count in zip((*self.bounds, math.inf), self._counts, strict=True):
            counts[bisect_left(bounds, upper)] += count
        self.bounds, self._counts, self._examples = bounds, counts, None

    @property
    def cumulative(self) -> tuple[int, ...]:
        """How many values are within each bound; the last number is of all."""
        return tuple(accumulate(self._counts))

    @property
    def exemplars(self) -> tuple[Exemplar | None, ...]:
        """The last value of each bucket, None where no run is known."""
        if self._examples is None:
            return (None,) * len(self._counts)
        return self._examples.told()


def _zeros(kind: Literal["Q", "d"], count: int) -> "array[Any]":
    """Return an array of so many zeros, of eight bytes each."""
    return array(kind, bytes(8 * count))
