"""When all garbage is looked for: when memory grows, and not while it does not."""

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from tm_exporter.process.garbage import GROWN, Garbage


@pytest.fixture(autouse=True)
async def as_python_has_it() -> AsyncIterator[None]:
    """Whatever happened, it is Python's business again."""
    before = gc.get_threshold()
    yield
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


class Collector:
    """Counts how often all garbage was looked for."""

    def __init__(self, in_use: int) -> None:
        self.in_use = in_use
        self.times = 0
        self.looked = asyncio.Event()
        self.garbage = Garbage(lambda: self.in_use, self.collect, every=0.001)

    def collect(self) -> None:
        """Count."""
        self.times += 1
        self.looked.set()


async def test_all_of_it_is_looked_for_once_memory_has_grown() -> None:
    """And not again before it has grown as much again."""
    collector = Collector(in_use=100)
    collector.garbage.start()
    for in_use, times in (
        (100, 0),
        (int(100 * GROWN), 0),
        (151, 1),
        (152, 1),
        (228, 2),
    ):
        collector.in_use = in_use
        await collector.garbage.look()
        assert collector.times == times
    await collector.garbage.stop()


async def test_it_is_looked_at_again_and_again() -> None:
    """Until it is stopped."""
    collector = Collector(in_use=100)
    collector.garbage.start()
    collector.in_use = 200

    await asyncio.wait_for(collector.looked.wait(), 10)

    await collector.garbage.stop()


async def test_meanwhile_only_the_young_is_looked_at() -> None:
    """However much else there is."""
    garbage = Garbage(lambda: 100)
    garbage.start()

    assert gc.get_threshold()[0] < 10_000
    assert min(gc.get_threshold()[1:]) > 1_000_000
    assert gc.get_freeze_count() > 0

    await garbage.stop()


async def test_where_memory_is_not_told_it_is_left_to_python() -> None:
    """Nobody would see that there is much garbage."""
    before = gc.get_threshold()
    garbage = Garbage(lambda: 0)
    garbage.start()

    assert gc.get_threshold() == before

    await garbage.stop()
