"""When a change of files leads to a reload: not before it is whole."""

import asyncio
from pathlib import Path

import pytest

from tm_exporter.budget.worker import ThreadWorker
from tm_exporter.config.sources import Sources
from tm_exporter.reload.watch import SourceWatch


class World:
    """One file that is watched, and a count of reloads."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "exporter.yml"
        self.file.write_text("0")
        self.sources = self._read()
        self.reloads: list[str] = []
        self.fails = False
        worker = ThreadWorker("test")
        self.watch = SourceWatch(lambda: self.sources, self._reload, worker, every=0)

    def _read(self) -> Sources:
        sources = Sources()
        sources.name(self.file)
        return sources

    async def _reload(self) -> None:
        self.reloads.append(self.file.read_text() if self.file.exists() else "")
        if self.fails:
            return
        self.sources = self._read()

    async def look(self, times: int = 1) -> None:
        """Look so many times."""
        for _ in range(times):
            await self.watch.look()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world in which nothing happened yet."""
    return World(tmp_path)


async def test_what_stays_the_same_is_not_read_again(world: World) -> None:
    """However often one looks."""
    await world.look(5)

    assert world.reloads == []


async def test_a_change_is_read_once_it_holds_still(world: World) -> None:
    """A file that grows from look to look is being written."""
    for text in ("1", "12", "123"):
        world.file.write_text(text)
        await world.look()
    written = list(world.reloads)
    await world.look(5)

    assert written == []
    assert world.reloads == ["123"]


async def test_a_file_that_is_away_for_a_moment_is_not_missed(world: World) -> None:
    """Some editors remove it before they write it anew."""
    world.file.unlink()
    await world.look()
    world.file.write_text("1")
    await world.look(4)

    assert world.reloads == ["1"]


async def test_a_reload_that_reads_nothing_is_not_repeated(world: World) -> None:
    """Until something changes again."""
    world.fails = True
    world.file.write_text("1")
    await world.look(6)
    once = list(world.reloads)
    world.file.write_text("22")
    await world.look(6)

    assert once == ["1"]
    assert world.reloads == ["1", "22"]


async def test_a_look_that_fails_is_not_the_last(world: World) -> None:
    """Whatever it failed of."""
    looks = 0

    def sources() -> Sources:
        nonlocal looks
        looks += 1
        if looks < 3:
            raise RuntimeError("made up")
        return world.sources

    watch = SourceWatch(sources, world._reload, ThreadWorker("test"), every=0.001)
    task = asyncio.create_task(watch.keep())
    world.file.write_text("1")
    async with asyncio.timeout(5):
        while not world.reloads:
            await asyncio.sleep(0.005)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert world.reloads[0] == "1"
