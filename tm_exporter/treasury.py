"""The canary budget, put together: ledger, prices, pace, and what is told of them."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from tm_exporter import catalog
from tm_exporter.assembly import Assembly
from tm_exporter.budget.costs import Costs
from tm_exporter.budget.forecast import Forecast, forecast
from tm_exporter.budget.keeper import Keeper
from tm_exporter.budget.pacer import Pacer
from tm_exporter.budget.prices import PriceBook
from tm_exporter.budget.purse import LedgerPurse
from tm_exporter.budget.till import Till
from tm_exporter.budget.worker import ThreadWorker
from tm_exporter.config.budget import caps, ledger, price_book
from tm_exporter.config.running import supposed
from tm_exporter.config.settings import Settings
from tm_exporter.facts import PriceList
from tm_exporter.observation import Observation, Probe, ProbeKey
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.status import BudgetStatus, BudgetWindow


_LEDGER: Mapping[bool | None, Literal["usable", "unusable", "unused"]] = {
    None: "unused",
    True: "usable",
    False: "unusable",
}


class Treasury:
    """
    The budget of a daemon.

    Args:
        settings: The configuration in force.
        metrics: Shows what is left, and the intervals in force.
        probes: Returns what is scheduled now, or about to be.
        set_interval: Told the seconds between a probe's slots.

    Attributes:
        purse: Pays for the schedule's runs.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: MetricsSink,
        probes: Callable[[], Iterable[Probe]],
        set_interval: Callable[[ProbeKey, float], None],
    ) -> None:
        self._prices = price_book(settings)
        self._caps = caps(settings)
        self._shows_money = settings.server.show_money
        self._metrics = metrics
        self._set_interval = set_interval
        self._till = _till(settings)
        costs = Costs(self._prices)
        self._pacer = Pacer(probes, costs, self._note_interval)
        self._keeper = Keeper(self._till, self._pacer)
        self.purse = LedgerPurse(self._till, costs, self._pacer)
        self._task: asyncio.Task[None] | None = None
        self._show()

    async def begin(self, probes: Sequence[Probe]) -> frozenset[ProbeKey]:
        """
        Look at the ledger for the first time.

        Returns:
            Which of the paid probes ran within their interval, so that they need
            no first run.
        """
        return await self.admit(probes)

    async def admit(self, probes: Sequence[Probe]) -> frozenset[ProbeKey]:
        """
        Look at the ledger for probes that come later.

        Returns:
            Which of them ran within their interval.
        """
        await self._keeper.look()
        return await self._keeper.ran_lately(probes)

    def pace(self) -> None:
        """Tell the intervals in force, once the slots of new probes are planned."""
        self._pacer.apply()

    def take_prices(self, observation: Observation) -> Observation:
        """Take the price list of a run that read one; a derivation."""
        if observation.fact(PriceList) is not None:
            self._prices(observation)
            self._keeper.look_soon()
        return observation

    def start(self) -> None:
        """Pace what is scheduled by now, and go on looking at the ledger."""
        self._pacer.apply()
        self._task = asyncio.create_task(self._keeper.keep(), name="canary budget")

    async def stop(self) -> None:
        """Let go of the ledger, without waiting for a disk."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._till.close()

    def status(self) -> BudgetStatus:
        """Return what people are told of the budget."""
        standing = self._till.standing
        windows = {"day": self._caps.daily, "month": self._caps.monthly}
        left = standing.left
        amounts = {} if left is None else {"day": left.day, "month": left.month}
        return BudgetStatus(
            ledger=_LEDGER[standing.usable],
            detail=standing.detail,
            windows=tuple(
                BudgetWindow(name, float(limit), _number(amounts.get(name)))
                for name, limit in windows.items()
                if self._shows_money
            ),
            stretched=self._pacer.stretched,
            skipped=self._pacer.skipped,
        )

    def _note_interval(self, key: ProbeKey, seconds: float) -> None:
        self._set_interval(key, seconds)
        self._metrics.interval(key, seconds)

    def _show(self) -> None:
        """Have the page of metrics tell what is known."""
        table = self._metrics.table
        table(catalog.EXPORTER_LEDGER_HEALTHY, self._healthy)
        table(catalog.CANARY_BUDGET_REMAINING_USD, self._remaining)
        for window, limit in (("day", self._caps.daily), ("month", self._caps.monthly)):
            self._metrics.record(
                catalog.CANARY_BUDGET_LIMIT_USD, float(limit), (window,)
            )

    def _healthy(self) -> Mapping[tuple[str, ...], float]:
        usable = self._till.standing.usable
        return {} if usable is None else {(): float(usable)}

    def _remaining(self) -> Mapping[tuple[str, ...], float]:
        left = self._till.standing.left
        if left is None:
            return {}
        return {("day",): float(left.day), ("month",): float(left.month)}


@contextlib.contextmanager
def asked_purse(settings: Settings, prices: PriceBook) -> Iterator[LedgerPurse]:
    """Yield what pays for runs that someone asks for, by the same ledger."""
    till = _till(settings)
    try:
        yield LedgerPurse(till, Costs(prices))
    finally:
        till.close()


def expected_cost(settings: Settings) -> Forecast:
    """Return what everything that runs would cost, with as many models as may be."""
    assembly = Assembly(tell_secret=lambda _: None)
    probes = assembly.probes(settings, supposed(settings))
    return forecast(probes, price_book(settings), caps(settings))


def _till(settings: Settings) -> Till:
    return Till(lambda: ledger(settings, os.environ), ThreadWorker("ledger"))


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
