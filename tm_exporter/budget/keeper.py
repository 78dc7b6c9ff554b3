"""Look at the ledger before the first slot and then every minute, paid runs or not."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal

from tm_exporter.budget.ledger import Ledger
from tm_exporter.budget.pacer import Pacer
from tm_exporter.budget.pacing import Until
from tm_exporter.budget.till import Till
from tm_exporter.observation import Probe, ProbeKey
from tm_exporter.process.upkeep import surely


LOOK_EVERY = 60.0
"""Seconds from one look to the next, if nothing happens before."""

_INTO_THE_DAY = 0.1


async def _always() -> bool:
    return True


class Keeper:
    """
    Sees to it that paces and what is told of the ledger are true.

    Where nothing costs money, no ledger is made.

    Args:
        till: Where the money is.
        pacer: Told what is left.
        now: Seconds since the epoch.
        may_plan: Whether the money is ours to plan with, and the ledger knows all
            that was spent of it; else another instance paces.
    """

    def __init__(
        self,
        till: Till,
        pacer: Pacer,
        now: Callable[[], float] = time.time,
        *,
        may_plan: Callable[[], Awaitable[bool]] = _always,
    ) -> None:
        self._till = till
        self._pacer = pacer
        self._now = now
        self._may_plan = may_plan
        self._is_due = asyncio.Event()

    def look_soon(self) -> None:
        """Look again without waiting for the minute to pass."""
        self._is_due.set()

    async def ran_lately(self, probes: Sequence[Probe]) -> frozenset[ProbeKey]:
        """
        Return which of these ran within their interval, whoever ran them.

        A run that the ledger has in the future counts: the clock was set back.
        """
        paid = [probe for probe in probes if probe.section.paid]
        if not paid:
            return frozenset()
        last = await self._till.ask(lambda ledger: ledger.last_run()) or {}
        now = self._now()
        return frozenset(
            probe.key
            for probe in paid
            if now - last.get(probe.key, float("-inf")) < self._pacer.interval(probe)
        )

    async def look(self) -> None:
        """Look at the ledger once: learn what it knows, and pace."""
        if not self._pacer.paid:
            return
        is_ours = await self._may_plan()
        keys = self._pacer.unknown
        costs = await self._till.ask(lambda ledger: _settled(ledger, keys))
        self._pacer.learn(costs or {})
        if not is_ours:
            self._pacer.rest()
        elif self._till.standing.left is not None:
            self._pacer.pace(self._till.standing.left)

    async def keep(self) -> None:
        """Do so every minute, when a day begins and when asked, until cancelled."""
        while True:
            pause = min(LOOK_EVERY, Until.at(self._now()).day + _INTO_THE_DAY)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._is_due.wait()
            self._is_due.clear()
            await surely("budget", self.look)


def _settled(
    ledger: Ledger, keys: Sequence[ProbeKey]
) -> Mapping[ProbeKey, list[Decimal]]:
    return {key: ledger.settled(key) for key in keys}
