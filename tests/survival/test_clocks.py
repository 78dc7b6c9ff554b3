"""Clocks that are set, machines that slept, and an hour without a network."""

import asyncio
import time
from decimal import Decimal
from pathlib import Path

import pytest

from tests.doubles import CountedSlots, FakeClock, ScriptedProbe
from tm_exporter.budget.ledger import Caps, Ledger
from tm_exporter.observation import (
    PASSED,
    Outcome,
    ProbeKey,
    Reason,
    Skip,
    Verdict,
)
from tm_exporter.runner import run
from tm_exporter.schedule.schedule import Schedule


DAY = 86_400.0
NOON = 20_000 * DAY + DAY / 2
KEY = ProbeKey("t", "serverless", "chat", "m")


async def due(schedule: Schedule, probe: ScriptedProbe, clock: FakeClock) -> None:
    """Let the next slot of a probe fall due, and its run end."""
    entry = schedule._entries[probe.key]
    clock.advance(entry.next_at - schedule._zone.seconds())
    await schedule._due(entry)
    if entry.task is not None:
        await entry.task


@pytest.mark.parametrize("step", [-DAY, DAY], ids=["back", "forward"])
async def test_slots_go_on_whatever_the_wall_clock_says(step: float) -> None:
    """One run a minute before and after, none missed and none made up for."""
    clock, wall, counted = FakeClock(), FakeClock(NOON), CountedSlots()
    schedule = Schedule(
        run=lambda probe: run(probe, clock=clock, now=wall),
        publish=counted.publish,
        counter=counted,
        clock=clock,
        now=wall,
    )
    probe = ScriptedProbe()
    schedule.start([probe])
    began = clock.seconds
    for at in range(20):
        if at == 10:
            wall.advance(step)
        await due(schedule, probe, clock)
    await schedule.stop()

    assert probe.runs == counted.slots[probe.key] == 20
    assert clock.seconds - began == pytest.approx(19 * 60, abs=61)
    assert [seen.started_at for seen in counted.published][10:] == 10 * [NOON + step]


async def test_a_clock_that_jumps_by_an_hour_brings_no_burst() -> None:
    """On real timers: its slots are missed, and the next ones come as ever."""
    jumped, counted, runs = [0.0], CountedSlots(), [0]
    section = ScriptedProbe().section.model_copy(update={"interval": 0.25})
    probe = ScriptedProbe(section=section)
    schedule = Schedule(
        run=run,
        publish=counted.publish,
        counter=counted,
        clock=lambda: time.monotonic() + jumped[0],
    )
    schedule.start([probe])
    async with asyncio.timeout(10):
        while probe.runs < 2:
            await asyncio.sleep(0.01)
    runs[0], began, jumped[0] = probe.runs, time.monotonic(), 3600.0
    async with asyncio.timeout(10):
        while probe.runs < runs[0] + 4:
            await asyncio.sleep(0.01)
    took = time.monotonic() - began
    await schedule.stop()

    assert took > 2 * 0.25  # four runs are three intervals apart, but for the first
    assert counted.skips[probe.key, Skip.MISSED] >= 3600 / 0.25 - 1
    skipped = sum(counted.skips.values())
    assert counted.slots[probe.key] - skipped - len(counted.published) in (0, 1)


async def test_an_hour_without_a_network_is_sixty_failures_and_then_none() -> None:
    """The first slot after it passes; nothing is queued meanwhile."""
    clock, counted = FakeClock(), CountedSlots()
    schedule = Schedule(
        run=lambda probe: run(probe, clock=clock),
        publish=counted.publish,
        counter=counted,
        clock=clock,
    )
    probe = ScriptedProbe()
    schedule.start([probe])
    for reason, times in ((None, 5), (Reason.CONNECT_FAILED, 60), (None, 5)):
        verdict = PASSED if reason is None else Verdict(reason)
        probe.outcome = Outcome(verdict=verdict)
        for _ in range(times):
            await due(schedule, probe, clock)
    await schedule.stop()

    reasons = [seen.verdict.reason for seen in counted.published]
    assert reasons == [*5 * [None], *60 * [Reason.CONNECT_FAILED], *5 * [None]]
    assert not counted.skips


@pytest.mark.parametrize("step", [-DAY, DAY], ids=["back", "forward"])
def test_the_ledger_knows_what_was_spent_when_the_clock_is_right_again(
    tmp_path: Path, step: float
) -> None:
    """Neither does a day come twice, nor is the money of one given out again."""
    wall = FakeClock(NOON - 40 * DAY)
    ledger = Ledger(tmp_path, Caps(Decimal(1), Decimal(20)), wall)
    ledger.left()
    wall.seconds = NOON

    def spend() -> None:
        reservation = ledger.reserve(KEY, Decimal("0.2"))
        assert reservation is not None
        ledger.settle(reservation, Decimal("0.2"))

    spend()
    spend()
    before = ledger.left()
    wall.advance(step)
    during = ledger.left()
    wall.advance(-step)
    after = ledger.left()
    spend()
    spend()
    refused = ledger.reserve(KEY, Decimal("0.2"))
    ledger.close()

    assert before.day == after.day == Decimal("0.6")
    assert during.month <= Decimal("19.6")
    assert refused is None
