"""Single turns of an election, in virtual time."""

import asyncio
import random
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tests.lease.leases import Leases
from tests.lease.virtual_time import run
from tests.lease.world import BEAT, DURATION, WHERE, Instance, World
from tm_exporter.budget.totals import Totals
from tm_exporter.lease.record import ANNOTATION, made
from tm_exporter.lease.term import Term


def in_world(folder: Path, story: Any) -> World:
    """Let a story happen in a world, and return that."""

    async def happen() -> World:
        world = World(folder, random.Random(0))  # noqa: S311 -- for latencies
        ends: Coroutine[Any, Any, None] = story(world)
        await ends
        await world.end()
        assert not world.wrongs
        return world

    return run(happen())


def held(leases: Leases, holder: str, duration: float, totals: str = "") -> None:
    """Make a lease that somebody holds."""
    lease = made(holder, duration, 1.8e9, None)
    annotations = {ANNOTATION: totals} if totals else {}
    lease["metadata"] = {"name": WHERE[1], "annotations": annotations}
    leases.post(WHERE[0], lease)


def test_a_term_that_is_over_never_goes_on() -> None:
    """Whatever its end is moved to, and whatever the clock says."""
    seconds = [0.0]
    term = Term(10.0, lambda: seconds[0])
    seconds[0] = 10.0
    was_over = not term.holds
    term.until = 20.0
    seconds[0] = 5.0

    assert was_over
    assert not term.holds


def test_the_first_one_of_all_waits_and_knows_that_nobody_paid(tmp_path: Path) -> None:
    """A lease that is missing may just have been deleted."""

    async def story(world: World) -> None:
        one = world.start("one")
        begun = asyncio.get_running_loop().time()
        await world.until_led(2 * DURATION)
        waited = asyncio.get_running_loop().time() - begun

        assert DURATION * 0.97 < waited < DURATION + BEAT
        assert one.election.led_for == float("inf")

    in_world(tmp_path, story)


def test_who_takes_over_knows_only_what_it_saw(tmp_path: Path) -> None:
    """Paid probes wait for a slot of theirs, since they may have run elsewhere."""

    async def story(world: World) -> None:
        world.start("one")
        await world.until_led(2 * DURATION)
        await asyncio.sleep(30)
        (one,) = world.instances
        world.instances.remove(one)
        await one.terminate()
        two = world.start("two")
        await world.until_led(DURATION)

        assert two.election.led_for < 1
        await asyncio.sleep(10)
        assert 9 < two.election.led_for < 11.5

    in_world(tmp_path, story)


def test_the_time_counts_that_the_holder_gave_itself(tmp_path: Path) -> None:
    """Its configuration may have another duration than ours."""

    async def story(world: World) -> None:
        held(world.leases, "slow one", 4 * DURATION)
        world.start("one")
        await asyncio.sleep(4 * DURATION * 0.95)

        assert world.payers == []
        await world.until_led(DURATION)

    in_world(tmp_path, story)


def test_nobody_leads_by_an_account_that_cannot_be_read(tmp_path: Path) -> None:
    """A newer version wrote it, or somebody damaged it."""

    async def story(world: World) -> None:
        held(world.leases, "", DURATION, '{"version":9}')
        one = world.start("one")
        await asyncio.sleep(10 * DURATION)

        assert world.payers == []
        assert "update tm-exporter" in one.election.standing.detail

    in_world(tmp_path, story)


def test_a_takeover_of_which_nobody_learned_is_one(tmp_path: Path) -> None:
    """The answer was lost; what others spent is booked all the same."""
    spent = Totals(1_700_000_000, {20_788: 5 * 10**11}, {24_323: 5 * 10**11})

    async def story(world: World) -> None:
        held(world.leases, "", DURATION, spent.text())
        one = world.start("one")
        one.link.network.loses_answers = True
        await asyncio.sleep(2 * BEAT)
        one.link.network.loses_answers = False
        await world.until_led(DURATION)
        await asyncio.sleep(DURATION)

        assert one.election.hand_overs == 1
        assert await _left(one) <= 0.5

    in_world(tmp_path, story)


async def _left(one: Instance) -> float:
    await one.till.ask(lambda ledger: ledger.totals())
    left = one.till.standing.left
    assert left is not None
    return float(left.day)


def test_a_lease_that_is_deleted_comes_back_with_its_account(tmp_path: Path) -> None:
    """By whoever holds it, at the next renewal; the others wait."""

    async def story(world: World) -> None:
        world.start("one")
        leader = await world.until_led(2 * DURATION)
        world.start("two")
        await asyncio.sleep(30)
        before = leader.election.account
        world.leases.delete(WHERE)
        await asyncio.sleep(2 * BEAT)

        assert world.payers == [leader]
        assert leader.election.hand_overs == 1
        assert before is not None
        assert leader.election.account is not None
        assert leader.election.account.covers(before)

    in_world(tmp_path, story)


def test_who_waits_for_the_lease_to_say_more_is_not_left_waiting(
    tmp_path: Path,
) -> None:
    """When the instance stops meanwhile, the run does not begin."""

    async def story(world: World) -> None:
        one = world.start("one")
        await world.until_led(2 * DURATION)
        one._payer.cancel()
        one.link.network.loses_requests = True
        more = Totals(0, {20_788: 10**13}, {24_323: 10**13})
        covered = asyncio.create_task(one.election.cover(more, more))
        await asyncio.sleep(0.1)
        await one.election.stop()

        assert await covered is False

    in_world(tmp_path, story)
