"""The days and months, by UTC, that money is counted in."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from math import ceil, floor


DAY = 86_400
"""Seconds of a day; UTC as computers count it has no leap seconds."""


@dataclass(frozen=True, slots=True)
class Windows:
    """
    The day and the month in which a moment lies.

    Attributes:
        day: Number of days since 1970-01-01.
        month: Number of months since the year 0.
        unexpired_day: Which share of the day was still to come at that moment.
        unexpired_month: Which share of the month was.
    """

    day: int
    month: int
    unexpired_day: Fraction
    unexpired_month: Fraction

    @classmethod
    def at(cls, seconds: float) -> "Windows":
        """
        Return the windows of a moment.

        Args:
            seconds: Since the epoch; shares are those of the next full second.
        """
        day = floor(seconds / DAY)
        into_day = ceil(seconds) - day * DAY
        date = datetime.fromtimestamp(day * DAY, UTC)
        into_month = (date.day - 1) * DAY + into_day
        length = monthrange(date.year, date.month)[1] * DAY
        return cls(
            day=day,
            month=12 * date.year + date.month - 1,
            unexpired_day=1 - Fraction(into_day, DAY),
            unexpired_month=1 - Fraction(into_month, length),
        )


def date_of(day: int) -> str:
    """Return a day, by its number, as people write it."""
    return datetime.fromtimestamp(day * DAY, UTC).date().isoformat()
