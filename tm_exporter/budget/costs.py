"""What a run costs: at worst, as expected, and as it turned out."""

from decimal import Decimal
from itertools import zip_longest

from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.observation import Demand, Outcome, Probe, Reason, Tokens


NOTHING = Decimal(0)


class Costs:
    """
    Puts prices on what probes demand and use, in US dollars.

    Args:
        prices: What tokens cost now.
    """

    def __init__(self, prices: PriceBook) -> None:
        self._prices = prices

    def worst(self, probe: Probe) -> Decimal:
        """Return what one run costs at most."""
        rates, demands = self._rates(probe), probe.demands
        return sum((rates.most(demand.worst) for demand in demands), NOTHING)

    def expected(self, probe: Probe) -> Decimal:
        """Return what one run costs if its answers are as long as they may be."""
        rates, demands = self._rates(probe), probe.demands
        return sum((rates.cost(demand.expected) for demand in demands), NOTHING)

    def of_run(self, probe: Probe, outcome: Outcome) -> Decimal:
        """
        Return what a finished run is charged with.

        A request that was begun costs what it used, or its worst where that is not
        known. One that was not begun costs nothing. After a fault of our own nobody
        knows what was begun, so that every request counts at its worst.
        """
        if outcome.verdict.reason is Reason.INTERNAL:
            return self.worst(probe)
        rates, demands = self._rates(probe), probe.demands
        begun = zip_longest(outcome.used, demands[: len(outcome.used)])
        return sum((_request(rates, used, demand) for used, demand in begun), NOTHING)

    def _rates(self, probe: Probe) -> Rates:
        return self._prices.rates(probe.key.target, probe.key.model)


def _request(rates: Rates, used: Tokens | None, demand: Demand | None) -> Decimal:
    if used is not None:
        return rates.cost(used)
    return NOTHING if demand is None else rates.most(demand.worst)
