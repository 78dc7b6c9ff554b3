"""What is paid for: with the ledger on disk, and everything between it and a run."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.budget.conftest import NOV_1, MakeLedger
from tests.budget.month import Here
from tests.doubles import CountedSlots, FakeClock, PaidSection, ScriptedProbe
from tests.sinks.observations import observation
from tm_exporter.budget.costs import Costs
from tm_exporter.budget.keeper import Keeper
from tm_exporter.budget.ledger import Ledger, LedgerUnusable
from tm_exporter.budget.pacer import RUNS, Pacer
from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.budget.purse import LedgerPurse
from tm_exporter.budget.till import Till
from tm_exporter.observation import (
    PASSED,
    Demand,
    Observation,
    Outcome,
    Probe,
    ProbeKey,
    Reason,
    Skip,
    Tokens,
    Verdict,
)
from tm_exporter.runner import run
from tm_exporter.schedule.schedule import Schedule


CENT = Rates.per_million(Decimal(10_000), Decimal(10_000))


def probe(
    name: str = "chat_stream", worst: int = 10, expected: int = 5, **changes: Any
) -> ScriptedProbe:
    """Return a paid probe whose tokens cost a cent each."""
    return ScriptedProbe(
        key=ProbeKey("eu", "serverless", name, "m"),
        section=PaidSection(interval="1h"),
        demands=(Demand(Tokens(worst), Tokens(expected)),),
        **changes,
    )


def ran(of: Probe, *used: Tokens | None, reason: Reason | None = None) -> Observation:
    """Return a finished run that used so much."""
    verdict = PASSED if reason is None else Verdict(reason)
    seen = observation(of.key)
    return Observation(
        key=of.key,
        probe_id=seen.probe_id,
        started_at=seen.started_at,
        duration=1.0,
        outcome=Outcome(verdict=verdict, used=used),
    )


class World:
    """A purse and what belongs to it, all at once and on one clock."""

    def __init__(self, opened: Callable[[], Ledger], clock: FakeClock) -> None:
        self.probes: list[Probe] = []
        self.intervals: dict[ProbeKey, float] = {}
        costs = Costs(PriceBook(CENT, {}, {}, clock))
        self.till = Till(opened, Here())
        self.pacer = Pacer(
            lambda: self.probes, costs, self.intervals.__setitem__, clock
        )
        self.keeper = Keeper(self.till, self.pacer, clock)
        self.purse = LedgerPurse(self.till, costs, self.pacer)
        self.asked = LedgerPurse(self.till, costs)

    async def pay(self, of: Probe, *used: Tokens | None) -> Observation | None:
        """Reserve and settle one run; None if it may not."""
        reserved = await self.purse.reserve(of)
        if reserved is None:
            return None
        return await self.purse.settle(reserved, ran(of, *used))


@pytest.fixture
def world(make: MakeLedger, clock: FakeClock) -> World:
    """Return a world of a dollar a day and ten a month."""
    return World(make, clock)


def left(world: World) -> Decimal:
    """Return what is left of the day."""
    standing = world.purse.standing.left
    assert standing is not None
    return standing.day


async def test_a_run_is_reserved_at_its_worst_and_charged_with_what_it_used(
    world: World,
) -> None:
    """The observation tells it, for the counter."""
    reserved = await world.purse.reserve(probe())
    before = left(world)
    assert reserved is not None
    seen = await world.purse.settle(reserved, ran(probe(), Tokens(4)))

    assert before == Decimal("0.90")
    assert seen.cost == Decimal("0.04")
    assert left(world) == Decimal("0.96")


async def test_a_fault_of_our_own_is_charged_with_the_worst(world: World) -> None:
    """Nobody knows what was sent."""
    reserved = await world.purse.reserve(probe())
    assert reserved is not None
    failed = ran(probe(), reason=Reason.INTERNAL)

    assert (await world.purse.settle(reserved, failed)).cost == Decimal("0.10")


async def test_what_cannot_be_booked_counts_at_its_worst(
    world: World, tmp_path: Path
) -> None:
    """As it does in the ledger."""
    reserved = await world.purse.reserve(probe())
    assert reserved is not None
    file = tmp_path / "state" / "ledger.sqlite3"
    file.write_bytes(b"no database" * 100)

    seen = await world.purse.settle(reserved, ran(probe(), Tokens(4)))

    assert seen.cost == Decimal("0.10")
    assert world.purse.standing.usable is False


async def test_who_is_ranked_above_goes_first(world: World) -> None:
    """The money of the day is promised to `chat_stream`."""
    world.probes = [probe(), probe("kv_cache")]
    await world.keeper.look()

    assert await world.pay(probe("kv_cache"), Tokens(5)) is None
    assert await world.pay(probe(), Tokens(5)) is not None


async def test_when_the_money_runs_out_it_is_said_once(
    world: World, clock: FakeClock
) -> None:
    """And once that there is some again."""
    with capture_logs() as logs:
        for _ in range(20):
            await world.pay(probe(), Tokens(10))
        clock.advance(86_400)
        for _ in range(2):
            await world.pay(probe(), Tokens(1))

    events = [line["event"] for line in logs]
    assert events == ["budget_exhausted", "budget_available"]
    assert "0.1000 USD are left today" in logs[0]["detail"]


async def test_runs_that_are_asked_for_have_a_tenth(world: World) -> None:
    """However much is left."""
    small = probe(worst=5)
    first, second = [await world.asked.reserve(small) for _ in range(2)]

    assert first is not None
    assert second is not None
    assert await world.asked.reserve(small) is None
    assert await world.purse.reserve(small) is not None


async def test_the_plan_learns_what_runs_cost(world: World) -> None:
    """The mean of the last twenty; runs that cost nothing say nothing."""
    one = probe(expected=2)
    world.probes = [one]
    await world.keeper.look()
    before = world.pacer._ranks[0].once
    for _ in range(RUNS):
        await world.pay(one, Tokens(1))
        await world.pay(one)

    await world.keeper.look()

    assert (before, world.pacer._ranks[0].once) == (Decimal("0.02"), Decimal("0.01"))


async def test_after_a_restart_the_plan_goes_on(
    make: MakeLedger, clock: FakeClock
) -> None:
    """From what the ledger remembers."""
    before, after = World(make, clock), World(make, clock)
    for world in (before, after):
        world.probes = [probe()]
    for _ in range(RUNS):
        await before.pay(probe(), Tokens(1))

    await after.keeper.look()

    assert after.pacer._ranks[0].once == Decimal("0.01")


async def test_intervals_stretch_and_shrink_again(
    world: World, clock: FakeClock
) -> None:
    """Ten dollars do not suffice for the month, but for its last day."""
    one = probe(worst=10, expected=3)
    world.probes = [one]
    with capture_logs() as logs:
        await world.keeper.look()
        stretched = world.intervals[one.key]
        clock.advance(86_400 * 29)
        await world.keeper.look()

    assert stretched > 2 * 3600
    assert world.intervals[one.key] == 3600
    assert [line["event"] for line in logs] == ["canaries_paced"] * 2


async def test_first_runs_are_spared_where_the_ledger_saw_one(
    world: World, clock: FakeClock
) -> None:
    """Within the interval, or, after the clock was set back, in the future."""
    paid, other = probe(), probe("chat")
    free = ScriptedProbe()
    probes: list[Probe] = [paid, other, free]
    world.probes = probes
    await world.pay(paid, Tokens(1))

    clock.advance(3599)
    lately = await world.keeper.ran_lately(probes)
    clock.advance(-7200)
    set_back = await world.keeper.ran_lately(probes)
    clock.advance(7201)

    assert lately == set_back == {paid.key}
    assert await world.keeper.ran_lately(probes) == frozenset()


async def test_where_nothing_costs_money_there_is_no_ledger(
    world: World, tmp_path: Path
) -> None:
    """Nobody is told of one that is not needed."""
    world.probes = [ScriptedProbe()]

    await world.keeper.look()

    assert await world.keeper.ran_lately(world.probes) == frozenset()
    assert world.purse.standing.usable is None
    assert not (tmp_path / "state").exists()


async def test_without_a_ledger_only_free_probes_run(clock: FakeClock) -> None:
    """Each slot of a paid one is skipped as `budget`."""

    def none() -> Ledger:
        raise LedgerUnusable("there is no place for state")

    world, counted = World(none, clock), CountedSlots()
    world.probes = [probe(outcome=Outcome(verdict=PASSED)), ScriptedProbe()]
    schedule = Schedule(
        run=lambda one: run(one, clock=clock),
        publish=counted.publish,
        counter=counted,
        purse=world.purse,
        clock=clock,
        now=lambda: NOV_1,
    )
    schedule.add(world.probes)
    for entry in schedule._entries.values():
        clock.seconds += max(0.0, entry.next_at - schedule._zone.seconds())
        await schedule._due(entry)
        assert entry.task is not None
        await entry.task

    assert counted.skips == {(world.probes[0].key, Skip.BUDGET): 1}
    assert [seen.key for seen in counted.published] == [world.probes[1].key]


async def test_it_looks_again_when_it_is_asked_to(world: World) -> None:
    """As after a price list came, which changes what everything costs."""
    world.probes = [probe()]
    task = asyncio.create_task(world.keeper.keep())
    before = world.intervals.copy()

    world.keeper.look_soon()
    async with asyncio.timeout(10):
        while not world.intervals:
            await asyncio.sleep(0)
    task.cancel()

    assert not before
