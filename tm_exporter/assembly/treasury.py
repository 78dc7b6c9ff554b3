"""The canary budget, put together: ledger, prices, pace, and what is told of them."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from tm_exporter import catalog
from tm_exporter.assembly.assembly import Assembly
from tm_exporter.budget.costs import Costs
from tm_exporter.budget.forecast import Forecast, forecast
from tm_exporter.budget.keeper import Keeper
from tm_exporter.budget.ledger import Ledger
from tm_exporter.budget.pacer import Pacer
from tm_exporter.budget.prices import PriceBook
from tm_exporter.budget.purse import LedgerPurse
from tm_exporter.budget.till import Standing, Till
from tm_exporter.budget.totals import Totals
from tm_exporter.budget.worker import ThreadWorker
from tm_exporter.config.budget import caps, ledger, price_book, price_terms
from tm_exporter.config.running import supposed
from tm_exporter.config.settings import Settings
from tm_exporter.facts import PriceList
from tm_exporter.lease.account import Account
from tm_exporter.lease.election import Election
from tm_exporter.lease.leadership import Alone, Leadership
from tm_exporter.lease.purse import ClosedPurse, LeasePurse
from tm_exporter.observation import Observation, Probe, ProbeKey
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.views.status import BudgetStatus, BudgetWindow


_LEDGER: Mapping[bool | None, Literal["usable", "unusable", "unused"]] = {
    None: "unused",
    True: "usable",
    False: "unusable",
}


_ALONE = Alone()
_SPENT_WITHIN = 0.3  # seconds of those that the exporter has to end in


class Treasury:
    """
    The budget of a daemon.

    Args:
        settings: The configuration in force.
        metrics: Shows what is left, and the intervals in force.
        probes: Returns what is scheduled now, or about to be.
        set_interval: Told the seconds between a probe's slots.
        leadership: Decides whether this instance pays.

    Attributes:
        purse: Pays for the schedule's runs.
        asked_purse: Pays for runs that someone asks for, out of a tenth of the caps.
    """

    def __init__(
        self,
        settings: Settings,
        metrics: MetricsSink,
        probes: Callable[[], Iterable[Probe]],
        set_interval: Callable[[ProbeKey, float], None],
        leadership: Leadership = _ALONE,
    ) -> None:
        self._settings = settings
        self._leadership = leadership
        self._prices = price_book(settings)
        self._caps = caps(settings)
        self._ledger: Ledger | None = None
        self._metrics = metrics
        self._set_interval = set_interval
        self._till = Till(self._open_ledger, ThreadWorker("ledger"))
        costs = Costs(self._prices)
        self._pacer = Pacer(probes, costs, self._note_interval)
        self._account = self._shared_account()
        self._keeper = Keeper(self._till, self._pacer, may_plan=self._may_plan)
        self.purse = self._purse(costs, self._pacer)
        self.asked_purse = self._purse(costs)
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
            Which of them ran within their interval, or may have.
        """
        paid = frozenset(probe.key for probe in probes if probe.section.paid)
        if paid:
            await self._leadership.decided(1.5 * self._settings.lease.duration)
        await self._keeper.look()
        # What ran before we led, no ledger of ours has seen.
        led_for = self._leadership.led_for
        unseen = {p.key for p in probes if p.section.interval > led_for}
        return await self._keeper.ran_lately(probes) | (paid & unseen)

    @property
    def competes(self) -> bool:
        """Whether another instance may be the one that pays."""
        return not isinstance(self._leadership, Alone)

    def look_soon(self) -> None:
        """Look at the ledger again, since something changed."""
        self._keeper.look_soon()

    def pace(self) -> None:
        """Tell the intervals in force, once the slots of new probes are planned."""
        self._pacer.apply()

    def follow(self, settings: Settings) -> None:
        """Go by another configuration from now on; what was spent stays spent."""
        self._settings, self._caps = settings, caps(settings)
        if self._ledger is not None:
            self._ledger.limit(self._caps)
        self._prices.follow(*price_terms(settings))
        self._keeper.look_soon()

    def forget_target(self, target: str) -> None:
        """Drop the prices of an account that is gone, or is read otherwise now."""
        self._prices.forget_target(target)

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
        """Let go of lease and ledger, without waiting long for either."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._leadership.stop(await self._spent())
        self._till.close()

    def why_not_pay(self) -> str:
        """Return why nothing may be paid for here, empty if it may."""
        if self._leadership.permit is not None:
            return ""
        why = self._leadership.standing.detail
        return f"another instance pays, ask that one: {why}"

    def status(self) -> BudgetStatus:
        """Return what people are told of the budget."""
        standing = self._standing()
        windows = {"day": self._caps.daily, "month": self._caps.monthly}
        left = standing.left
        amounts = {} if left is None else {"day": left.day, "month": left.month}
        return BudgetStatus(
            ledger=_LEDGER[standing.usable],
            detail=standing.detail or ("" if left is None else left.withheld),
            windows=tuple(
                BudgetWindow(name, float(limit), _number(amounts.get(name)))
                for name, limit in windows.items()
                if self._settings.server.show_money
            ),
            stretched=self._pacer.stretched,
            skipped=self._pacer.skipped,
        )

    def _shared_account(self) -> Account | None:
        """Return the account that travels with the lease, None where none does."""
        if not isinstance(self._leadership, Election):
            return None
        return Account(self._till, self._leadership)

    def _purse(self, costs: Costs, pacer: Pacer | None = None) -> LedgerPurse:
        """Return what pays, under the lease if there is one."""
        lease, account = self._leadership, self._account
        if account is None or not isinstance(lease, Election):
            return LedgerPurse(self._till, costs, pacer)
        return LeasePurse(self._till, costs, pacer, election=lease, account=account)

    async def _may_plan(self) -> bool:
        """Whether this instance pays, and its ledger knows what others paid."""
        if self._account is not None:
            return await self._account.carry()
        return self._leadership.permit is not None

    async def _spent(self) -> Totals | None:
        """Return what exactly was spent, None where that takes too long to know."""
        if self._account is None or self._leadership.permit is None:
            return None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SPENT_WITHIN):
                return await self._account.spent()
        return None

    def _open_ledger(self) -> Ledger:
        """Return the ledger with the caps of now; for the thread of the worker."""
        opened = self._ledger = ledger(self._settings, os.environ)
        opened.limit(caps(self._settings))  # a reload may have come between
        return opened

    def _note_interval(self, key: ProbeKey, seconds: float) -> None:
        self._set_interval(key, seconds)
        self._metrics.interval(key, seconds)

    def _show(self) -> None:
        """Have the page of metrics tell what is known."""
        table = self._metrics.table
        table(catalog.EXPORTER_LEDGER_HEALTHY, self._healthy)
        table(catalog.CANARY_BUDGET_REMAINING_USD, self._remaining)
        table(catalog.CANARY_BUDGET_LIMIT_USD, self._limits)

    def _limits(self) -> Mapping[tuple[str, ...], float]:
        """Return the caps; the one that pays tells them, or they would count twice."""
        if self._leadership.permit is None:
            return {}
        caps = self._caps
        return {("day",): float(caps.daily), ("month",): float(caps.monthly)}

    def _standing(self) -> Standing:
        """Return how the ledger is; where nothing costs money, there is none."""
        return self._till.standing if self._pacer.paid else Standing()

    def _healthy(self) -> Mapping[tuple[str, ...], float]:
        usable = self._standing().usable
        return {} if usable is None else {(): float(usable)}

    def _remaining(self) -> Mapping[tuple[str, ...], float]:
        left = self._standing().left
        if left is None or self._leadership.permit is None:
            return {}
        return {("day",): float(left.day), ("month",): float(left.month)}


@contextlib.contextmanager
def asked_purse(settings: Settings, prices: PriceBook) -> Iterator[LedgerPurse]:
    """Yield what pays for runs that someone asks for, by the same ledger."""
    till = _till(settings)
    lease = settings.lease
    is_ours = not lease.enabled or lease.kind == "file"  # which shares our ledger
    try:
        yield (LedgerPurse if is_ours else ClosedPurse)(till, Costs(prices))
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
