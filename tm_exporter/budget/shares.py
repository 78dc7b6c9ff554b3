"""
Which part of the caps a shard has, day by day, so that all of them keep the sum.

Shards do not speak with each other. Each has a ledger of its own, and knows how many
of them there are meant to be, which is configured anew in all of them when it changes:
one after the other, within some minutes. So a day's share is settled as the day
begins, and only shrinks while it lasts:

* It is one part of as many as the shard has seen since an hour before midnight. A
  number that is new has its effect from the next day on, unless it is the larger one.
* A shard has no share on a day of which it did not see that hour: its ledger was made
  anew, or rested for more than a pause. Others may have divided the caps without it.
* A clock that was days ahead settles nothing: once it is right, the ledger counts as
  made anew.
* The month's cap comes in day by day, by each day's share, and what a day leaves over
  stays. What it was not there for does not come in.

With that, the shares of a day add up to one at most if each change has reached all
shards within ten minutes, and before the next one; a single change has the hour.

An installation that is not sharded needs none of this, and keeps no record.

Source: issue F, "a new shard count gets its shares from the next UTC day".
"""

import json
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Self

from tm_exporter.budget.windows import DAY, Windows, date_of


HOUR_BEFORE = 3600.0
"""Seconds before midnight from which on what is seen counts for the next day, too."""

PAUSE = 1200.0
"""Seconds for which a ledger may rest, and be thought to have seen everything."""


_PLAUSIBLE = 2 * DAY  # seconds by which a clock may have been ahead


class SharesUnreadable(Exception):  # noqa: N818 -- what they are, not what failed
    """A text that should be a record of shares is none."""


@dataclass(frozen=True, slots=True)
class Shares:
    """
    What one shard's ledger knows of its shares.

    Attributes:
        since: Seconds since the epoch, from which on it rested for no longer than a
            pause.
        seen: By number of shards the last time that so many were in force, in
            seconds since the epoch; the last number comes last.
        day: Number of the day that it was last looked at.
        parts: Of so many parts of the caps it has one on that day; 0 for no share.
        earned: How many days' parts of the month's cap came in on earlier days of
            the month.
        alone: Whether there was but one shard on every day of the month so far.
    """

    since: float
    seen: dict[int, float]
    day: int
    parts: int
    earned: Fraction = Fraction(0)
    alone: bool = False

    @classmethod
    def made_anew(cls, total: int, now: float) -> Self:
        """Return those of a ledger that does not know what was before."""
        return cls(now, {total: now}, Windows.at(now).day, parts=0)

    @classmethod
    def of_one(cls, opened_at: float, seen_at: float) -> Self:
        """Return those of a ledger that was the only one until it was last seen."""
        opened, last = Windows.at(opened_at), Windows.at(seen_at)
        first = last.day - _date(last.day).day + 1
        earned = Fraction(max(0, last.day - max(first, opened.day)))
        if first <= opened.day < last.day:
            earned += opened.unexpired_day - 1
        return cls(opened_at, {1: seen_at}, last.day, 1, earned, alone=True)

    @property
    def last(self) -> float:
        """When the ledger was last looked at."""
        return max(self.seen.values())

    @property
    def total(self) -> int:
        """How many shards were in force then."""
        return next(reversed(self.seen))

    @property
    def share(self) -> Fraction:
        """Which share of the caps it has on the day that it was last looked at."""
        return Fraction(1, self.parts) if self.parts else Fraction(0)

    def looked_at(self, total: int, now: float) -> Self:
        """
        Return what is known when the ledger is looked at again.

        Args:
            total: Number of shards by the configuration.
            now: Seconds since the epoch; a clock that was set back does not count,
                unless that was by days.
        """
        if self.last - now > _PLAUSIBLE:
            return type(self).made_anew(total, now)
        now = max(now, self.last)
        windows = Windows.at(now)
        since = now if now - self.last > PAUSE else self.since
        if windows.day == self.day:
            parts = self.parts and max(self.parts, total)
        else:
            parts = self._parts(total, since, windows.day)
        is_same_month = windows.month == Windows.at(self.day * DAY).month
        return type(self)(
            since=since,
            seen=self._seen_before(total, _hour_before(windows.day)) | {total: now},
            day=windows.day,
            parts=parts,
            earned=self._earned(windows.day) if is_same_month else Fraction(0),
            alone=parts == 1 and (self.alone or not is_same_month),
        )

    def accrued(self) -> Fraction:
        """Return which share of the month's cap has come in, today's included."""
        return (self.earned + self.share) / _days_in_month(self.day)

    def to_come(self) -> Fraction:
        """Return which share of it the rest of the month brings, if nothing changes."""
        days = _days_in_month(self.day)
        return Fraction(days - _date(self.day).day, days * self.total)

    @property
    def next_share(self) -> int:
        """Number of the day from which on it has the share that is configured."""
        day = self.day + 1
        return day if self.since <= _hour_before(day) else day + 1

    @property
    def withheld(self) -> str:
        """Say why the share of this day is not the one configured; empty if it is."""
        if self.parts == self.total:
            return ""
        until = f"until {date_of(self.next_share)} 00:00 UTC"
        if self.parts == 0:
            return (
                f"this shard has no money {until}: its ledger is new, or was not at "
                "work in the hour before the day, so that it cannot know what the "
                "other shards may spend"
            )
        return (
            f"this shard has 1/{self.parts} of the caps {until}, since there were so "
            f"many shards, and then 1/{self.total}"
        )

    def text(self) -> str:
        """Return all of it as JSON of one line."""
        told = {
            "since": self.since,
            "seen": {str(number): when for number, when in self.seen.items()},
            "day": self.day,
            "parts": self.parts,
            "earned": str(self.earned),
            "alone": self.alone,
        }
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Self:
        """
        Return the shares that a text has.

        Raises:
            SharesUnreadable: It is no such text.
        """
        try:
            told = json.loads(text)
            seen = {int(number): float(at) for number, at in told["seen"].items()}
            found = cls(
                since=float(told["since"]),
                seen=seen,
                day=int(told["day"]),
                parts=int(told["parts"]),
                earned=Fraction(told["earned"]),
                alone=bool(told["alone"]),
            )
            _date(found.day)
        except (
            *(ArithmeticError, AttributeError, KeyError, OSError),
            *(RecursionError, TypeError, ValueError),
        ):
            raise SharesUnreadable("the record of shares cannot be read") from None
        if not seen or min(seen) < 1 or found.parts < 0 or found.earned < 0:
            raise SharesUnreadable("the record of shares has a number that none is")
        return found

    def _parts(self, total: int, since: float, day: int) -> int:
        """Return of how many parts of a new day's caps there is one; 0 for none."""
        seen = (*self._seen_before(total, _hour_before(day)), self.total, total)
        if max(seen) == 1 or since <= _hour_before(day):
            return max(seen)
        return 0

    def _seen_before(self, total: int, since: float) -> dict[int, float]:
        """Return what was seen since a moment, but for the number of now."""
        rows = self.seen.items()
        return {number: at for number, at in rows if at >= since and number != total}

    def _earned(self, day: int) -> Fraction:
        """Return what came in before a day of the same month."""
        return self.earned + (self.share if day > self.day else 0)


def _hour_before(day: int) -> float:
    return day * DAY - HOUR_BEFORE


def _date(day: int) -> datetime:
    return datetime.fromtimestamp(day * DAY, UTC)


def _days_in_month(day: int) -> int:
    date = _date(day)
    return monthrange(date.year, date.month)[1]
