"""Pay for runs under a lease: nothing is spent that the lease does not tell."""

from tm_exporter.budget.costs import Costs
from tm_exporter.budget.pacer import Pacer
from tm_exporter.budget.purse import LedgerPurse, Reserved
from tm_exporter.budget.till import Standing, Till
from tm_exporter.clients import permission
from tm_exporter.lease.account import Account
from tm_exporter.lease.election import Election
from tm_exporter.observation import Observation, Probe


def elsewhere(why: str) -> Standing:
    """Return the standing of money that another instance spends."""
    return Standing(usable=False, detail=why, is_elsewhere=True)


class LeasePurse(LedgerPurse):
    """
    Pays out of the ledger as long as this instance leads.

    A new leader first books what others spent, as the lease tells it. Before a run
    begins, the lease has to say that all its money is spent; it is told so in blocks,
    so that not each run has to write to it.

    The task that reserves is the one that runs and settles: its requests leave only
    as long as the term goes on in which it reserved.

    Args:
        till: Where the money is.
        costs: What runs cost.
        pacer: As for any purse.
        election: Decides who leads.
        account: What is spent, whoever leads.
    """

    def __init__(
        self,
        till: Till,
        costs: Costs,
        pacer: Pacer | None = None,
        *,
        election: Election,
        account: Account,
    ) -> None:
        super().__init__(till, costs, pacer)
        self._election = election
        self._account = account

    @property
    def standing(self) -> Standing:
        """How the ledger is; where another instance pays, that it does."""
        if self._election.permit is not None:
            return super().standing
        return elsewhere(self._election.standing.detail)

    async def reserve(self, probe: Probe) -> Reserved | None:
        """Set aside what a run may cost at worst; None if it must not run."""
        term = self._election.permit
        if term is None or not await self._account.carry():
            return None
        reserved = await super().reserve(probe)
        if reserved is None:
            return None
        covered = await self._account.cover(reserved.reservation.worst)
        if not covered or not term.holds:
            await self.give_back(reserved)
            return None
        permission.require(lambda: term.holds)
        return reserved

    async def settle(self, reserved: Reserved, observation: Observation) -> Observation:
        """Charge what the run did cost, and return the observation with it."""
        permission.require(None)
        settled = await super().settle(reserved, observation)
        if (settled.cost or 0) > reserved.reservation.worst:
            await self._account.tell()
        return settled


class ClosedPurse(LedgerPurse):
    """Pays for nothing, since only the instance that has the lease may."""

    @property
    def standing(self) -> Standing:
        """That another instance pays."""
        return elsewhere(
            "paid probes are those of the instance that has the lease: this command "
            "cannot have it"
        )

    async def reserve(self, probe: Probe) -> Reserved | None:  # noqa: ARG002 -- whichever it is
        """Set nothing aside."""
        return None
