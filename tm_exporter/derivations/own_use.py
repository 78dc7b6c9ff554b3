"""What canaries used of an account, by day and model, as a record to be kept."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tm_exporter.observation import Tokens


DAY = 86_400.0

LAG = 6 * 3600.0
"""Seconds after the end of a day until which its bill may still grow."""

LONGEST_GAP = 2 * 3600.0
"""Seconds without any run after which the own record begins anew."""

KEPT_DAYS = 35

MINUTE = 60.0


class Count(NamedTuple):
    """Requests of one model, and their tokens; cached ones are part of the input."""

    requests: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0

    def plus(self, other: "Count") -> "Count":
        """Return the sum."""
        return Count(*(a + b for a, b in zip(self, other, strict=True)))


Day = Mapping[str, Count]
"""What was used on one day, by model."""


@dataclass(slots=True)
class Record:
    """
    What canaries used of one account.

    Attributes:
        since: Seconds since the epoch from which nothing is missing.
        at: The last sign of life, likewise.
        days: Uses by the number of the day since the epoch, and model.
        broken: Days of which some use is unknown.
    """

    since: float
    at: float
    days: dict[int, dict[str, Count]] = field(default_factory=dict)
    broken: set[int] = field(default_factory=set)

    def live(self, now: float) -> None:
        """Note that the exporter is at work; a gap before begins a new record."""
        if not -MINUTE <= now - self.at <= LONGEST_GAP:
            self.since = now
        self.at = now

    def add(self, model: str, at: float, used: Iterable[Tokens | None]) -> None:
        """Add what the requests of one run used; None is not known."""
        today = int(at // DAY)
        day = self.days.setdefault(today, {})
        for tokens in used:
            if tokens is None:
                self.broken.add(today)
            elif tokens != Tokens():
                count = Count(1, tokens.input, tokens.output, tokens.cached)
                day[model] = day.get(model, Count()).plus(count)
        for old in [day for day in self.days if day < today - KEPT_DAYS]:
            del self.days[old]
        self.broken = {day for day in self.broken if day in self.days}

    def complete_days(self, now: float) -> Iterator[int]:
        """Yield the closed days of which every use is known."""
        for day in self.days:
            is_closed = (day + 1) * DAY + LAG <= now
            if is_closed and day * DAY >= self.since and day not in self.broken:
                yield day


def packed(record: Record) -> dict[str, Any]:
    """Return a record as JSON."""
    return {
        "since": record.since,
        "at": record.at,
        "days": {
            str(day): {model: list(count) for model, count in uses.items()}
            for day, uses in record.days.items()
        },
        "broken": sorted(record.broken),
    }


def unpacked(values: Mapping[str, Any]) -> Record | None:
    """Return a record that was packed; None where the file is not one (any more)."""
    try:
        days = {
            int(day): {model: Count(*map(int, count)) for model, count in uses.items()}
            for day, uses in values["days"].items()
        }
        broken = {int(day) for day in values["broken"]}
        return Record(float(values["since"]), float(values["at"]), days, broken)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
