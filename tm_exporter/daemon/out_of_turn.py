"""
Run configured probes now, for whoever asks, and show their series alone.

Such a run leaves no trace but in the ledger: it falls in no slot and is on no page,
and what is learned from it is forgotten with the answer. So each has probes,
derivations and a sink of its own; only the clients of the targets are shared.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any

import structlog

from tm_exporter.budget.purse import LedgerPurse
from tm_exporter.budget.windows import DAY
from tm_exporter.config.running import obstacle
from tm_exporter.config.settings import Settings
from tm_exporter.config.shard import elsewhere
from tm_exporter.config.target import Target
from tm_exporter.daemon.run_series import RunSeries, WorstLag
from tm_exporter.kinds import anew
from tm_exporter.observation import Observation, Probe
from tm_exporter.one_shot.asked import Skipped, without_money
from tm_exporter.one_shot.wishes import Chosen, Granted, Refused, Wish
from tm_exporter.sinks.series import Shape


log = structlog.get_logger()

AT_ONCE = 8
"""Probes of one wish that run at a time, so that they do not measure themselves."""

_LATE = 0.25
"""Seconds over its time after which a run is cut off; it should have ended itself."""

_SOON = 60.0

Row = Observation | Skipped | str


class OutOfTurn:
    """
    Meets wishes with the probes that are scheduled.

    Args:
        settings: Returns the configuration in force.
        probes: Returns what is scheduled now; copies of it run.
        run: Runs a probe once.
        purse: Pays for what is asked for.
        worst_lag: How late the loop was.
        shape: Returns that of the series.
        why_not_pay: Returns why this instance must not pay now, empty if it may.
        renew: Returns a probe that asks the same within other seconds.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        probes: Callable[[], Iterable[Probe]],
        run: Callable[[Probe], Coroutine[Any, Any, Observation]],
        purse: LedgerPurse,
        *,
        worst_lag: WorstLag = lambda _, __: 0.0,
        shape: Callable[[], Shape] = Shape,
        why_not_pay: Callable[[], str] = lambda: "",
        renew: Callable[[Probe, float], Probe] = anew,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._probes = probes
        self._run = run
        self._purse = purse
        self._worst_lag = worst_lag
        self._shape = shape
        self._why_not_pay = why_not_pay
        self._renew = renew
        self._now = now

    def choose(self, wish: Wish) -> Chosen:
        """
        Return the probes that a wish comes down to.

        Raises:
            Refused: No such name is configured, nothing of it runs, or all of it
                costs money that may not be spent.
        """
        asked = self._asked(wish)
        obstacle_to_pay = self._obstacle_to_pay()
        if not obstacle_to_pay:
            return Chosen(wish, asked)
        free = [probe for probe in asked if not probe.section.paid]
        if not free:
            raise Refused(403, f"this costs money, and {obstacle_to_pay}")
        paid = [probe for probe in asked if probe.section.paid]
        why = f"costs money, and {obstacle_to_pay}"
        return Chosen(wish, free, [_left_out(probe, why) for probe in paid])

    async def run(self, chosen: Chosen, seconds: float) -> Granted:
        """
        Run what was chosen within so many seconds.

        A run that is cancelled is over at once; one that costs money goes on to
        count at its worst.

        Raises:
            Refused: There is no money for any of it.
        """
        deadline = asyncio.get_running_loop().time() + seconds
        places = asyncio.Semaphore(AT_ONCE)
        runs = (self._row(probe, places, deadline) for probe in chosen.probes)
        rows = await asyncio.gather(*runs)
        pairs = zip(chosen.probes, rows, strict=True)
        ran = [(probe, row) for probe, row in pairs if isinstance(row, Observation)]
        left_out = [*chosen.left_out, *_why_not(chosen.probes, rows)]
        _tell(chosen.wish, [seen for _, seen in ran], left_out)
        if not ran and any(isinstance(row, Skipped) for row in rows):
            raise self._without_money(rows)
        series = RunSeries(self._settings(), self._worst_lag, self._shape())
        return Granted(series.of(ran), left_out)

    def _asked(self, wish: Wish) -> list[Probe]:
        """Return the scheduled probes that a wish names, or raise Refused."""
        settings = self._settings()
        targets = {target.name: target for target in settings.targets}
        target = targets.get(wish.target)
        if target is None:
            where = elsewhere(wish.target, settings.shard)
            raise Refused(404, f"no target of this name is configured here{where}")
        found = [p for p in self._probes() if p.key.target == wish.target]
        if wish.probe is not None:
            found = [p for p in found if p.key.probe == wish.probe]
            if not found:
                raise Refused(404, _no_probe(target, wish.probe))
        if wish.model is not None:
            found = [p for p in found if p.key.model == wish.model]
            if not found:
                raise Refused(404, "nothing of this asks a model of this name")
        if not found:
            raise Refused(404, "no probe of this target runs")
        return found

    def _obstacle_to_pay(self) -> str:
        """Return why nothing may be paid for on request, empty if it may."""
        if not self._settings().server.allow_paid_probe_requests:
            return (
                "`server.allow_paid_probe_requests` does not allow that on request: "
                "its scheduled runs are on /metrics"
            )
        return self._why_not_pay()

    async def _row(
        self, probe: Probe, places: asyncio.Semaphore, deadline: float
    ) -> Row:
        """Run a probe, unless time or money do not suffice."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(deadline + _LATE), places:
                left = deadline - loop.time()
                if left <= 0:
                    return "there was no time left for it"
                asked = self._renew(probe, min(probe.section.timeout, left))
                return await self._paid_for(asked)
        except TimeoutError:
            return "it did not end in the time that there was"

    async def _paid_for(self, probe: Probe) -> Row:
        """Run a probe, between reserving and settling if it costs money."""
        if not probe.section.paid:
            return await self._run(probe)
        reserved = await self._purse.reserve(probe)
        if reserved is None:
            return without_money(probe.key, self._purse.standing)
        return await self._purse.settle(reserved, await self._run(probe))

    def _without_money(self, rows: Iterable[Row]) -> Refused:
        """Return the refusal of a wish none of which can be paid for."""
        (first, *_) = (row for row in rows if isinstance(row, Skipped))
        tomorrow = DAY - self._now() % DAY
        wait = tomorrow if self._purse.standing.usable else _SOON
        return Refused(429, f"{first.detail}: {first.next_step}", wait)


def _no_probe(target: Target, name: str) -> str:
    """Return why a target has no probe of a name that runs."""
    section = target.probes.get(name)
    if section is None:
        return f"this target has no such probe; it has {', '.join(target.probes)}"
    why = obstacle(target, section) or "no model has been chosen for it yet"
    return f"this probe does not run: {why}"


def _why_not(probes: Sequence[Probe], rows: Sequence[Row]) -> Iterator[str]:
    """Yield for each probe that did not run its name and why."""
    for probe, row in zip(probes, rows, strict=True):
        if isinstance(row, Skipped):
            yield _left_out(probe, row.detail)
        elif isinstance(row, str):
            yield _left_out(probe, row)


def _left_out(probe: Probe, why: str) -> str:
    key = probe.key
    of_model = f" ({key.model})" if key.model else ""
    return f"{key.probe}{of_model}: {why}"


def _tell(wish: Wish, seen: Sequence[Observation], left_out: Sequence[str]) -> None:
    """Log what was asked for and what came of it."""
    log.debug(
        "probe_asked",
        target=wish.target,
        probe=wish.probe,
        model=wish.model,
        runs=len(seen),
        failed=sum(not each.verdict.passed for each in seen),
        left_out=left_out or None,
    )
