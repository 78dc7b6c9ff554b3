"""
How late the event loop comes round to what is due.

Every time that the exporter measures is taken on that loop, so its lag bounds
how far the figures can be trusted. A process that was stopped and a machine that
slept show as lag too: they delay stamps just the same.
"""

import asyncio
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


PERIOD = 0.25
"""Seconds from one value of the histogram to the next."""

CLOSELY = 0.01
"""Seconds between two looks while something is timed."""

NOTICED = 0.02
"""Seconds of lag up to which no measurement is spoiled, and none is remembered."""

REMEMBERED = 1000
"""Late looks that are remembered one by one."""


class Late(NamedTuple):
    """
    One look that came late.

    Attributes:
        due: When it was to come, in monotonic seconds.
        came: When it did.
        lag: Seconds by which whatever was due between may have been late.
    """

    due: float
    came: float
    lag: float


def seconds_asleep() -> float:
    """Return how long the machine was suspended, which no monotonic clock counts."""
    if not hasattr(time, "CLOCK_BOOTTIME"):  # only Linux has it
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()


class LagMeter:
    """
    Looks again and again how late the loop is, and remembers when it was.

    It looks often only while something is timed. A lag is told to within the
    `CLOSELY` seconds between two looks, never too large.

    Args:
        observe: Is told the worst lag of each `PERIOD`, in seconds.
        clock: Monotonic seconds, as the stamps of the transport.
        asleep: Seconds for which that clock stood still, all in all.
    """

    def __init__(
        self,
        observe: Callable[[float], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        asleep: Callable[[], float] = seconds_asleep,
    ) -> None:
        self._observe = observe
        self._clock = clock
        self._asleep = asleep
        self._slept = 0.0  # by the last look
        self._due: float | None = None
        self._handle: asyncio.TimerHandle | None = None
        self._timed = 0
        self._tell_at = 0.0
        self._untold = 0.0
        self._late: list[Late] = []
        self._forgotten: Late | None = None

    def start(self) -> None:
        """Begin to look; wants a running loop."""
        self.stop()
        self._slept = self._asleep()
        self._tell_at = self._clock() + PERIOD
        self._plan(self._period)

    def stop(self) -> None:
        """Look no more."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._due = None

    @contextmanager
    def closely(self) -> Iterator[None]:
        """Look often for as long as the block takes."""
        self._timed += 1
        if self._timed == 1 and self._due is not None:
            self._look()
        try:
            yield
        finally:
            self._timed -= 1

    def worst(self, since: float, until: float) -> float:
        """
        Return by how much a stamp between two moments may be late.

        Args:
            since: Monotonic seconds, as the next.
            until: Not in the future.

        Returns:
            Seconds; 0 where it is at most `NOTICED`, or nobody looked.
        """
        first = bisect_left(self._late, since, key=lambda late: late.came)
        end = bisect_right(self._late, until, key=lambda late: late.due)
        apart = (
            late
            for late in (self._forgotten, self._going_on())
            if late is not None and late.due <= until and since <= late.came
        )
        return max((late.lag for late in (*self._late[first:end], *apart)), default=0.0)

    @property
    def _period(self) -> float:
        return CLOSELY if self._timed else PERIOD

    def _plan(self, seconds: float) -> None:
        """Have the next look in so many seconds."""
        if self._handle is not None:
            self._handle.cancel()
        self._due = self._clock() + seconds
        loop = asyncio.get_running_loop()
        self._handle = loop.call_later(seconds, self._look)

    def _look(self) -> None:
        """Note how late it is, and plan the next look."""
        now, slept = self._clock(), self._asleep()
        self._note(now, slept)
        self._slept = slept
        self._plan(self._period)
        if now >= self._tell_at - 1e-6:  # a timer may be early by a rounding
            untold, self._untold = self._untold, 0.0
            self._tell_at = now + PERIOD
            self._observe(untold)

    def _note(self, now: float, slept: float) -> None:
        late = self._lateness(now, slept)
        if late is None:
            return
        self._untold = max(self._untold, late.lag)
        if late.lag > NOTICED:
            self._late.append(late)
            if len(self._late) > REMEMBERED:
                self._forget()

    def _going_on(self) -> Late | None:
        """Return the look that is overdue, if it is by enough to matter."""
        late = self._lateness(self._clock(), self._asleep())
        return late if late is not None and late.lag > NOTICED else None

    def _lateness(self, now: float, slept: float) -> Late | None:
        """Return what a look would find; None where none is planned."""
        if self._due is None:
            return None
        asleep = max(0.0, slept - self._slept)
        due = min(self._due, now) if asleep > NOTICED else self._due
        return Late(due, now, max(0.0, now - self._due) + asleep)

    def _forget(self) -> None:
        """Remember the older half only as one block, as bad as the worst of it."""
        half = len(self._late) // 2
        dropped = self._late[:half]
        if self._forgotten is not None:
            dropped.insert(0, self._forgotten)
        worst = max(late.lag for late in dropped)
        self._forgotten = Late(dropped[0].due, dropped[-1].came, worst)
        del self._late[:half]
