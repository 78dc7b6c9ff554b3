"""
When the slots of a probe fall due: arithmetic, and nothing else.

A probe's grid is `phase + n * interval`, in seconds since the epoch, where the
phase is a stable hash of whose probe it is; so a restart, a second replica and a
change of other probes all leave it where it was. Source: contract section 2.
"""

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

from tm_exporter.observation import ProbeKey


FIRST_RUNS_WITHIN = 10.0
FIRST_RUNS_PER_SECOND = 100.0
MOST_LATE = 5.0


def fraction(key: ProbeKey) -> float:
    """Return a stable hash of a probe, evenly spread over 0 to 1."""
    text = f"{key.target}\0{key.probe}\0{key.model}"
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


@dataclass(frozen=True, slots=True)
class Grid:
    """
    The slots of one probe.

    Attributes:
        interval: Seconds between slots.
        phase: Seconds, at least 0 and below the interval.
    """

    interval: float
    phase: float

    @classmethod
    def of(cls, key: ProbeKey, interval: float) -> "Grid":
        """Return the grid that a probe has at an interval."""
        return cls(interval, fraction(key) * interval)

    def after(self, moment: float) -> float:
        """Return the first slot that is later than `moment`."""
        return self._place(self._number_after(moment))

    def until(self, first: float, moment: float) -> tuple[int, float]:
        """
        Count the slots from `first`, which is due, up to `moment`.

        Returns:
            How many there are, `first` included, and the last of them.
        """
        following = self._number_after(first)
        if self._place(following) > moment:
            return 1, first
        last = self._number_after(moment) - 1
        return 2 + last - following, self._place(last)

    def _number_after(self, moment: float) -> int:
        """Return the number of the first slot that is later than `moment`."""
        number = math.floor((moment - self.phase) / self.interval) + 1
        return number if self._place(number) > moment else number + 1

    def _place(self, number: int) -> float:
        """
        Return when a slot is due.

        Always worked out from its number: a slot plus an interval is rounded
        otherwise than the next slot, and would be another one.
        """
        return self.phase + number * self.interval


def tolerance(interval: float) -> float:
    """Return the seconds by which a slot may be late and still run."""
    return min(interval / 10, MOST_LATE)


def first_runs(
    probes: Iterable[tuple[ProbeKey, float]], start: float
) -> dict[ProbeKey, float]:
    """
    Spread first runs: within 10 s or an interval, at most 100 a second.

    Args:
        probes: Key and interval of each.
        start: The moment from which to spread.

    Returns:
        The moment of each probe's first run.
    """
    wanted = sorted(
        (fraction(key) * min(FIRST_RUNS_WITHIN, interval), key)
        for key, interval in probes
    )
    return {
        key: start + max(offset, at / FIRST_RUNS_PER_SECOND)
        for at, (offset, key) in enumerate(wanted)
    }
