"""
Five fields of cron: at which minutes something begins.

APScheduler reads them otherwise than crontab(5): there 0 is Monday, and a day must
suit both its fields. Who writes `0 22 * * 0` means a Sunday.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self


class CronError(ValueError):
    """A field cannot be read; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class _Field:
    """What one of the fields may hold; names count up from `low`."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def last(self) -> int:
        """The last value that is no other name of the first, as 7 is of Sunday."""
        return self.low + len(self.names) - 1 if self.names else self.high


_DAYS = _Field("day of the month", 1, 31)
_MONTHS = _Field(
    *("month", 1, 12),
    names=(
        *("jan", "feb", "mar", "apr", "may", "jun"),
        *("jul", "aug", "sep", "oct", "nov", "dec"),
    ),
)
_WEEKDAYS = _Field(
    "day of the week", 0, 7, names=("sun", "mon", "tue", "wed", "thu", "fri", "sat")
)
_FIELDS = (_Field("minute", 0, 59), _Field("hour", 0, 23), _DAYS, _MONTHS, _WEEKDAYS)

_DIGITS = re.compile(r"[0-9]{1,2}")
_LONGEST: Mapping[int, int] = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


@dataclass(frozen=True, slots=True)
class Cron:
    """
    The minutes that five fields mean.

    Attributes:
        times: Of a day, the latest first.
        days: Of the month.
        months: Of the year, January being 1.
        weekdays: Sunday being 0.
        either: Whether it is enough that one of the two fields for days suits, as
            where neither begins with a star.

    Source: crontab(5) of Vixie's cron.
    """

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    @classmethod
    def of(cls, text: str) -> Self:
        """
        Return what a text of five fields means.

        Raises:
            CronError: A field is wrong, or no day ever suits.
        """
        parts = text.lower().split()
        if len(parts) != len(_FIELDS):
            raise CronError("must be five fields, such as `0 22 * * sun`")
        minutes, hours, days, months, weekdays = (
            _values(part, field) for part, field in zip(parts, _FIELDS, strict=True)
        )
        cron = cls(
            times=tuple(
                time(hour, minute)
                for hour in sorted(hours, reverse=True)
                for minute in sorted(minutes, reverse=True)
            ),
            days=days,
            months=months,
            weekdays=frozenset(day % 7 for day in weekdays),
            either=not (parts[2].startswith("*") or parts[4].startswith("*")),
        )
        cron._refuse_never()
        return cron

    def latest(self, now: datetime, within: timedelta) -> datetime | None:
        """
        Return the last beginning that is not over, None if there is none.

        Args:
            now: In the zone which the fields are meant in.
            within: How long something that begins goes on; its end is not part of it.
        """
        for back in range(within.days + 2):
            day = now - timedelta(days=back)
            if self._suits(day):
                for moment in self.times:
                    begins = datetime.combine(day.date(), moment, now.tzinfo)
                    if begins <= now:
                        return begins if now < begins + within else None
        return None

    def _suits(self, day: datetime) -> bool:
        """Whether it begins on this day."""
        by_date = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        both = (by_date or by_weekday) if self.either else (by_date and by_weekday)
        return both and day.month in self.months

    def _refuse_never(self) -> None:
        """Raise for days that no month has, such as the 31st of April."""
        longest = max(_LONGEST.get(month, 31) for month in self.months)
        if not self.either and min(self.days) > longest:
            raise CronError("never comes: none of these months has such a day")


def _values(text: str, field: _Field) -> frozenset[int]:
    """Return all values that a field means."""
    return frozenset(value for part in text.split(",") for value in _part(part, field))


def _part(text: str, field: _Field) -> Iterator[int]:
    """Yield the values of one of the parts between commas: `1`, `1-5`, `*/2`."""
    span, has_step, step = text.partition("/")
    low, is_range, high = span.partition("-")
    if span == "*":
        first, last = field.low, field.last
    else:
        first = _number(low, field)
        last = _number(high, field) if is_range else field.last if has_step else first
    if is_range and field is _WEEKDAYS and last == 0 < first:
        last = 7  # sat-sun
    if last < first:
        raise CronError(f"`{span}` ends before it begins")
    yield from range(first, last + 1, _step(step) if has_step else 1)


def _step(text: str) -> int:
    if _DIGITS.fullmatch(text) and int(text) > 0:
        return int(text)
    raise CronError(f"`/{text}` is no step: write a number from 1 to 99")


def _number(text: str, field: _Field) -> int:
    """Return the number which a number or a name means."""
    if text in field.names:
        return field.names.index(text) + field.low
    if _DIGITS.fullmatch(text) and field.low <= int(text) <= field.high:
        return int(text)
    names = f", or {field.names[0]} to {field.names[-1]}" if field.names else ""
    raise CronError(
        f"`{text}` is no {field.name}: those are {field.low} to {field.high}{names}"
    )
