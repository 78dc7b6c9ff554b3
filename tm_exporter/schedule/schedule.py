"""
When probes run: APScheduler wakes us, the grid says what has fallen due.

Nothing is queued. A slot either becomes a run or is counted as skipped, with the
reason; one that was missed, because the process or the machine stood still, is
not made up for.
"""

import asyncio
import time
from collections.abc import (
    Callable,
    Container,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from tm_exporter.lease.leadership import Alone, Permit
from tm_exporter.observation import Observation, Probe, ProbeKey, Reason, Skip
from tm_exporter.schedule.entry import Entry, Purse, SlotCounter, waiting_as
from tm_exporter.schedule.grid import Grid, first_runs, tolerance
from tm_exporter.schedule.places import Places
from tm_exporter.schedule.steady_zone import ROUNDING, Slots, SteadyZone


log = structlog.get_logger()

RETRY_UNSUPPORTED = 3600.0
"""Seconds after which an optional route that was missing is tried again."""

READY_AFTER = 30.0
"""Seconds after which a schedule counts as ready, whatever has not run yet."""

_BEAT = 1.0
_STOPPED_AFTER = 5.0


class Schedule:
    """
    Runs probes on their grids.

    Args:
        run: Runs a probe once and returns what it observed.
        publish: Gives an observation to the sinks.
        counter: Is told of each slot.
        purse: Pays for the runs that cost money; without one, none is paid for.
        is_in_maintenance: Whether what a probe asks need not answer now, so that its
            slots are skipped as maintenance.
        permit: Returns the permission to run what costs money, None if another
            instance has it.
        places: Bounds how many runs are under way; as many as usual where left out.
        clock: Monotonic seconds.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        *,
        run: Callable[[Probe], Coroutine[Any, Any, Observation]],
        publish: Callable[[Observation], None],
        counter: SlotCounter,
        purse: Purse | None = None,
        is_in_maintenance: Callable[[ProbeKey], bool] = lambda _: False,
        permit: Callable[[], Permit | None] = lambda: Alone.permit,
        places: Places | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._run = run
        self._publish = publish
        self._counter = counter
        self._purse = purse
        self._is_in_maintenance = is_in_maintenance
        self._permit = permit
        self._places = Places() if places is None else places
        self._zone = SteadyZone(clock, now)
        self._entries: dict[ProbeKey, Entry] = {}
        self._waits: dict[tuple[str, ...], float] = {}
        self._withdrawn: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(timezone=self._zone)
        self._started_at = self._beat_at = self._zone.seconds()
        self._stood_still_at = float("-inf")

    def start(
        self, probes: Iterable[Probe], *, ran_lately: Container[ProbeKey] = ()
    ) -> None:
        """
        Schedule probes and begin.

        Args:
            probes: Each gets a first run of its own.
            ran_lately: Whose runs cost money and who need no first run.
        """
        start = self._started_at = self._beat_at = self._zone.seconds()
        self.add(probes, ran_lately=ran_lately)
        self._plan(self._beat, Grid(_BEAT, 0.0), start)
        self._scheduler.start()

    def __contains__(self, key: ProbeKey) -> bool:
        return key in self._entries

    def first_runs(self, probes: Iterable[Probe]) -> Mapping[ProbeKey, float]:
        """Return when each of these is to run first, if all are added from now on."""
        intervals = ((probe.key, probe.section.interval) for probe in probes)
        return first_runs(intervals, self._zone.seconds())

    def add(
        self,
        probes: Iterable[Probe],
        *,
        ran_lately: Container[ProbeKey] = (),
        firsts: Mapping[ProbeKey, float] | None = None,
    ) -> None:
        """
        Schedule more probes, each with a first run of its own.

        Args:
            probes: That are not scheduled.
            ran_lately: Whose runs cost money and who need no first run.
            firsts: As `first_runs` returned it for these and others.
        """
        planned = list(probes)
        now = self._zone.seconds()
        firsts = self.first_runs(planned) if firsts is None else firsts
        for probe in planned:
            grid = Grid.of(probe.key, probe.section.interval)
            waits = probe.key in ran_lately
            first_at = grid.after(now) if waits else firsts[probe.key]
            entry = self._entries[probe.key] = Entry(probe, grid, first_at)
            entry.job = self._plan(self._due, grid, first_at, entry)

    def remove(self, keys: Iterable[ProbeKey]) -> None:
        """Give probes no more slots; a run in flight may end, and is not published."""
        gone = [self._entries.pop(key) for key in keys if key in self._entries]
        for entry in gone:
            entry.job.remove()
            if entry.task is not None and not entry.task.done():
                self._withdrawn.add(entry.task)
                entry.task.add_done_callback(self._withdrawn.discard)
        left = {waiting_as(entry.probe) for entry in self._entries.values()}
        self._waits = {who: at for who, at in self._waits.items() if who in left}

    def replace(self, probes: Iterable[Probe]) -> None:
        """Run these in place of those with the same keys; slots and waits stay."""
        for probe in probes:
            if (entry := self._entries.get(probe.key)) is not None:
                entry.probe = probe

    def run_soon(
        self, keys: Iterable[ProbeKey], *, ran_lately: Container[ProbeKey] = ()
    ) -> None:
        """
        Give probes that ask otherwise now a first run, as `add` does.

        Args:
            keys: Whose next slot is further away than that; others just wait for it.
            ran_lately: Whose runs cost money and who need none.
        """
        entries = [self._entries[key] for key in keys if key in self._entries]
        now = self._zone.seconds()
        firsts = first_runs(((e.probe.key, e.grid.interval) for e in entries), now)
        for entry in entries:
            key = entry.probe.key
            entry.unsupported_until = 0.0
            if key not in ran_lately and firsts[key] < entry.next_at:
                entry.next_at, entry.is_first = firsts[key], True
                entry.job.reschedule(Slots(entry.grid, entry.next_at, self._zone))

    def set_interval(self, key: ProbeKey, seconds: float) -> None:
        """
        Let a probe's slots fall due on the grid of another interval from now on.

        A first run that is still to come stays where it is.
        """
        entry = self._entries.get(key)
        if entry is None or entry.grid.interval == seconds:
            return
        entry.grid = Grid.of(key, seconds)
        if not entry.is_first:
            entry.next_at = entry.grid.after(self._zone.seconds())
        entry.job.reschedule(Slots(entry.grid, entry.next_at, self._zone))

    def stand_by(self) -> None:
        """Cancel paid runs in flight; they are not published, nor their money freed."""
        running = [e for e in self._entries.values() if e.task and e.probe.section.paid]
        for task in (*(entry.task for entry in running), *self._withdrawn):
            if task is not None:
                task.cancel()

    async def stop(self) -> None:
        """End at once; runs in flight are cancelled and not published."""
        if self._scheduler.running:
            self._scheduler.pause()
            # Jobs that APScheduler has begun wait for nothing: one turn of the loop
            # ends them, where it would log each as cancelled.
            await asyncio.sleep(0)
            self._scheduler.shutdown(wait=False)
        running = [entry.task for entry in self._entries.values() if entry.task]
        tasks = [*running, *self._withdrawn]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def is_turning(self) -> bool:
        """
        Whether the scheduler has been seen at work all through the last seconds.

        Who asks is answered by the same loop, so not before it turns again: that it
        stood still would never be seen if it were forgotten at once.
        """
        now = self._zone.seconds()
        return now - self._beat_at < _STOPPED_AFTER <= now - self._stood_still_at

    def is_ready(self, probes: Iterable[Probe]) -> bool:
        """Whether each of all probes ran once, or they have had time enough."""
        if self._zone.seconds() - self._started_at >= READY_AFTER:
            return True
        entries = [self._entries.get(probe.key) for probe in probes]
        return self._scheduler.running and all(each and each.runs for each in entries)

    def next_slot(self, key: ProbeKey) -> float | None:
        """Return when a probe is next due, in seconds since the epoch."""
        entry = self._entries.get(key)
        return None if entry is None else entry.next_at

    @property
    def probes(self) -> Sequence[Probe]:
        """The probes that are scheduled."""
        return [entry.probe for entry in self._entries.values()]

    def _plan(
        self, job: Callable[..., Any], grid: Grid, first_at: float, *args: Any
    ) -> Any:
        """Have APScheduler call a job whenever a slot falls due; return its handle."""
        return self._scheduler.add_job(
            job,
            Slots(grid, first_at, self._zone),
            args=args,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,  # what is too late is for us to say
        )

    async def _beat(self) -> None:
        """Show that loop and scheduler turn, and remember when they did not."""
        now = self._zone.seconds()
        if now - self._beat_at >= _STOPPED_AFTER:
            self._stood_still_at = now
        self._beat_at = now

    async def _due(self, entry: Entry) -> None:
        """Account for every slot that fell due, and run the last if it may."""
        seconds, key = self._zone.seconds(), entry.probe.key
        is_withdrawn = self._entries.get(key) is not entry  # since its job was begun
        if is_withdrawn or seconds < entry.next_at - ROUNDING:
            return
        entry.is_first = False
        count, last = entry.grid.until(entry.next_at, seconds)
        entry.next_at = entry.grid.after(last)
        stands_by = entry.probe.section.paid and self._permit() is None
        for _ in range(count):
            self._counter.slot(key)
        for _ in range(count - 1):
            self._counter.skipped(key, Skip.NOT_LEADER if stands_by else Skip.MISSED)
        skip = Skip.NOT_LEADER if stands_by else self._why_not(entry, seconds - last)
        if skip is None:
            entry.slot_at = last
            patience = tolerance(entry.grid.interval) - (seconds - last)
            entry.task = asyncio.create_task(self._in_place(entry, patience))
        else:
            self._counter.skipped(key, skip)

    def _why_not(self, entry: Entry, late: float) -> Skip | None:
        """Return why a slot must not become a run, None if it may."""
        seconds = self._zone.seconds()
        if late > tolerance(entry.grid.interval):
            return Skip.MISSED
        if self._is_excused(entry.probe.key):
            return Skip.MAINTENANCE
        if entry.is_running:
            return Skip.OVERLAP
        if seconds < entry.unsupported_until:
            return Skip.UNSUPPORTED
        if seconds < self._waits.get(waiting_as(entry.probe), 0.0):
            return Skip.THROTTLED
        return None

    def _is_excused(self, key: ProbeKey) -> bool:
        """Whether a probe's slots are maintenance; where a fault hides that, not."""
        try:
            return self._is_in_maintenance(key)
        except Exception:
            log.exception("upkeep_failed", part="maintenance")
            return False

    async def _in_place(self, entry: Entry, patience: float) -> None:
        """Run an entry's probe, unless there is no place for it for too long."""
        key = entry.probe.key
        try:
            async with asyncio.timeout(max(0.0, patience)):
                await self._places.take(key.target)
        except TimeoutError:
            self._counter.skipped(key, Skip.MISSED)
            return
        except asyncio.CancelledError:
            if not entry.probe.section.paid or self._permit() is not None:
                raise
            self._counter.skipped(key, Skip.NOT_LEADER)
            return
        except Exception:  # a fault of ours costs this run, which is accounted for
            log.exception("upkeep_failed", part="places")
            self._counter.skipped(key, Skip.MISSED)
            return
        try:
            await self._run_entry(entry)
        finally:
            self._places.leave(key.target)

    async def _run_entry(self, entry: Entry) -> None:
        """Run an entry's probe if there is money, and publish what it observed."""
        permit = self._permit() if entry.probe.section.paid else Alone.permit
        try:
            observation = await self._paid_run(entry)
        except asyncio.CancelledError:
            if permit is not None and permit.holds:
                raise
            observation = None
        if self._entries.get(entry.probe.key) is not entry:
            return  # it was withdrawn meanwhile, and its series are gone
        if permit is None or not permit.holds:
            self._counter.skipped(entry.probe.key, Skip.NOT_LEADER)
            return
        if observation is None:
            self._counter.skipped(entry.probe.key, Skip.BUDGET)
            return
        self._note(entry, observation)
        self._publish(observation)

    async def _paid_run(self, entry: Entry) -> Observation | None:
        """Run a probe, between reserving and settling if it costs; None: no money."""
        probe = entry.probe
        if not probe.section.paid:
            return await self._run_and_wait(entry)
        if self._purse is None:
            return None
        try:
            reserved = await self._purse.reserve(probe)
        except Exception:  # a bug must not become a run without money
            log.exception("ledger_failed")
            return None
        if reserved is None:
            return None
        observation = await self._run_and_wait(entry)
        try:
            return await self._purse.settle(reserved, observation)
        except Exception:  # what was reserved stays so; the verdict stands
            log.exception("ledger_failed")
            return observation

    async def _run_and_wait(self, entry: Entry) -> Observation:
        """Run a probe; the wait that the service asks for begins with its answer."""
        observation = await self._run(entry.probe)
        if observation.outcome.verdict.reason is Reason.THROTTLED:
            asked = observation.outcome.retry_after
            # Not told for how long: one interval, after which the next slot may run.
            until = entry.slot_at + entry.grid.interval
            until = until if asked is None else self._zone.seconds() + asked
            together = waiting_as(entry.probe)
            # Two runs of a pair may be in flight: the shorter wait ends no longer one.
            waits = max(until - ROUNDING, self._waits.get(together, 0.0))
            self._waits[together] = waits
        return observation

    def _note(self, entry: Entry, observation: Observation) -> None:
        """Take note of a run, and of a route that is not there."""
        entry.runs += 1
        if not observation.outcome.supported:
            entry.unsupported_until = self._zone.seconds() + RETRY_UNSUPPORTED
