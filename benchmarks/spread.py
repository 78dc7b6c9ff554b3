"""A figure of several rounds: its middle, and from where to where it went."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Spread:
    """
    What several rounds gave.

    Attributes:
        middle: The median.
        low: The lowest.
        high: The highest.
    """

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Return the spread of some values, at least one."""
        return cls(median(values), min(values), max(values))

    def told(self) -> str:
        """Return it for people."""
        middle, low, high = (_number(v) for v in (self.middle, self.low, self.high))
        return middle if low == high else f"{middle} ({low}-{high})"


def _number(value: float) -> str:
    """Return a number with no more digits than mean something."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.01 else f"{value:.2g}"


class Results:
    """
    All figures of one run of measurements.

    Args:
        document: As `python -m benchmarks` writes it.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._values = document["values"]

    def cases(self, suite: str) -> list[str]:
        """Return the names of the cases that were measured, in order."""
        return list(self._values.get(suite, ()))

    def get(self, suite: str, case: str, figure: str) -> Spread | None:
        """Return a figure, None if it was not measured."""
        rounds = self._values.get(suite, {}).get(case, {}).get(figure)
        return Spread.of(rounds) if rounds else None

    def ratio(self, suite: str, case: str, figure: str, peer: str) -> Spread | None:
        """Return a figure as a multiple of a peer's in the same round."""
        figures = self._values.get(suite, {}).get(case, {})
        if not figures.get(figure) or not figures.get(peer):
            return None
        both = zip(figures[figure], figures[peer], strict=True)
        return Spread.of([ours / theirs for ours, theirs in both])


Reading = Callable[[Results], Spread | None]
