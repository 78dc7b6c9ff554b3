"""One account of money, whichever instance pays out of it."""

from decimal import Decimal

from tm_exporter.budget.amounts import rounded_up
from tm_exporter.budget.ledger import Ledger
from tm_exporter.budget.till import Till
from tm_exporter.budget.totals import Totals
from tm_exporter.lease.election import Election


_BLOCKS = 20  # of what is left: a takeover loses one at most, and never ends it all
_LARGEST = Decimal(1000)  # US dollars of a block


class Account:
    """
    The totals that travel with the lease, and the ledger of this instance.

    Args:
        till: The ledger.
        election: The lease.
    """

    def __init__(self, till: Till, election: Election) -> None:
        self._till = till
        self._election = election
        self._carried = 0

    async def carry(self) -> bool:
        """
        Book what others spent until this instance took the lease.

        Returns:
            Whether that is done, and this instance leads.
        """
        if self._election.permit is None:
            return False
        # Until that is done nothing is granted, so that all of it is others'.
        hand_overs, others = self._election.hand_overs, self._election.account
        is_due = others is not None and self._carried != hand_overs
        if is_due and not await self._till.ask(lambda ledger: _carry(ledger, others)):
            return False
        self._carried = max(hand_overs, self._carried)
        return self._carried == self._election.hand_overs

    async def cover(self, worst: Decimal) -> bool:
        """
        Have the lease say that all is spent which the ledger says, and a block more.

        Args:
            worst: US dollars of the run that is to begin.
        """
        spent = await self._till.ask(lambda ledger: ledger.totals())
        left = self._till.standing.left
        if spent is None or left is None:
            return False
        least = max(Decimal(0), min(left.day, left.month))
        block = min(max(worst, min(least / _BLOCKS, _LARGEST)), least)
        amount = rounded_up(block)
        return await self._election.cover(spent, spent.plus(amount, amount))

    async def tell(self) -> None:
        """Have the lease say what the ledger does, with the next renewal."""
        spent = await self.spent()
        if spent is not None:
            self._election.note(spent)

    async def spent(self) -> Totals | None:
        """Return what exactly was spent, None where that is not known."""
        if self._carried != self._election.hand_overs:
            return None
        return await self._till.ask(lambda ledger: ledger.totals())


def _carry(ledger: Ledger, others: Totals | None) -> bool:
    if others is not None:
        ledger.carry(others)
    return True
