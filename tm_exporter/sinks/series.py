"""Keep the series of one owner: a probe, a target, or the exporter itself."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tm_exporter.catalog import Family
from tm_exporter.observation import Sample
from tm_exporter.sinks.histogram import Histogram
from tm_exporter.sinks.labels import fit
from tm_exporter.sinks.room import Room


Labels = tuple[str, ...]
Value = float | Histogram
Rows = dict[Labels, Value]


MOST_OF_FAMILY: Final = 1000
"""Series that a family of one probe, or of one target, may have."""


@dataclass(frozen=True, slots=True)
class Shape:
    """
    What is decided once for the series of all owners.

    Attributes:
        limit: Label sets that a family of one owner may have. What a service names
            (models, deployments, versions) is not ours to bound.
        thresholds: Bounds that a histogram has besides its family's buckets, in
            every series alike: those that an objective is judged by.
        room: What series may take in sum whose labels a service names.
    """

    limit: int = MOST_OF_FAMILY
    thresholds: Mapping[Family, tuple[float, ...]] = field(default_factory=dict)
    room: Room = field(default_factory=Room, compare=False)

    def buckets(self, family: Family) -> tuple[float, ...]:
        """Return the upper bounds of a family's buckets, in order."""
        return tuple(sorted({*family.buckets, *self.thresholds.get(family, ())}))


class Series:
    """
    Counters, gauges and histograms by family and label values.

    `base` has the values of the labels that all series of the owner begin with.
    """

    __slots__ = ("_base", "_rows", "_shape")

    def __init__(self, base: Labels, shape: Shape) -> None:
        self._base = base
        self._shape = shape
        self._rows: dict[Family, Rows] = {}

    def __iter__(self) -> Iterator[tuple[Family, Rows]]:
        return iter(self._rows.items())

    def __bool__(self) -> bool:
        return bool(self._rows)

    def drop(self, family: Family, labels: Labels | None = None) -> None:
        """Forget all series of a family, or the one of these labels."""
        if labels is None:
            self._rows.pop(family, None)
        elif (rows := self._rows.get(family)) is not None:
            rows.pop(self._full(labels), None)
            if not rows:
                del self._rows[family]

    def reshape(self, shape: Shape) -> None:
        """Have histograms with other bounds from now on, and keep what they count."""
        self._shape = shape
        for family, rows in self._rows.items():
            for value in rows.values():
                if isinstance(value, Histogram):
                    value.rebound(shape.buckets(family))

    def start(self, family: Family, labels: Labels = ()) -> bool:
        """
        Make a counter or histogram exist without a first event.

        So that the first failure is an increase, and not the birth of a series.

        Returns:
            False if the family has no room for it.
        """
        return self._cell(family, labels) is not None

    def record(self, sample: Sample) -> bool:
        """
        Let a counter grow, a gauge be set or a histogram observe.

        A value that is not a finite number says nothing and is left out, but for
        +Inf where the family has it.

        Returns:
            False if the family has no room for these labels.

        Raises:
            ValueError: A counter was asked to shrink.
        """
        family, value = sample.family, sample.value
        if not math.isfinite(value) and not (family.infinite and value == math.inf):
            return True
        if family.kind == "counter" and value < 0:
            raise ValueError(f"{family.name} cannot shrink by {-value}")
        cell = self._cell(family, sample.labels)
        if cell is None:
            return False
        rows, labels = cell
        old = rows[labels]
        if isinstance(old, Histogram):
            old.observe(value)
        else:
            rows[labels] = old + value if family.kind == "counter" else value
        return True

    def _cell(self, family: Family, labels: Labels) -> tuple[Rows, Labels] | None:
        """Return where a series is kept, made if there is room for it."""
        rows = self._rows.setdefault(family, {})
        full = self._full(labels)
        if full not in rows:
            if len(rows) >= self._shape.limit:
                return None
            is_histogram = family.kind == "histogram"
            buckets = self._shape.buckets(family) if is_histogram else ()
            rows[full] = Histogram(buckets) if is_histogram else 0.0
        return rows, full

    def _full(self, labels: Labels) -> Labels:
        """Return all label values of a series of the owner."""
        return self._base + tuple(fit(label) for label in labels)
