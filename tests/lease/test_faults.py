"""
Nobody pays twice, and nobody pays too much, whatever fails.

Each world is random, and the same whenever it is made from the same seed. WORLDS says
how many there are; `make lease-test` makes many.
"""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lease.virtual_time import run
from tests.lease.world import (
    BEAT,
    DURATION,
    HURRY,
    WHERE,
    Instance,
    World,
    patched,
)
from tm_exporter.budget.totals import Totals
from tm_exporter.lease.record import ANNOTATION


WORLDS = int(os.environ.get("WORLDS", "10"))
FAULTS = 100  # in each


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a place for disks that is in memory, where there is one."""
    memory = Path("/dev/shm")  # noqa: S108 -- a directory of its own is made below
    place = tempfile.mkdtemp(dir=memory if memory.is_dir() else None)
    yield Path(place)
    shutil.rmtree(place)


async def _led_world(folder: Path, seed: int) -> tuple[World, Instance]:
    """Return a world of three instances, and who leads, at any point of its turns."""
    world = World(folder, random.Random(seed))  # noqa: S311 -- for latencies
    for number in range(3):
        world.start(f"pod-{number}")
    leader = await world.until_led(2 * DURATION)
    await asyncio.sleep(world.dice.uniform(10, 20))
    return world, leader


class Faults:
    """Lets things go wrong in a world, one after the other and several at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice
        self._names = iter(f"pod-{number}" for number in range(10_000))
        self._going_on: set[asyncio.Task[None]] = set()
        self._may_delete = self._dice.random() < 0.3

    def begin(self, count: int) -> None:
        """Start so many instances."""
        for _ in range(count):
            self._world.start(next(self._names))

    async def happen(self) -> None:
        """Let one thing go wrong, for some time."""
        if not self._world.instances:  # the next one is about to start
            await asyncio.sleep(1)
            return
        victim = self._dice.choice(self._world.instances)
        if self._world.payers and self._dice.random() < 0.6:
            victim = self._world.payers[0]
        fault = self._dice.choice(
            [
                *(self._freeze, self._freeze, self._lose, self._lose, self._slow),
                *(self._errors, self._conflicts, self._kill, self._terminate),
                *(self._replace, self._delete),
            ]
        )
        task = asyncio.create_task(fault(victim))
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)
        await asyncio.sleep(self._dice.expovariate(1 / 6))

    async def end(self) -> None:
        """Wait until nothing is wrong any more."""
        await asyncio.gather(*self._going_on)
        for one in self._world.instances:
            one.unfreeze()

    def _some_time(self) -> float:
        return self._dice.choice([2.0, 12.0, 20.0, 60.0]) * self._dice.uniform(0.3, 1)

    async def _freeze(self, victim: Instance) -> None:
        victim.freeze()
        await asyncio.sleep(self._some_time())
        victim.unfreeze()

    async def _lose(self, victim: Instance) -> None:
        lost = self._dice.choice(["loses_requests", "loses_answers"])
        with patched(victim.link.network, **{lost: True}):
            await asyncio.sleep(self._some_time())

    async def _slow(self, victim: Instance) -> None:
        with patched(victim.link.network, latency=self._dice.choice([2.0, 10.0, 40])):
            await asyncio.sleep(self._some_time())

    async def _errors(self, _: Instance) -> None:
        """Have everybody's calls fail, now and then or always."""
        await self._everywhere(errors=self._dice.choice([0.3, 1.0]))

    async def _conflicts(self, _: Instance) -> None:
        await self._everywhere(conflicts=self._dice.choice([0.5, 1.0]))

    async def _everywhere(self, **changes: float) -> None:
        for one in self._world.instances:
            for name, value in changes.items():
                setattr(one.link.network, name, value)
        await asyncio.sleep(self._some_time())
        for one in self._world.instances:
            for name in changes:
                setattr(one.link.network, name, 0.0)

    async def _kill(self, victim: Instance) -> None:
        await self._end_and_start(victim, gently=False)

    async def _terminate(self, victim: Instance) -> None:
        await self._end_and_start(victim, gently=True)

    async def _end_and_start(self, victim: Instance, *, gently: bool) -> None:
        """End an instance; another one starts, on the same disk or an empty one."""
        if victim not in self._world.instances:
            return
        self._world.instances.remove(victim)
        await (victim.terminate() if gently else victim.kill())
        await asyncio.sleep(self._dice.choice([0.0, 1.0, 20.0]) * self._dice.random())
        keeps_disk = self._dice.random() < 0.3
        self._world.start(next(self._names), victim.folder if keeps_disk else None)

    async def _replace(self, _: Instance) -> None:
        """Restart everybody at once, on empty disks."""
        gone, self._world.instances[:] = list(self._world.instances), []
        for one in gone:
            await one.kill()
        self.begin(len(gone))

    async def _delete(self, _: Instance) -> None:
        """
        Delete the lease, which whoever holds it makes again.

        Not in every world, since the account may be lost with it, if nobody saw it who
        lives. And not soon after it was made: who did not see it in between would take
        it for missing all the time.
        """
        age = asyncio.get_running_loop().time() - self._world.made_at
        if self._may_delete and age > DURATION:
            self._world.keeps_account = False
            self._world.leases.delete(WHERE)


async def _suffer(folder: Path, seed: int) -> World:
    dice = random.Random(seed)  # noqa: S311 -- for faults
    world = World(folder, dice, most_skew=dice.choice([0.0, 60.0, 3600.0]))
    faults = Faults(world)
    faults.begin(dice.randint(2, 4))
    watch = asyncio.create_task(world.watch())
    for _ in range(FAULTS):
        await faults.happen()
    await faults.end()
    await world.until_led(DURATION + 3 * BEAT)
    before = sum(world.charged.values())
    await asyncio.sleep(2 * 86_400 / HURRY + 60)  # days without a fault
    if sum(world.charged.values()) == before:
        world.wrongs.append("nobody pays any more")
    watch.cancel()
    await world.end()
    return world


@pytest.mark.timeout(60 + 30 * WORLDS)
def test_whatever_fails_one_pays_and_never_too_much(folder: Path) -> None:
    """The worlds see to it themselves; money flows between faults and afterwards."""
    for seed in range(WORLDS):
        world = run(_suffer(folder / str(seed), seed))

        assert not world.wrongs, seed
        assert world.leaders > FAULTS / 10


@pytest.mark.parametrize("end", ["kill", "freeze", "loses_requests", "terminate"])
def test_another_one_takes_over_within_the_duration_and_one_retry(
    folder: Path, end: str
) -> None:
    """Of whoever falls silent; at once, but for one retry, of whoever says so."""
    within = BEAT if end == "terminate" else DURATION + BEAT

    async def taken_over(seed: int) -> float:
        world, leader = await _led_world(folder / str(seed), seed)
        silent_since = asyncio.get_running_loop().time()
        if end in ("kill", "terminate"):
            world.instances.remove(leader)
            await getattr(leader, end)()
        elif end == "freeze":
            leader.freeze()
        else:
            leader.link.network.loses_requests = True
        while world.payers in ([], [leader]):
            await asyncio.sleep(0.01)
        await world.end()
        assert not world.wrongs
        return asyncio.get_running_loop().time() - silent_since

    # Clocks run up to 2 % apart, and calls take a moment.
    assert max(run(taken_over(seed)) for seed in range(10)) < 1.02 * within + 0.5


def test_nothing_is_lost_when_all_end_as_they_should(folder: Path) -> None:
    """Fifty hand-overs, each to an empty disk: the lease tells what was charged."""

    async def handed_on() -> World:
        world = World(folder, random.Random(1))  # noqa: S311 -- for latencies
        world.start("pod-0")
        for number in range(1, 51):
            (leader,) = world.instances
            await world.until_led(2 * DURATION)
            await asyncio.sleep(20)
            world.instances.remove(leader)
            await leader.terminate()
            world.start(f"pod-{number}")
        await world.until_led(2 * DURATION)
        await world.end()
        return world

    world = run(handed_on())
    told = Totals.read(
        world.leases.kept[WHERE]["metadata"]["annotations"][ANNOTATION]
    ).months
    (month,) = (label for kind, label in world.charged if kind == "month")
    in_cents = {month: amount // 10**10 for month, amount in told.items()}

    assert not world.wrongs
    assert world.charged["month", month] <= in_cents[month]
    # What was under way when its instance ended counts at its worst, and stays so.
    assert in_cents[month] - world.charged["month", month] <= 51 * 10 * 4
    assert sum(n for (kind, _), n in world.charged.items() if kind == "day") > 100
