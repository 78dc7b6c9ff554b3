"""Keep the series of one owner: a probe, a target, or the exporter itself."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tm_exporter.catalog import Family
from tm_exporter.observation import Sample
from tm_exporter.sinks.histogram import Histogram, RunMark
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


class Owner(ABC):
    """
    Whose series a page writes: all those of a probe, of a run, of a target.

    Beside the series is what a page wrote of each family, until the family changes:
    most do not between two scrapes, and to write is what a page costs.
    """

    __slots__ = ("_form", "_written")

    def __init__(self) -> None:
        self._form: object = None
        self._written: dict[Family, bytes] = {}

    @abstractmethod
    def __iter__(self) -> Iterator[tuple[Family, Rows]]:
        """Yield each family that it has, and the family's series."""

    def written(self, form: object) -> dict[Family, bytes]:
        """
        Return what a page wrote of its families in a form, as far as it holds.

        What was written in another form is forgotten: one is enough to keep.
        """
        if self._form is not form:
            self._form, self._written = form, {}
        return self._written

    def still_has(self, _family: Family, _rows: Rows, /) -> bool:
        """Whether its series of a family surely are what they were."""
        return False


class Series(Owner):
    """
    Counters, gauges and histograms by family and label values.

    Args:
        base: The values of the labels that all series of the owner begin with.
        shape: Of the series.
    """

    __slots__ = ("_base", "_rows", "_shape")

    def __init__(self, base: Labels, shape: Shape) -> None:
        super().__init__()
        self._base = base
        self._shape = shape
        self._rows: dict[Family, Rows] = {}

    def __iter__(self) -> Iterator[tuple[Family, Rows]]:
        return iter(self._rows.items())

    def __bool__(self) -> bool:
        return bool(self._rows)

    def drop(self, family: Family, labels: Labels | None = None) -> None:
        """Forget all series of a family, or the one of these labels."""
        self._written.pop(family, None)
        if labels is None:
            self._rows.pop(family, None)
        elif (rows := self._rows.get(family)) is not None:
            rows.pop(self._full(labels), None)
            if not rows:
                del self._rows[family]

    def reshape(self, shape: Shape) -> None:
        """Have histograms with other bounds from now on, and keep what they count."""
        self._shape = shape
        self._written.clear()
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

    def record(self, sample: Sample, run: RunMark | None = None) -> bool:
        """
        Let a counter grow, a gauge be set or a histogram observe.

        A value that is not a finite number says nothing and is left out, but for
        +Inf where the family has it.

        Args:
            sample: What was measured.
            run: By which run, for the examples of a histogram.

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
            old.observe(value, run)
        else:
            rows[labels] = old + value if family.kind == "counter" else value
        self._written.pop(family, None)
        return True

    def _cell(self, family: Family, labels: Labels) -> tuple[Rows, Labels] | None:
        """Return where a series is kept, made if there is room for it."""
        rows = self._rows.setdefault(family, {})
        full = self._full(labels)
        if full not in rows:
            if len(rows) >= self._shape.limit:
                return None
            rows[full] = self._new(family)
            self._written.pop(family, None)
        return rows, full

    def _new(self, family: Family) -> Value:
        """Return the value that a series begins with."""
        if family.kind != "histogram":
            return 0.0
        return Histogram(self._shape.buckets(family), native=family.native)

    def _full(self, labels: Labels) -> Labels:
        """Return all label values of a series of the owner."""
        return self._base + tuple(map(fit, labels))
