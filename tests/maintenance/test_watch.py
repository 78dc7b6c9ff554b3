"""Which windows are open, and what the log says of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from tests.doubles import FakeClock
from tm_exporter.config.window import WindowSection
from tm_exporter.maintenance.notices import FILE, Notice, Notices
from tm_exporter.maintenance.watch import WindowWatch


T = TypeVar("T")
START = datetime(2026, 11, 22, 22, tzinfo=UTC)


class PromptWorker:
    """Does what blocks at once, unless it hangs like a disk that is gone."""

    def __init__(self) -> None:
        self.hangs = False

    async def do(
        self,
        job: Callable[[], T],
        *,
        undo: Callable[[T], object] | None = None,  # noqa: ARG002
    ) -> T:
        """Return what the job returns."""
        if self.hangs:
            await asyncio.Event().wait()
        return job()

    def close(self, last: Callable[[], object]) -> None:
        """Do the last job."""
        last()


class World:
    """A daemon's view of its windows, and the hands of its operators."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(START.timestamp())
        self.configured: list[WindowSection] = []
        self.worker = PromptWorker()
        self.notices = Notices(folder, self.now)
        self.watch = WindowWatch(
            lambda: self.configured, self.notices, now=self.clock, worker=self.worker
        )

    def now(self) -> datetime:
        """Return the time."""
        return datetime.fromtimestamp(self.clock(), UTC)

    def begin(self, name: str, seconds: float = 3600, *targets: str) -> None:
        """Begin a window, as the command does."""
        until = self.now() + timedelta(seconds=seconds)
        self.notices.begin(
            Notice(
                name=name,
                who="operator",
                why="upgrade",
                targets=targets,
                since=self.now(),
                until=until,
            )
        )

    def open(self) -> list[str]:
        """Return the names of what is open."""
        return [window.name for window in self.watch.windows()]

    async def looks(self, seconds: float = 0.0) -> list[tuple[str, str]]:
        """Let time pass and the daemon look; return what it told of which window."""
        self.clock.advance(seconds)
        return [(line["event"], line.get("window", "")) for line in await self.log()]

    async def log(self) -> list[EventDict]:
        """Let the daemon look, and return the lines that it wrote."""
        with capture_logs() as lines:
            await self.watch.look()
        return lines


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Return a world with nothing in it."""
    made = World(tmp_path)
    yield made
    made.watch.stop()


def planned(name: str, **keys: object) -> WindowSection:
    """Return a window of the configuration that begins at the full hour."""
    since = {"from": START.isoformat(), "duration": "30m"}
    return WindowSection.model_validate({"name": name, **(keys or since)})


async def test_what_a_command_begins_is_open_until_it_ends(world: World) -> None:
    """One line for each change, and none for looking."""
    world.begin("a", 600)
    told = [await world.looks(seconds) for seconds in (0, 1, 598, 1, 1)]

    assert told == [
        [("maintenance_started", "a")],
        [],
        [],
        [("maintenance_ended", "a")],
        [],
    ]


async def test_what_a_command_ends_is_over(world: World) -> None:
    """Before its time."""
    world.begin("a")
    world.begin("b")
    await world.looks()
    before = world.open()
    world.notices.end(["a"])
    told = await world.looks()

    assert before == ["a", "b"]
    assert (world.open(), told) == (["b"], [("maintenance_ended", "a")])


async def test_an_expiry_counts_at_its_second(world: World) -> None:
    """Nobody has to look at the file for it."""
    world.begin("a", 600)
    await world.looks()
    world.clock.advance(599.5)
    before = world.open()
    world.clock.advance(0.5)

    assert (before, world.open()) == (["a"], [])


async def test_windows_may_overlap(world: World) -> None:
    """Each is told for itself; whoever is in one of them is in maintenance."""
    world.configured = [
        planned("long"),
        planned("short", **{"from": START.isoformat(), "duration": "10m"}),
    ]
    world.begin("hand", 1200)
    told = [await world.looks(seconds) for seconds in (0, 600, 600, 600)]

    assert told == [
        [(f"maintenance_{'started'}", name) for name in ("long", "short", "hand")],
        [("maintenance_ended", "short")],
        [("maintenance_ended", "hand")],
        [("maintenance_ended", "long")],
    ]


async def test_a_window_that_begins_again_before_its_end_is_one(world: World) -> None:
    """Its end is put off, which is no news."""
    world.configured = [planned("often", cron="*/20 * * * *", duration="30m")]
    told = [await world.looks(seconds) for seconds in (0, 1200, 1200, 1200)]

    assert told == [[("maintenance_started", "often")], [], [], []]
    assert world.watch.windows()[0].until == world.now() + timedelta(minutes=30)


async def test_windows_follow_the_clock_when_it_is_set(world: World) -> None:
    """Forwards they end, and backwards they are open again."""
    world.configured = [planned("once")]
    world.begin("hand", 600)
    await world.looks()
    there = world.open()
    world.clock.advance(86_400)
    gone = world.open()
    world.clock.advance(-86_400)
    world.begin("more", 600)
    await world.looks()

    assert (there, gone) == (["once", "hand"], [])
    assert world.open() == ["once", "hand", "more"]


async def test_a_restart_forgets_nothing(world: World, tmp_path: Path) -> None:
    """And says what it finds open."""
    world.begin("a")
    again = World(tmp_path)

    assert await again.looks() == [("maintenance_started", "a")]


async def test_a_line_says_what_and_until_when_but_not_who(world: World) -> None:
    """Logs go far; names of people do not belong there."""
    world.begin("a", 600, "nebius")

    assert await world.log() == [
        {
            "event": "maintenance_started",
            "log_level": "info",
            "window": "a",
            "origin": "command",
            "targets": ("nebius",),
            "models": (),
            "detail": "upgrade",
            "until": "2026-11-22T22:10:00Z",
        }
    ]


async def test_a_broken_file_says_nothing_and_is_complained_of_once(
    world: World, tmp_path: Path
) -> None:
    """Rather probes that fail than silence that nobody asked for."""
    world.begin("a")
    await world.looks()
    good = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_text("{")
    told = [await world.looks() for _ in range(2)]
    broken = world.open()
    (tmp_path / FILE).write_bytes(good)
    mended = await world.looks()

    assert told == [[("maintenance_unreadable", ""), ("maintenance_ended", "a")], []]
    assert (broken, mended) == ([], [("maintenance_started", "a")])


async def test_a_disk_that_hangs_holds_up_no_start(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the configured windows are open all the same."""
    monkeypatch.setattr("tm_exporter.maintenance.watch._PATIENCE", 0.01)
    world.configured = [planned("once")]
    world.worker.hangs = True

    async with asyncio.timeout(5):
        await world.watch.start()

    assert world.open() == ["once"]


async def test_it_goes_on_looking(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to tell the daemon of a command."""
    monkeypatch.setattr("tm_exporter.maintenance.watch.LOOK_EVERY", 0.01)
    await world.watch.start()
    world.begin("a")

    async with asyncio.timeout(5):
        while not world.open():
            await asyncio.sleep(0.01)


async def test_without_a_place_for_state_the_configuration_counts() -> None:
    """As where no home is."""
    clock = FakeClock(START.timestamp())
    watch = WindowWatch(lambda: [planned("once")], None, now=clock)
    with capture_logs() as lines:
        await watch.look()
    watch.stop()

    assert [line["window"] for line in lines] == ["once"]
