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
from pathlib import Path

from tm_exporter.budget import carrying, entries, shares_table
from tm_exporter.budget.allowance import Allowance
from tm_exporter.budget.amounts import MOST, in_dollars, rounded_up
from tm_exporter.budget.caps import NOTHING, Caps, Left
from tm_exporter.budget.entries import Opening
from tm_exporter.budget.ledger_file import LedgerFile
from tm_exporter.budget.shares import Shares
from tm_exporter.budget.totals import Totals
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

    Attributes:
        shares: What was known of the shares at the last look; None before, and where
            there never was more than one shard.
    """

    def __init__(self, directory: Path, caps: Caps, now: Callable[[], float]) -> None:
        self._path = directory / NAME
        self._file = LedgerFile(self._path, now, patience=_PATIENCE, made=self._made)
        self.limit(caps)
        self.shares: Shares | None = None
        self._now = now
        self._proved_at: float | None = None
        self._pruned_on: int | None = None

    def limit(self, caps: Caps) -> None:
        """Let other caps count from the next question on; from any thread."""
        self._allowance = Allowance.of(caps)

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
            shares = self._look_at_shares(connection, now)
            booked = entries.sums(connection, windows)
            day, month = self._allowance.left(opening, windows, booked, shares)
            fits = (
                amount <= MOST
                and day - rounded_up(above.day) > amount
                and month - rounded_up(above.month) > amount
                and (not asked or self._allowance.may_be_asked(booked, amount))
            )
            if not fits:
                return None
            entry = secrets.randbits(62)
            entries.insert(connection, entry, key, amount, now, asked=asked)
            self._note_shares(connection)
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
            shares = self._look_at_shares(connection, now)
            booked = entries.sums(connection, windows)
            day, month = self._allowance.left(opening, windows, booked, shares)
            if not self._is_proved(now):
                entries.look(connection, now)
                self._note_shares(connection)
                self._proved_at = now
        withheld = "" if shares is None else shares.withheld
        return Left(in_dollars(day), in_dollars(month), withheld)

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

    def totals(self) -> Totals:
        """
        Return what counts against the days and months of now, for other ledgers.

        Raises:
            LedgerUnusable: It is unknown.
        """
        windows = Windows.at(self._now())
        with self._transaction() as connection:
            return carrying.totals(connection, windows)

    def carry(self, others: Totals) -> None:
        """
        Let what was spent out of other ledgers count in this one, too.

        Its own share of a day or month that was under way when it was made is the
        whole one where the others know from when on nothing is missing.

        Raises:
            LedgerUnusable: It does not count: nothing may be spent.
        """
        now = self._now()
        with self._transaction() as connection:
            carrying.carry(connection, others, Windows.at(now), now)

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

    def _made(self, connection: sqlite3.Connection) -> None:
        """Write that this ledger is new, where others may have spent without it."""
        if self._allowance.shards > 1:
            anew = Shares.made_anew(self._allowance.shards, self._now())
            shares_table.write(connection, anew)

    def _look_at_shares(
        self, connection: sqlite3.Connection, now: float
    ) -> Shares | None:
        """Return the shares as they are now."""
        shards = self._allowance.shards
        self.shares = shares_table.looked_at(connection, shards, now)
        return self.shares

    def _note_shares(self, connection: sqlite3.Connection) -> None:
        """Write what is known of the shares since the last look."""
        if self.shares is not None:
            shares_table.write(connection, self.shares)

    def _prune(self, connection: sqlite3.Connection, windows: Windows) -> None:
        """
        Once a day, delete what is long past.

        Called when something was booked today: should today be an error of the
        clock, the ledger is refused once the clock is right.
        """
        if self._pruned_on != windows.day:
            entries.prune(connection, windows.day - _KEPT, _SPARED)
            self._pruned_on = windows.day
