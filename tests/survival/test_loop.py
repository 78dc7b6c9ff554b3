"""A loop that stood still is seen by who asks for our health, for a while."""

import asyncio
import time

from tests.doubles import CountedSlots, FakeClock
from tests.survival.world import Log, living, loaded
from tm_exporter.runner import run
from tm_exporter.schedule.schedule import Schedule


BLOCKED = 5.1
"""Seconds."""


async def test_a_blocked_loop_shows_as_unhealthy_and_then_as_healthy_again(
    log: Log,
) -> None:
    """Nobody is answered meanwhile; so it must still be known afterwards."""
    async with living(loaded(targets=[]), log) as exporter:
        before = await exporter.get("/-/healthy")
        asyncio.get_running_loop().call_soon(time.sleep, BLOCKED)
        await asyncio.sleep(0)
        blocked = await exporter.get("/-/healthy")
        page = await exporter.page()
        async with asyncio.timeout(15):
            while (await exporter.get("/-/healthy")).status_code != 200:
                await asyncio.sleep(0.2)

    assert before.status_code == 200
    assert (blocked.status_code, blocked.text) == (503, "not healthy\n")
    name = "tensormesh_exporter_event_loop_lag_seconds"
    assert page.total(f"{name}_sum") > BLOCKED - 1


async def test_a_beat_that_was_late_is_remembered_for_a_while() -> None:
    """For as long as it takes to know that the loop turns again."""
    clock, counted = FakeClock(), CountedSlots()
    schedule = Schedule(run=run, publish=counted.publish, counter=counted, clock=clock)
    schedule.start([])
    turning = []
    for seconds in (1.0, 4.9, 5.0, 1.0, 1.0, 1.0, 1.0, 1.0):
        clock.advance(seconds)
        await schedule._beat()
        turning.append(schedule.is_turning)
    clock.advance(5.0)
    turning.append(schedule.is_turning)
    await schedule.stop()

    assert turning == [True, True, *5 * [False], True, False]


async def test_a_long_start_is_not_taken_for_standing_still() -> None:
    """Between the making of a schedule and its start anything may be waited for."""
    clock, counted = FakeClock(), CountedSlots()
    schedule = Schedule(run=run, publish=counted.publish, counter=counted, clock=clock)
    clock.advance(60.0)
    schedule.start([])
    await schedule._beat()
    turning = schedule.is_turning
    await schedule.stop()

    assert turning
