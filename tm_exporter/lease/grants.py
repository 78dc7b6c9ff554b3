"""What the lease has to say of money, so that it may be spent."""

from collections.abc import Callable

from tm_exporter.budget.totals import Totals
from tm_exporter.budget.windows import DAY, Windows
from tm_exporter.lease.sight import Sight


class Grants:
    """
    The totals that are to be written.

    Args:
        sight: Knows what the lease says.
        now: Seconds since the epoch.
    """

    def __init__(self, sight: Sight, now: Callable[[], float]) -> None:
        self._sight = sight
        self._now = now
        self._needed: Totals | None = None

    def need(self, totals: Totals) -> None:
        """Have them written with the next renewal."""
        needed = totals if self._needed is None else totals.merged(self._needed)
        self._needed = self.current(needed)

    def forget(self) -> None:
        """Need nothing any more: another account begins."""
        self._needed = None

    def cover(self, spent: Totals) -> bool:
        """Whether the lease was seen to say that much."""
        account = self._sight.account
        return account is not None and account.covers(spent)

    def to_write(self) -> Totals | None:
        """Return what the lease has, and what is needed besides."""
        account, needed = self._sight.account, self._needed
        if needed is None:
            return account
        return self.current(needed if account is None else account.merged(needed))

    def current(self, totals: Totals) -> Totals:
        """Return totals without the days that are over everywhere."""
        yesterday = Windows.at(self._now()).day - 1
        return totals.from_on(yesterday, Windows.at(yesterday * DAY).month)
