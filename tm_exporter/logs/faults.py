"""Count the faults of our own that the log tells, and tell some of them seldom."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import structlog
from structlog.typing import EventDict, WrappedLogger

from tm_exporter.logs.log_events import EVENTS


EVERY: Final = 3600.0
"""Seconds within which the same fault of these kinds is written once."""

FAULTS: Final = tuple(
    name for name, event in EVENTS.items() if "exception" in event.keys
)
"""Events that may tell of a fault of the exporter: they come with a traceback."""

_SELDOM = ("series_failed", "upkeep_failed")  # else there is one at each scrape


class Faults:
    """
    A processor of log lines that counts those with a traceback of ours.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts = Counter(dict.fromkeys(FAULTS, 0))
        self._written: dict[tuple[object, ...], float] = {}

    def __call__(self, _: WrappedLogger, __: str, fields: EventDict) -> EventDict:
        """Count a fault; refuse to write what was written not long ago."""
        event = fields["event"]
        if event in self._counts and fields.get("exc_info"):
            self._counts[event] += 1
            if event in _SELDOM and not self._is_new(event, fields):
                raise structlog.DropEvent
        return fields

    def rows(self) -> Mapping[tuple[str, ...], float]:
        """Return how many there were, by event."""
        return {(event,): float(count) for event, count in self._counts.items()}

    def _is_new(self, event: str, fields: EventDict) -> bool:
        """Whether this was not written lately."""
        which = (event, fields.get("family"), fields.get("part"))
        now = self._clock()
        if now - self._written.get(which, float("-inf")) < EVERY:
            return False
        self._written[which] = now
        return True
