"""
The ledger on disk: what paid requests were reserved for, and what they did cost.

It keeps the hard cap. A run's worst case is durable before its request leaves,
so that whatever ends us later, the money counts as spent; and what is left is
worked out within the transaction that reserves, so that any number of processes
on one directory share one cap. If it cannot be used, nothing is paid for.

What counts in a day are the entries of that day *or later*: a clock that is set
back over midnight finds the money of tomorrow spent, and cannot spend that of
today twice. Likewise for months.
"""

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path

from tm_exporter.budget import entries
from tm_exporter.budget.amounts import MOST, in_dollars, rounded_down, rounded_up
from tm_exporter.budget.caps import NOTHING, Caps, Left
from tm_exporter.budget.entries import Opening, Sums
from tm_exporter.budget.ledger_file import LedgerFile
from tm_exporter.budget.unusable import LedgerUnusable
from tm_exporter.budget.windows import Windows, date_of
from tm_exporter.observation import ProbeKey


__all__ = ["NOTHING", "Caps", "Ledger", "LedgerUnusable", "Left", "Reservation"]

NAME = "ledger.sqlite3"
"""Of the file in the state directory."""

_PATIENCE = 2.0  # seconds for another process, which may check a large ledger
_PROVED_FOR = 10.0  # seconds for which one write proves that the next will succeed
_AHEAD = 2  # days by which entries may be ahead of a clock that was set back
_KEPT = 70  # days, twice as long as anything counts
_SPARED = 20  # settled entries of a key that are kept even so
_ASKED = 10  # runs asked for have this part of the caps


@dataclass(frozen=True, slots=True)
class Reservation:
    """
    Money set aside for one run.

    Attributes:
        entry: Its entry in the ledger; random, so that no other ledger has it too.
        key: Whose run it is.
        worst: US dollars.
    """

    entry: int
    key: ProbeKey
    worst: Decimal


class Ledger:
    """
    The ledger of one state directory, for one thread at a time.

    Every method opens the file if need be, blocks while it reads and writes, and
    raises LedgerUnusable where that fails; the next call tries anew.

    Args:
        directory: The state directory; made if it is missing.
        caps: In force now, whatever they were when entries were made.
        now: Seconds since the epoch.
    """

    def __init__(self, directory: Path, caps: Caps, now: Callable[[], float]) -> None:
        self._path = directory / NAME
        self._file = LedgerFile(self._path, now, patience=_PATIENCE)
        self._daily = rounded_down(caps.daily)
        self._monthly = rounded_down(caps.monthly)
        self._now = now
        self._proved_at: float | None = None
        self._pruned_on: int | None = None

    def reserve(
        self,
        key: ProbeKey,
        worst: Decimal,
        *,
        above: Left = NOTHING,
        asked: bool = False,
    ) -> Reservation | None:
        """
        Set money aside for one run, durably; None if it must not be spent.

        Args:
            key: Whose run it is.
            worst: US dollars that it may cost.
            above: What must be left besides, for the probes ranked above.
            asked: Whether someone asked for it out of turn. All such runs together
                have a tenth of the caps.

        Raises:
            LedgerUnusable: No money may be spent.
            ValueError: An amount is less than nothing, or no number.
        """
        amount, now = rounded_up(worst), self._now()
        with self._transaction() as connection:
            opening, windows = entries.opening(connection), Windows.at(now)
            self._refuse_future(opening, windows)
            booked = entries.sums(connection, windows)
            day, month = self._left(opening, windows, booked)
            fits = (
                amount <= MOST
                and day - rounded_up(above.day) > amount
                and month - rounded_up(above.month) > amount
                and (not asked or self._may_be_asked(booked, amount))
            )
            if not fits:
                return None
            entry = secrets.randbits(62)
            entries.insert(connection, entry, key, amount, now, asked=asked)
            self._prune(connection, windows)
        self._proved_at = now
        return Reservation(entry, key, worst)

    def settle(self, reservation: Reservation, cost: Decimal) -> None:
        """
        Book what a run did cost, be it more than was reserved.

        Settled again, the larger cost stays. A reservation which the ledger does
        not know, since its file was replaced, is booked in it all the same.

        Args:
            reservation: As `reserve` gave it.
            cost: US dollars.

        Raises:
            LedgerUnusable: The run goes on to count at its worst.
            ValueError: The cost is less than nothing, or no number.
        """
        entry, amount = reservation.entry, min(rounded_up(cost), MOST)
        now = self._now()
        with self._transaction() as connection:
            settled = entries.is_settled(connection, entry)
            if settled is None:
                entries.insert(connection, entry, reservation.key, amount, now)
            if settled:
                entries.settle_higher(connection, entry, amount)
            else:
                entries.settle(connection, entry, amount, now)
        self._proved_at = now

    def left(self) -> Left:
        """
        Return what is left of day and month.

        Raises:
            LedgerUnusable: It is unknown, or nothing could be reserved from it.
        """
        now = self._now()
        with self._transaction() as connection:
            opening, windows = entries.opening(connection), Windows.at(now)
            self._refuse_future(opening, windows)
            booked = entries.sums(connection, windows)
            day, month = self._left(opening, windows, booked)
            if not self._is_proved(now):
                entries.look(connection, now)
                self._proved_at = now
        return Left(in_dollars(day), in_dollars(month))

    def settled(self, key: ProbeKey, count: int = 20) -> list[Decimal]:
        """
        Return the last settled costs of a key in US dollars, newest first.

        Args:
            key: Of the probe.
            count: How many at the most.

        Raises:
            LedgerUnusable: They are unknown.
        """
        with self._transaction() as connection:
            costs = entries.settled(connection, key, count)
        return [in_dollars(cost) for cost in costs]

    def last_run(self) -> Mapping[ProbeKey, float]:
        """
        Return when each key was last reserved, in seconds since the epoch.

        Raises:
            LedgerUnusable: It is unknown.
        """
        with self._transaction() as connection:
            return entries.last_run(connection)

    def close(self) -> None:
        """Let go of the file; a later call opens it again."""
        self._file.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Pass on a transaction; if it fails, no write is proved to succeed."""
        try:
            with self._file.transaction() as connection:
                yield connection
        except LedgerUnusable:
            self._proved_at = None
            raise

    def _is_proved(self, now: float) -> bool:
        """Whether something was written so recently that one may rely on it."""
        return self._proved_at is not None and 0 <= now - self._proved_at < _PROVED_FOR

    def _refuse_future(self, opening: Opening, windows: Windows) -> None:
        """
        Raise LedgerUnusable if the ledger comes from days that are still to come.

        A clock was wrong, then or now. The money of those days would be missing
        without a word until they come.
        """
        latest = Windows.at(opening.latest).day
        if latest > windows.day + _AHEAD:
            raise LedgerUnusable(
                f"{self._path} has entries of {date_of(latest)}, and the clock says "
                f"{date_of(windows.day)}: set the clock right, or, if it was wrong "
                "then, move the file away"
            )

    def _left(
        self, opening: Opening, windows: Windows, booked: Sums
    ) -> tuple[int, int]:
        """Return the picodollars left of day and month."""
        day, month = Fraction(self._daily), Fraction(self._monthly)
        # A ledger before this one may have spent the share of the time before.
        if windows.day <= opening.made_in.day:
            day *= opening.made_in.unexpired_day
        if windows.month <= opening.made_in.month:
            month *= opening.made_in.unexpired_month
        return floor(day) - booked.day, floor(month) - booked.month

    def _may_be_asked(self, booked: Sums, amount: int) -> bool:
        """Whether a run that was asked for stays within the share of such runs."""
        return (booked.asked_day + amount) * _ASKED <= self._daily and (
            booked.asked_month + amount
        ) * _ASKED <= self._monthly

    def _prune(self, connection: sqlite3.Connection, windows: Windows) -> None:
        """
        Once a day, delete what is long past.

        Called when something was booked today: should today be an error of the
        clock, the ledger is refused once the clock is right.
        """
        if self._pruned_on != windows.day:
            entries.prune(connection, windows.day - _KEPT, _SPARED)
            self._pruned_on = windows.day
