"""Pay for runs out of the canary budget: reserve before, settle after."""

from dataclasses import dataclass, replace
from decimal import Decimal

import structlog

from tm_exporter.budget.costs import Costs
from tm_exporter.budget.ledger import NOTHING, Ledger, Left, Reservation
from tm_exporter.budget.pacer import Pacer
from tm_exporter.budget.till import Standing, Till
from tm_exporter.observation import Observation, Probe, ProbeKey


log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reserved:
    """
    What a run was given.

    Attributes:
        probe: Whose run it is.
        reservation: In the ledger.
    """

    probe: Probe
    reservation: Reservation


class LedgerPurse:
    """
    Pays as long as the ledger lets it, and never raises.

    Args:
        till: Where the money is.
        costs: What runs cost.
        pacer: Knows what slots are planned; without one, runs are asked for by
            someone, and have a tenth of the budget.
    """

    def __init__(self, till: Till, costs: Costs, pacer: Pacer | None = None) -> None:
        self._till = till
        self._costs = costs
        self._pacer = pacer
        self._without: set[str] = set()

    @property
    def standing(self) -> Standing:
        """How the ledger is, as of the last answer."""
        return self._till.standing

    async def reserve(self, probe: Probe) -> Reserved | None:
        """Set aside what a run may cost at worst; None if it must not run."""
        key, worst = probe.key, self._costs.worst(probe)
        asked, above = self._pacer is None, self._wanted_above(key)
        reservation = await self._till.ask(
            lambda ledger: ledger.reserve(key, worst, above=above, asked=asked),
            undo=_give_back,
        )
        if self.standing.usable and not asked:
            self._note(key.probe, has_money=reservation is not None)
        return None if reservation is None else Reserved(probe, reservation)

    async def settle(self, reserved: Reserved, observation: Observation) -> Observation:
        """
        Charge what the run did cost, and return the observation with it.

        Where that cannot be booked, the ledger goes on to count the worst case.
        """
        cost = self._costs.of_run(reserved.probe, observation.outcome)
        reservation = reserved.reservation
        booked = await self._till.ask(lambda ledger: _book(ledger, reservation, cost))
        if self._pacer is not None:
            self._pacer.settled(reservation.key, cost)
        return replace(observation, cost=cost if booked else reservation.worst)

    async def give_back(self, reserved: Reserved) -> None:
        """Charge nothing for a run that did not begin."""
        reservation = reserved.reservation
        await self._till.ask(lambda ledger: _give_back(ledger, reservation))

    def _wanted_above(self, key: ProbeKey) -> Left:
        return NOTHING if self._pacer is None else self._pacer.wanted_above(key)

    def _note(self, name: str, *, has_money: bool) -> None:
        """Log once when there is no money for a probe any more, or again."""
        if has_money and name in self._without:
            self._without.remove(name)
            log.info("budget_available", probe=name)
        elif not has_money and name not in self._without:
            self._without.add(name)
            log.warning("budget_exhausted", probe=name, detail=self._what_is_left())

    def _what_is_left(self) -> str:
        left = self.standing.left
        if left is None or left.withheld:
            return "" if left is None else left.withheld
        return (
            f"{left.day:.4f} USD are left today and {left.month:.4f} this month, and "
            "what is ranked above goes first: raise `canary_budget`, or probe less"
        )


def _give_back(ledger: Ledger, reservation: Reservation | None) -> None:
    """Book nothing for a run that waited too long for its money, and did not begin."""
    if reservation is not None:
        ledger.settle(reservation, Decimal(0))


def _book(ledger: Ledger, reservation: Reservation, cost: Decimal) -> bool:
    ledger.settle(reservation, cost)
    return True
