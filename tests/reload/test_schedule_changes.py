"""A schedule whose probes change while it runs."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.doubles import CountedSlots, FakeClock, OpenPurse, PaidSection, ScriptedProbe
from tm_exporter.observation import Outcome, ProbeKey, Reason, Skip, Verdict
from tm_exporter.runner import run
from tm_exporter.schedule.schedule import Schedule


KEY = ProbeKey("target", "serverless", "scripted", "model")


class World:
    """A schedule on a clock that passes when told to."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.counted = CountedSlots()
        self.purse = OpenPurse()
        self.schedule = Schedule(
            run=lambda probe: run(probe, clock=self.clock),
            publish=self.counted.publish,
            counter=self.counted,
            purse=self.purse,
            clock=self.clock,
            now=lambda: 1_700_000_000.0,
        )

    async def fall_due(self, key: ProbeKey = KEY) -> None:
        """Let the next slot of a probe fall due, and a run come to its end."""
        entry = self.schedule._entries[key]
        self.clock.advance(max(entry.next_at - self.schedule._zone.seconds(), 0))
        await self.schedule._due(entry)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Return a world that ends with the test."""
    made = World()
    yield made
    await made.schedule.stop()


async def test_a_run_of_a_withdrawn_probe_is_settled_and_not_published(
    world: World,
) -> None:
    """The money is spent, whoever wants to know what for."""
    probe = ScriptedProbe(KEY, PaidSection(), hold=asyncio.Event())
    world.schedule.start([probe])
    await world.fall_due()
    world.schedule.remove([KEY])
    again = ScriptedProbe(KEY, PaidSection(), hold=asyncio.Event())
    world.schedule.add([again])
    assert probe.hold is not None
    probe.hold.set()
    for _ in range(5):
        await asyncio.sleep(0)

    assert world.purse.settled == [KEY]
    assert world.counted.published == []


async def test_the_end_cancels_runs_of_withdrawn_probes(world: World) -> None:
    """They hold up nothing."""
    world.schedule.start([ScriptedProbe(KEY, hold=asyncio.Event())])
    await world.fall_due()
    world.schedule.remove([KEY])
    async with asyncio.timeout(1):
        await world.schedule.stop()

    assert not [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]


async def test_a_probe_that_is_replaced_keeps_slots_and_run(world: World) -> None:
    """The run in flight is the old one's, and the next the new one's."""
    old = ScriptedProbe(KEY, hold=asyncio.Event())
    new = ScriptedProbe(KEY)
    world.schedule.start([old])
    await world.fall_due()
    slot = world.schedule.next_slot(KEY)
    world.schedule.replace([new, ScriptedProbe(ProbeKey("x", "serverless", "y"))])
    kept = world.schedule.next_slot(KEY)
    assert old.hold is not None
    old.hold.set()
    for _ in range(5):
        await asyncio.sleep(0)
    await world.fall_due()

    assert kept == slot
    assert (old.runs, new.runs) == (1, 1)
    assert len(world.counted.published) == 2


async def test_who_asks_anew_runs_soon(world: World) -> None:
    """A wait of an hour for a missing route ends, too."""
    missing = Outcome(verdict=Verdict(Reason.ROUTING, "no such route"), supported=False)
    world.schedule.start([ScriptedProbe(KEY, outcome=missing)])
    await world.fall_due()
    await world.fall_due()
    world.schedule.set_interval(KEY, 3600.0)
    new = ScriptedProbe(KEY)
    world.schedule.replace([new])
    world.schedule.run_soon([KEY, ProbeKey("x", "serverless", "y")])
    slot = world.schedule.next_slot(KEY)
    soon = slot is not None and slot - world.schedule._zone.seconds() <= 10
    await world.fall_due()

    assert world.counted.skips == {(KEY, Skip.UNSUPPORTED): 1}
    assert soon
    assert new.runs == 1


async def test_who_ran_lately_and_costs_waits_for_its_slot(world: World) -> None:
    """Changing a configuration again and again must not cost money."""
    world.schedule.start([ScriptedProbe(KEY, PaidSection())])
    await world.fall_due()
    slot = world.schedule.next_slot(KEY)
    world.schedule.run_soon([KEY], ran_lately={KEY})

    assert world.schedule.next_slot(KEY) == slot


async def test_a_wait_of_a_probe_that_is_gone_is_forgotten(world: World) -> None:
    """Another one that waits together with it keeps it."""
    busy = Outcome(verdict=Verdict(Reason.THROTTLED, "HTTP 429"), retry_after=300.0)
    other = ProbeKey("target", "serverless", "other", "model")
    world.schedule.start(
        [
            ScriptedProbe(KEY, PaidSection(), outcome=busy),
            ScriptedProbe(other, PaidSection()),
        ]
    )
    await world.fall_due()
    world.schedule.remove([KEY])
    kept = len(world.schedule._waits)
    world.schedule.remove([other])

    assert kept == 1
    assert world.schedule._waits == {}
