"""The last thing that was learned of its kind, for as long as it is not too old."""

import time
from collections.abc import Callable
from typing import Generic, NamedTuple

from tm_exporter.observation import FactT, Observation, ProbeKey


AT_LEAST = 900.0
"""Seconds for which a fact counts, however often it is asked for."""

_INTERVALS = 3

IntervalOf = Callable[[ProbeKey], float | None]
"""Returns the seconds between two slots of a probe, None for an unknown one."""


class Known(NamedTuple, Generic[FactT]):
    """
    A fact that is not too old.

    Attributes:
        fact: What was learned.
        age: Seconds since.
        read: Its number among all of the kind that were ever learned, of any target.
    """

    fact: FactT
    age: float
    read: int


class _Entry(NamedTuple, Generic[FactT]):
    fact: FactT
    key: ProbeKey
    at: float
    read: int


class Latest(Generic[FactT]):
    """
    The last fact of one kind, by target.

    It counts for max(three intervals, 15 minutes), as the gauges do that are made
    of the same answers: what is older proves nothing.

    Args:
        kind: Of the facts.
        interval_of: How often a probe learns them.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        kind: type[FactT],
        interval_of: IntervalOf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kind = kind
        self._interval_of = interval_of
        self._clock = clock
        self._entries: dict[str, _Entry[FactT]] = {}
        self._reads = 0

    def note(self, observation: Observation) -> FactT | None:
        """Return what a run learned of this kind, after taking note of it."""
        fact = observation.fact(self._kind)
        if fact is not None:
            key = observation.key
            self._reads += 1
            self._entries[key.target] = _Entry(fact, key, self._clock(), self._reads)
        return fact

    def forget_target(self, target: str) -> None:
        """Drop what a target told that is no longer configured."""
        self._entries.pop(target, None)

    def known(self, target: str | None) -> Known[FactT] | None:
        """Return the last fact of a target, None if there is none or it is old."""
        entry = None if target is None else self._entries.get(target)
        if entry is None:
            return None
        age = self._clock() - entry.at
        interval = self._interval_of(entry.key)
        if interval is None or age > max(_INTERVALS * interval, AT_LEAST):
            return None
        return Known(entry.fact, age, entry.read)

    def of(self, target: str | None) -> FactT | None:
        """Return the same without its age."""
        known = self.known(target)
        return None if known is None else known.fact
