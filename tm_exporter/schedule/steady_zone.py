"""A clock that nobody sets, in the form in which APScheduler asks for the time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from apscheduler.triggers.base import BaseTrigger

from tm_exporter.schedule.grid import Grid


ROUNDING = 0.001
"""Seconds by which times may be off: APScheduler's are whole microseconds."""


class SteadyZone(tzinfo):
    """
    A time zone in which the clock is never set.

    APScheduler plans by the wall clock, which it asks as `datetime.now(zone)`:
    set back, it would stand still, and set forward, it would run everything at
    once. In this zone, that question is answered from the monotonic clock, so
    that steps of the wall clock do not exist; it is UTC as of our start. Only that
    question may be asked of it, which is why the triggers are our own.

    Args:
        clock: Monotonic seconds.
        now: Seconds since the epoch, asked once.
    """

    def __init__(self, clock: Callable[[], float], now: Callable[[], float]) -> None:
        self._clock = clock
        self._epoch = now() - clock()

    def seconds(self) -> float:
        """Return the seconds since the epoch, as if no one had set the clock."""
        return self._clock() + self._epoch

    def moment(self, seconds: float) -> datetime:
        """Return a number of such seconds as APScheduler wants it."""
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=self)

    def fromutc(self, dt: datetime) -> datetime:  # noqa: ARG002
        """Return the time now, whatever the wall clock says."""
        return self.moment(self.seconds())

    def utcoffset(self, dt: datetime | None) -> timedelta:  # noqa: ARG002
        """Return nothing: it is UTC."""
        return timedelta()

    def dst(self, dt: datetime | None) -> timedelta:  # noqa: ARG002
        """Return nothing: it is UTC."""
        return timedelta()

    def tzname(self, dt: datetime | None) -> str:  # noqa: ARG002
        """Return what it is."""
        return "UTC"


class Slots(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """
    Tells APScheduler when slots fall due.

    Args:
        grid: Their grid.
        first_at: The first of them, on the grid or not, in steady seconds.
        zone: Whose seconds these are.
    """

    def __init__(self, grid: Grid, first_at: float, zone: SteadyZone) -> None:
        self._grid = grid
        self._first_at = first_at
        self._zone = zone

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime:
        """Return the next slot."""
        if previous_fire_time is None:
            return self._zone.moment(self._first_at)
        # Never the present moment again, which APScheduler would ask for for ever.
        seconds = now.replace(tzinfo=UTC).timestamp() + ROUNDING
        return self._zone.moment(self._grid.after(seconds))
