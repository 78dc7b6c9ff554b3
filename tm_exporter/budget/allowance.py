"""How much of day and month a ledger may let pass: arithmetic, and nothing else."""

from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import Self

from tm_exporter.budget.amounts import rounded_down
from tm_exporter.budget.caps import Caps
from tm_exporter.budget.entries import Opening, Sums
from tm_exporter.budget.shares import Shares
from tm_exporter.budget.windows import Windows


_ASKED = 10  # runs asked for have this part of the caps


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    The caps of all shards together, in picodollars.

    Attributes:
        daily: What all of them may spend on a day.
        monthly: Likewise in a month.
        shards: How many there are.
    """

    daily: int
    monthly: int
    shards: int

    @classmethod
    def of(cls, caps: Caps) -> Self:
        """Return the caps of all, from those of one, by which nothing is rounded up."""
        daily, monthly = rounded_down(caps.daily), rounded_down(caps.monthly)
        return cls(daily * caps.shards, monthly * caps.shards, caps.shards)

    def left(
        self, opening: Opening, windows: Windows, booked: Sums, shares: Shares | None
    ) -> tuple[int, int]:
        """
        Return the picodollars left of day and month; below zero if overspent.

        Where there are shards, what is left of the day is no more than has come in
        of the month, and what is left of the month has the shares still to come.

        Args:
            opening: When the ledger was made.
            windows: Of now.
            booked: What counts in them.
            shares: As they are now; None where there never was more than one shard.
        """
        # A ledger before this one may have spent the share of the time before.
        day, month = Fraction(self.daily), Fraction(self.monthly)
        if windows.day <= opening.made_in.day:
            day *= opening.made_in.unexpired_day
        if shares is None or shares.alone:
            if windows.month <= opening.made_in.month:
                month *= opening.made_in.unexpired_month
            return floor(day) - booked.day, floor(month) - booked.month
        accrued = floor(month * shares.accrued()) - booked.month
        to_come = floor(month * shares.to_come())
        return min(floor(day * shares.share) - booked.day, accrued), accrued + to_come

    def may_be_asked(self, booked: Sums, amount: int) -> bool:
        """Whether a run that was asked for stays within the part of such runs."""
        parts = _ASKED * self.shards
        return (booked.asked_day + amount) * parts <= self.daily and (
            booked.asked_month + amount
        ) * parts <= self.monthly
