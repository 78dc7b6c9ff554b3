"""What an instance does that may not pay, or may no longer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.doubles import (
    CountedSlots,
    FakeClock,
    OpenPurse,
    PaidSection,
    ScriptedProbe,
)
from tests.sinks.observations import observation
from tm_exporter.observation import ProbeKey, Skip
from tm_exporter.runner import run
from tm_exporter.schedule.schedule import Schedule
from tm_exporter.sinks.metrics import MetricsSink


@dataclass
class Leave:
    """A permit that can be withdrawn."""

    holds: bool = True


@dataclass
class Office:
    """Gives permits out."""

    permit: Leave | None = None

    def withdraw(self) -> None:
        """Take the permit back."""
        if self.permit is not None:
            self.permit.holds = False
        self.permit = None


@pytest.fixture
def office() -> Office:
    """Return one that has given a permit."""
    return Office(Leave())


@pytest.fixture
def counted() -> CountedSlots:
    """Return what counts slots."""
    return CountedSlots()


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock that is told what to say."""
    return FakeClock()


@pytest.fixture
async def schedule(
    counted: CountedSlots, clock: FakeClock, office: Office
) -> AsyncIterator[Schedule]:
    """Return a schedule whose slots fall due when a test says so."""
    made = Schedule(
        run=run,
        publish=counted.publish,
        counter=counted,
        purse=OpenPurse(),
        permit=lambda: office.permit,
        clock=clock,
        now=lambda: 0.0,
    )
    yield made
    await made.stop()


async def fall_due(schedule: Schedule, probe: ScriptedProbe, clock: FakeClock) -> None:
    """Let the next slot of a probe fall due, and let what it begins go on."""
    entry = schedule._entries[probe.key]
    clock.advance(entry.next_at - schedule._zone.seconds())
    await schedule._due(entry)
    for _ in range(5):
        await asyncio.sleep(0)


def paid(**changes: object) -> ScriptedProbe:
    """Return a paid probe."""
    key = ProbeKey("t", "serverless", "chat", "m")
    return ScriptedProbe(key, PaidSection(), **changes)  # type: ignore[arg-type]  # what each test wants


async def test_a_standby_skips_what_costs_money_and_nothing_else(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock, office: Office
) -> None:
    """Its slots are those of another instance."""
    office.withdraw()
    costly, free = paid(), ScriptedProbe()
    schedule.start([costly, free])
    for probe in (costly, free):
        await fall_due(schedule, probe, clock)

    assert costly.runs == 0
    assert free.runs > 0
    assert set(counted.skips) == {(costly.key, Skip.NOT_LEADER)}


async def test_what_a_standby_misses_is_not_missed(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock, office: Office
) -> None:
    """It was frozen, and another one ran these slots: coverage leaves them out."""
    probe = paid()
    schedule.start([probe])
    await fall_due(schedule, probe, clock)
    office.withdraw()
    clock.advance(600)
    await schedule._due(schedule._entries[probe.key])

    slots = counted.slots[probe.key]
    assert slots == 11
    assert counted.skips == {(probe.key, Skip.NOT_LEADER): slots - 1}


async def test_a_run_under_way_ends_with_the_permit(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock, office: Office
) -> None:
    """It is cancelled, not published, and its slot was never meant to run here."""
    costly = paid(hold=asyncio.Event())
    free = ScriptedProbe(hold=asyncio.Event())
    schedule.start([costly, free])
    for probe in (costly, free):
        await fall_due(schedule, probe, clock)
    office.withdraw()
    schedule.stand_by()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert counted.skips[costly.key, Skip.NOT_LEADER] == 1
    assert not schedule._entries[costly.key].is_running
    assert schedule._entries[free.key].is_running
    assert counted.published == []


async def test_a_run_that_ends_too_late_is_not_published(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock, office: Office
) -> None:
    """Though nobody had cancelled it yet; another permit is no excuse."""
    hold = asyncio.Event()
    probe = paid(hold=hold)
    schedule.start([probe])
    await fall_due(schedule, probe, clock)
    office.withdraw()
    office.permit = Leave()
    hold.set()
    for _ in range(5):
        await asyncio.sleep(0)

    assert counted.published == []
    assert counted.skips == {(probe.key, Skip.NOT_LEADER): 1}


def test_a_standby_shows_what_it_counted_and_not_what_it_saw() -> None:
    """Another instance knows better what the last run found."""
    clock = FakeClock()
    sink = MetricsSink(clock)
    seen = observation()
    sink.watch(seen.key, interval=60.0, reasons=(), skips=())
    sink(seen)
    before = rows(sink)
    sink.stand_by(seen.key)
    after = rows(sink)

    assert before["tensormesh_probe_success"]
    assert not after["tensormesh_probe_success"]
    assert not after["tensormesh_probe_consecutive_failures"]
    assert after["tensormesh_probe_attempts_total"]
    assert after["tensormesh_probe_interval_seconds"]
    assert not sink.standing(seen.key).is_current


def rows(sink: MetricsSink) -> dict[str, bool]:
    """Return by name whether a family has series."""
    return {family.name: bool(rows) for family, rows in sink.families()}
