"""What was spent, as a few numbers that one installation hands to the next."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self


VERSION = 1
"""Of the text; another one may mean something that we would not heed."""

_KEPT = 8  # labels of either kind; more of them no exporter ever writes
_LABELS = range(12, 110_000)  # months from the year 1 on, days into the year 2271
_TIMES = range(10**11)


class TotalsUnreadable(Exception):  # noqa: N818 -- what they are, not what failed
    """A text that has totals cannot be read; the text of this says why."""


@dataclass(frozen=True, slots=True)
class Totals:
    """
    What counts against days and months, in picodollars.

    By the rule of the ledger, what counts in a day is what was spent on it *or
    later*: so a clock that is behind another one finds the money of both days spent.
    By the same rule, a label that is missing has the amount of the next later one.

    Attributes:
        since: Seconds since the epoch from which on nothing is missing.
        days: Amounts by the number of the day, as `windows` counts them.
        months: Likewise by the number of the month.
    """

    since: int
    days: Mapping[int, int] = field(default_factory=dict)
    months: Mapping[int, int] = field(default_factory=dict)

    def covers(self, other: Self) -> bool:
        """Whether these are at least as much, everywhere, for as long a time."""
        return (
            self.since <= other.since
            and all(_of(self.days, day) >= n for day, n in other.days.items())
            and all(_of(self.months, month) >= n for month, n in other.months.items())
        )

    def merged(self, other: Self) -> Self:
        """Return the larger amounts of both."""
        return type(self)(
            min(self.since, other.since),
            _merged(self.days, other.days),
            _merged(self.months, other.months),
        )

    def plus(self, day: int, month: int) -> Self:
        """Return totals with so many picodollars more in each day and each month."""
        return type(self)(
            self.since,
            {label: amount + day for label, amount in self.days.items()},
            {label: amount + month for label, amount in self.months.items()},
        )

    def from_on(self, day: int, month: int) -> Self:
        """Return totals without what is before a day, and before a month."""
        return type(self)(
            self.since,
            {label: n for label, n in self.days.items() if label >= day},
            {label: n for label, n in self.months.items() if label >= month},
        )

    def text(self) -> str:
        """Return them as JSON of one line."""
        told = {
            "version": VERSION,
            "since": self.since,
            "days": _named(self.days),
            "months": _named(self.months),
        }
        return json.dumps(told, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Self:
        """
        Return the totals that a text has.

        Raises:
            TotalsUnreadable: It is no such text, or of another version.
        """
        try:
            told = json.loads(text)
            version = told["version"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise TotalsUnreadable("it is no JSON as tm-exporter writes it") from None
        if version != VERSION:
            raise TotalsUnreadable(f"its version is {version!r:.20}, not {VERSION}")
        try:
            since = _in(_TIMES, _amount(told["since"]))
            return cls(since, _numbered(told["days"]), _numbered(told["months"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise TotalsUnreadable("it lacks a number that it should have") from None


def cumulated(amounts: Mapping[int, int]) -> dict[int, int]:
    """Return, for each label, the sum of its amount and of those of later ones."""
    total, found = 0, {}
    for label in sorted(amounts, reverse=True):
        total += amounts[label]
        found[label] = total
    return found


def _of(amounts: Mapping[int, int], label: int) -> int:
    """Return what counts in a day or month."""
    return max((n for each, n in amounts.items() if each >= label), default=0)


def _merged(one: Mapping[int, int], other: Mapping[int, int]) -> dict[int, int]:
    labels = sorted({*one, *other})
    return {label: max(_of(one, label), _of(other, label)) for label in labels}


def _named(amounts: Mapping[int, int]) -> dict[str, int]:
    return {str(label): amounts[label] for label in sorted(amounts)}


def _numbered(told: Mapping[str, Any]) -> dict[int, int]:
    rows = _few(told.items())
    return {_in(_LABELS, int(label)): _amount(amount) for label, amount in rows}


def _few(rows: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    if len(found := list(rows)) > _KEPT:
        raise ValueError("more labels than there are days of interest")
    return found


def _in(possible: range, number: int) -> int:
    if number not in possible:
        raise ValueError("no time that an exporter ran at")
    return number


def _amount(told: Any) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or told < 0:
        raise ValueError("no amount")
    return told
