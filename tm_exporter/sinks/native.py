"""
Count values in the exponential buckets of a native histogram.

Buckets are powers of two, each divided into equal factors: with schema 3 into eight,
so that a value is known to 9 %, whatever its size, without any bound configured.

Source: Prometheus' specification of native histograms; the limit on buckets is kept
as client_golang does it.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise
from math import frexp
from typing import Final, NamedTuple


SCHEMA: Final = 3
"""Resolution to begin with: each power of two is 2**3 buckets."""

COARSEST: Final = -4
"""The coarsest resolution that Prometheus reads."""

ZERO_THRESHOLD: Final = 2.0**-128
"""What is not larger counts as zero, as in client_golang."""

MOST_BUCKETS: Final = 160
"""Buckets of one histogram; beyond, each two become one."""

_MOST_GAP = 2  # empty buckets that are cheaper to tell than a new span


class Span(NamedTuple):
    """
    Neighbouring buckets.

    Attributes:
        offset: Buckets since the end of the span before; of the first one its index.
        length: How many there are.
    """

    offset: int
    length: int


class NativeBuckets:
    """
    Counts by exponential bucket, of values that are not negative.

    Bucket n has the values above `2 ** ((n - 1) / 2 ** schema)` up to
    `2 ** (n / 2 ** schema)`.

    Attributes:
        schema: Resolution; it falls by one whenever there are too many buckets.
        zero_count: Values that are not above `ZERO_THRESHOLD`.
    """

    __slots__ = ("_counts", "_indices", "schema", "zero_count")

    def __init__(self) -> None:
        self.schema = SCHEMA
        self.zero_count = 0
        # Of the buckets that have any value, in order: a bucket is ten bytes here.
        self._indices = array("h")
        self._counts = array("Q")

    @property
    def counts(self) -> dict[int, int]:
        """How many values are in each bucket that has any."""
        return dict(zip(self._indices, self._counts, strict=True))

    def observe(self, value: float) -> None:
        """Count one value; a negative one, which no duration is, counts as zero."""
        if value <= ZERO_THRESHOLD:
            self.zero_count += 1
            return
        index = bucket_of(value, self.schema)
        place = bisect_left(self._indices, index)
        if place < len(self._indices) and self._indices[place] == index:
            self._counts[place] += 1
            return
        self._indices.insert(place, index)
        self._counts.insert(place, 1)
        while len(self._indices) > MOST_BUCKETS and self.schema > COARSEST:
            self._halve()

    def spans(self) -> list[Span]:
        """Return where there are buckets, with small gaps filled by empty ones."""
        spans: list[Span] = []
        end = 0
        for index in self._indices:
            gap = index - end
            if spans and gap <= _MOST_GAP:
                spans[-1] = Span(spans[-1].offset, spans[-1].length + gap + 1)
            else:
                spans.append(Span(gap, 1))
            end = index + 1
        return spans

    def deltas(self) -> Iterator[int]:
        """Yield for each bucket of the spans how many more it has than the last."""
        yield from (after - before for before, after in pairwise((0, *self._told())))

    def _told(self) -> Iterator[int]:
        """Yield the count of each bucket of the spans."""
        index, counts = 0, self.counts
        for span in self.spans():
            index += span.offset
            for _ in range(span.length):
                yield counts.get(index, 0)
                index += 1

    def _halve(self) -> None:
        """Make one bucket of each two, which halves the resolution."""
        indices, counts = array("h"), array("Q")
        for index, count in zip(self._indices, self._counts, strict=True):
            wider = (index + 1) // 2
            if indices and indices[-1] == wider:
                counts[-1] += count
            else:
                indices.append(wider)
                counts.append(count)
        self._indices, self._counts = indices, counts
        self.schema -= 1


def bucket_of(value: float, schema: int) -> int:
    """Return the index of the bucket of a positive number."""
    mantissa, exponent = frexp(value)  # 0.5 <= mantissa < 1
    if schema > 0:
        within = bisect_left(_FRACTIONS[schema], mantissa)
        return within + ((exponent - 1) << schema)
    power = exponent - 1 if mantissa == 0.5 else exponent
    return -(-power >> -schema)  # rounded up


_FRACTIONS = {
    schema: tuple(2.0 ** (part / 2**schema - 1) for part in range(2**schema))
    for schema in range(1, SCHEMA + 1)
}
