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
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Protocol

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from tm_exporter.grid import Grid, first_runs, tolerance
from tm_exporter.lease.leadership import Alone, Permit
from tm_exporter.observation import Observation, Probe, ProbeKey, Reason, Skip
from tm_exporter.places import Places


log = structlog.get_logger()

RETRY_UNSUPPORTED = 3600.0
"""Seconds after which an optional route that was missing is tried again."""

READY_AFTER = 30.0
"""Seconds after which a schedule counts as ready, whatever has not run yet."""

_ROUNDING = 0.001  # APScheduler's times are whole microseconds
_BEAT = 1.0
_STOPPED_AFTER = 5.0


class SlotCounter(Protocol):
    """Is told what became of each slot."""

    def slot(self, key: ProbeKey) -> None:
        """A slot fell due."""
        ...

    def skipped(self, key: ProbeKey, skip: Skip) -> None:
        """It will not become a run."""
        ...


class Purse(Protocol):
    """Holds the money for paid runs. It does not raise: without money, no run."""

    async def reserve(self, probe: Probe) -> object | None:
        """Set aside what a run may cost at worst; None if it must not run."""
        ...

    async def settle(self, reserved: Any, observation: Observation) -> Observation:
        """Charge what the run did cost, and return the observation with it."""
        ...


class SteadyZone(tzinfo):
    """
    A time zone in which the clock is never set.

    APScheduler plans by the wall clock, which it asks as `datetime.now(zone)`:
    set back, it would stand still, and set forward, it would run everything at
    once. In this zone, that question is answered from the monotonic clock, so
    that steps of the wall clock do not exist; it is UTC as of our start. Only that
    question may be asked of it, which is why the triggers are our own.

    Args:
        clock: Monotonic seconds.
        now: Seconds since the epoch, asked once.
    """

    def __init__(self, clock: Callable[[], float], now: Callable[[], float]) -> None:
        self._clock = clock
        self._epoch = now() - clock()

    def seconds(self) -> float:
        """Return the seconds since the epoch, as if no one had set the clock."""
        return self._clock() + self._epoch

    def moment(self, seconds: float) -> datetime:
        """Return a number of such seconds as APScheduler wants it."""
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=self)

    def fromutc(self, dt: datetime) -> datetime:  # noqa: ARG002
        """Return the time now, whatever the wall clock says."""
        return self.moment(self.seconds())

    def utcoffset(self, dt: datetime | None) -> timedelta:  # noqa: ARG002
        """Return nothing: it is UTC."""
        return timedelta()

    def dst(self, dt: datetime | None) -> timedelta:  # noqa: ARG002
        """Return nothing: it is UTC."""
        return timedelta()

    def tzname(self, dt: datetime | None) -> str:  # noqa: ARG002
        """Return what it is."""
        return "UTC"


@dataclass(slots=True)
class Entry:
    """
    A scheduled probe.

    Attributes:
        grid: Its slots.
        next_at: The next slot, in steady seconds; the first run is one besides.
        slot_at: The slot that the last run was for.
        is_first: Whether no slot fell due yet.
        runs: How many ended since it was scheduled.
        unsupported_until: Slots before are skipped, the route being missing.
        task: The run in flight, if any.
        job: What APScheduler knows it by.
    """

    probe: Probe
    grid: Grid
    next_at: float
    job: Any = None
    slot_at: float = 0.0
    is_first: bool = True
    runs: int = 0
    unsupported_until: float = 0.0
    task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run is in flight."""
        return self.task is not None and not self.task.done()


class _Slots(BaseTrigger):  # type: ignore[misc]  # APScheduler 3 has no types
    """
    Tells APScheduler when slots fall due.

    Args:
        grid: Their grid.
        first_at: The first of them, on the grid or not, in steady seconds.
        zone: Whose seconds these are.
    """

    def __init__(self, grid: Grid, first_at: float, zone: SteadyZone) -> None:
        self._grid = grid
        self._first_at = first_at
        self._zone = zone

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime:
        """Return the next slot."""
        if previous_fire_time is None:
            return self._zone.moment(self._first_at)
        # Never the present moment again, which APScheduler would ask for for ever.
        seconds = now.replace(tzinfo=UTC).timestamp() + _ROUNDING
        return self._zone.moment(self._grid.after(seconds))


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
        left = {_waiting_as(entry.probe) for entry in self._entries.values()}
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
                entry.job.reschedule(_Slots(entry.grid, entry.next_at, self._zone))

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
        entry.job.reschedule(_Slots(entry.grid, entry.next_at, self._zone))

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

    @property
    def is_ready(self) -> bool:
        """Whether every probe ran once, or has had time enough."""
        if self._zone.seconds() - self._started_at >= READY_AFTER:
            return True
        return all(entry.runs for entry in self._entries.values())

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
            _Slots(grid, first_at, self._zone),
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
        seconds = self._zone.seconds()
        if seconds < entry.next_at - _ROUNDING:
            return
        key = entry.probe.key
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
        if seconds < self._waits.get(_waiting_as(entry.probe), 0.0):
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
            observation = await self._paid_run(entry.probe)
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

    async def _paid_run(self, probe: Probe) -> Observation | None:
        """Run a probe, between reserving and settling if it costs; None: no money."""
        if not probe.section.paid:
            return await self._run(probe)
        if self._purse is None:
            return None
        try:
            reserved = await self._purse.reserve(probe)
        except Exception:  # a bug must not become a run without money
            log.exception("ledger_failed")
            return None
        if reserved is None:
            return None
        observation = await self._run(probe)
        try:
            return await self._purse.settle(reserved, observation)
        except Exception:  # what was reserved stays so; the verdict stands
            log.exception("ledger_failed")
            return observation

    def _note(self, entry: Entry, observation: Observation) -> None:
        """Take note of what the service asked for."""
        entry.runs += 1
        outcome = observation.outcome
        seconds = self._zone.seconds()
        if outcome.verdict.reason is Reason.THROTTLED:
            asked = outcome.retry_after
            # Not told for how long: one interval, after which the next slot may run.
            until = entry.slot_at + entry.grid.interval
            until = until if asked is None else seconds + asked
            together = _waiting_as(entry.probe)
            # Two runs of a pair may be in flight: the shorter wait ends no longer one.
            waits = max(until - _ROUNDING, self._waits.get(together, 0.0))
            self._waits[together] = waits
        if not outcome.supported:
            entry.unsupported_until = seconds + RETRY_UNSUPPORTED


def _waiting_as(probe: Probe) -> tuple[str, ...]:
    """
    Return who waits together when the service asks one of them to.

    All paid probes of a target's model do; a free or Control Plane route alone.
    """
    key = probe.key
    if probe.section.paid:
        return (key.target, key.model)
    return (key.target, key.model, key.probe)
