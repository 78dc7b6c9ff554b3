"""One reload after the other, each wholly or not at all."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest

from tests.reload.world import Files, target
from tm_exporter.config.load import Loaded
from tm_exporter.reload.reloader import Reloader


T = TypeVar("T")


class AtOnce:
    """A worker that works in the loop."""

    async def do(
        self,
        job: Callable[[], T],
        *,
        undo: Callable[[T], object] | None = None,  # noqa: ARG002 -- as of the protocol
    ) -> T:
        """Return what the job returns."""
        await asyncio.sleep(0)
        return job()

    def close(self, last: Callable[[], object]) -> None:
        """Do the last job."""
        last()


class World:
    """A configuration in files, and what became of it."""

    def __init__(self, files: Files) -> None:
        files.write(target("a"))
        self.files = files
        self.followed: list[list[str]] = []
        self.told: list[bool] = []
        self.at_work = 0
        self.most_at_work = 0
        self.breaks = 0
        self.reloader = Reloader(
            *(files.read, files.read(), _names, self._follow),
            tell=self.told.append,
            worker=AtOnce(),
        )

    async def _follow(self, names: list[str]) -> None:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        await asyncio.sleep(0)
        self.at_work -= 1
        if self.breaks:
            self.breaks -= 1
            raise RuntimeError("made up")
        self.followed.append(names)


def _names(loaded: Loaded) -> list[str]:
    return [target.name for target in loaded.settings.targets]


@pytest.fixture
def world(files: Files) -> World:
    """Return a world in which `a` is in force."""
    return World(files)


async def test_what_can_be_used_is_followed(world: World) -> None:
    """And told as a success."""
    world.files.write(target("b"))
    result = await world.reloader.reload()

    assert result.problems == ()
    assert (world.followed, world.told) == ([["b"]], [True])


async def test_what_cannot_is_not(world: World) -> None:
    """It is told as a failure, with every problem."""
    world.files.write(target("b"), server={"listen": "127.0.0.1:1"}, state_dir="other")
    result = await world.reloader.reload()

    assert len(result.problems) == 2
    assert not result.is_fault
    assert (world.followed, world.told) == ([], [False])


async def test_wishes_at_once_are_one_reload_or_two(world: World) -> None:
    """What is asked for while one goes on is not lost, and is not done ten times."""
    first = asyncio.create_task(world.reloader.reload())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.gather(first, *(world.reloader.reload() for _ in range(10)))

    assert world.told == [True, True]
    assert world.most_at_work == 1


async def test_who_goes_away_does_not_end_it(world: World) -> None:
    """Others wait for the same."""
    impatient = asyncio.create_task(world.reloader.reload())
    patient = asyncio.create_task(world.reloader.reload())
    await asyncio.sleep(0)
    impatient.cancel()

    assert (await patient).problems == ()
    assert world.told == [True]


async def test_files_that_say_the_same_are_no_reload(world: World) -> None:
    """Nothing is counted, since nothing changed; asked for, it counts."""
    await world.reloader.reload_if_other()
    quiet = list(world.told)
    await world.reloader.reload()

    assert quiet == []
    assert world.told == [True]


async def test_what_was_right_again_is_told(world: World) -> None:
    """Though it is what was in force all the time: the alarm has to end."""
    right = world.files.main.read_text()
    world.files.main.write_text("targets: [")
    await world.reloader.reload_if_other()
    world.files.main.write_text(right)
    await world.reloader.reload_if_other()

    assert world.told == [False, True]


async def test_a_fault_of_ours_puts_back_what_was_there(world: World) -> None:
    """Half a change must not stay."""
    world.files.write(target("b"))
    world.breaks = 1
    result = await world.reloader.reload()
    world.breaks = 0
    again = await world.reloader.reload()

    assert result.is_fault
    assert again.problems == ()
    assert (world.followed, world.told) == ([["a"], ["b"]], [False, True])


async def test_the_end_ends_a_reload(world: World) -> None:
    """Nothing goes on behind it."""
    task = asyncio.create_task(world.reloader.reload())
    await asyncio.sleep(0)
    await world.reloader.stop()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert world.told == []
