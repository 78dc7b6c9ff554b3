"""A fault of our own, wherever it is, costs one run or one part of a page."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.doubles import (
    CountedSlots,
    FakeClock,
    OpenPurse,
    PaidSection,
    ScriptedProbe,
)
from tests.sinks.observations import observation
from tests.sinks.pages import samples
from tests.survival.world import Log, configured, living, unaccounted, verdict
from tm_exporter import catalog
from tm_exporter.budget.keeper import Keeper
from tm_exporter.catalog import Family
from tm_exporter.clients import reference
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.exposition.page import Exposition
from tm_exporter.exposition.text import Text
from tm_exporter.maintenance import watch
from tm_exporter.observation import Observation, ProbeKey, Skip
from tm_exporter.process.heap import Heap
from tm_exporter.reload.watch import SourceWatch
from tm_exporter.runner import run
from tm_exporter.schedule.grid import Grid
from tm_exporter.schedule.schedule import Schedule
from tm_exporter.simulator.server import Simulator
from tm_exporter.sinks.series import Labels, Value


HEALTH = ProbeKey("serverless", "serverless", "health")


class Planted(Exception):  # noqa: N818 -- what it is
    """The fault that a test puts somewhere."""


def fail(*_: object, **__: object) -> Any:
    """Be at fault."""
    raise Planted


@pytest.fixture
async def daemon(log: Log) -> Daemon:
    """Return a daemon whose series have begun, and that runs nothing by itself."""
    probes = {"health": {"interval": "1m"}, "models": {"interval": "1m"}}
    loaded = configured("http://127.0.0.1:1", probes=probes)
    made = Daemon(loaded, log.logging, "127.0.0.1:0")
    roster = made._roster
    roster._enter(roster._assembly.probes(made._settings))
    made._own.begin()
    return made


def attempts(daemon: Daemon) -> object:
    """Return how many runs of the free probe were counted."""
    rows = dict(daemon._metrics.families())[catalog.PROBE_ATTEMPTS]
    return next(value for labels, value in rows.items() if "health" in labels)


async def test_each_derivation_may_fail(
    daemon: Daemon, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would add is missing, and the run counts."""
    derivations = daemon._derivations
    for number in range(len(derivations)):
        planted = (*derivations[:number], fail, *derivations[number + 1 :])
        monkeypatch.setattr(daemon, "_derivations", planted)
        daemon._publish(observation(HEALTH))

    assert len(derivations) > 8
    assert attempts(daemon) == len(derivations)
    assert len(log.events("derivation_failed")) == len(derivations)


async def test_each_sink_may_fail(
    daemon: Daemon, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others get the run, and the next one is for all of them again."""
    sinks = daemon._sinks
    for number in range(len(sinks)):
        monkeypatch.setattr(
            daemon, "_sinks", (*sinks[:number], fail, *sinks[number + 1 :])
        )
        daemon._publish(observation(HEALTH, probe_id=f"run-{number}"))
    monkeypatch.setattr(daemon, "_sinks", sinks)
    daemon._publish(observation(HEALTH, probe_id="last"))

    assert attempts(daemon) == len(sinks)  # all but the one that its sink lost
    kept = [run.probe_id for run in daemon._history.past(HEALTH).runs]
    assert kept == ["run-0", "run-2", "last"]
    assert len(log.events("sink_failed")) == len(sinks)


def told(page: str) -> set[str]:
    """Return the names of all series on a page."""
    return {sample.name for sample in samples(page)}


async def rendered(daemon: Daemon) -> str:
    """Return the page of metrics."""
    page = await Exposition(daemon._metrics.owners, about_process=False).render()
    return page.body.decode()


def forget_pages(daemon: Daemon) -> None:
    """Have the next page written anew."""
    for together in daemon._metrics.owners():
        for owner in together:
            owner.written(object()).clear()


async def test_each_source_of_the_page_may_fail(
    daemon: Daemon, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its family is missing, once in the log; everything else is on the page."""
    daemon._publish(observation(HEALTH))
    tables = dict(daemon._metrics._tables)
    whole = told(await rendered(daemon))
    for family, read in tables.items():
        monkeypatch.setitem(daemon._metrics._tables, family, fail)
        pages = [told(await rendered(daemon)) for _ in range(2)]
        assert pages == [whole - {family.name}] * 2
        monkeypatch.setitem(daemon._metrics._tables, family, read)
    after = told(await rendered(daemon))
    counted = log.logging.faults.rows()["series_failed",]

    assert len(tables) > 5
    assert after == whole
    assert counted == 2 * len(tables)
    families = [line["family"] for line in log.events("series_failed")]
    assert families == [family.name for family in tables]


async def test_each_family_may_have_what_cannot_be_written(
    daemon: Daemon, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a value that is no number: the other families are whole."""
    daemon._publish(observation(HEALTH))
    written = Text.series
    whole = {family for family, rows in daemon._metrics.families() if rows}
    names = told(await rendered(daemon))
    bad: list[Family] = []

    def write(
        form: Text, family: Family, rows: Sequence[tuple[Labels, Value]]
    ) -> bytes:
        return fail() if family in bad else written(form, family, rows)

    monkeypatch.setattr(Text, "series", write)
    for family in whole:
        bad[:] = [family]
        forget_pages(daemon)
        missing = names - told(await rendered(daemon))
        assert missing
        assert {name for name in missing if not name.startswith(family.name)} == set()

    assert len(log.events("series_failed")) == len(whole)


@pytest.mark.parametrize("part", ["reports", "wait"])
async def test_each_owner_of_series_may_fail(
    daemon: Daemon, log: Log, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """One probe's last run is not told, its counters and all others are."""
    models = ProbeKey("serverless", "serverless", "models")
    for key in (HEALTH, models):
        daemon._publish(observation(key))
    monkeypatch.setattr(type(daemon._metrics._probes[HEALTH]), part, fail)
    page = await rendered(daemon)

    assert 'tensormesh_probe_attempts_total{model="",probe="health"' in page
    assert 'tensormesh_probe_attempts_total{model="",probe="models"' in page
    assert log.events("series_failed")


async def test_what_all_series_come_from_may_fail(log: Log) -> None:
    """Then the page is about the process alone."""
    page = await Exposition(fail).render()

    assert b"process_open_fds" in page.body
    assert log.events("series_failed")[0]["family"] == "all that is left"


async def test_what_tells_of_the_process_may_fail(
    daemon: Daemon, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the page is about the probes alone."""
    page = Exposition(daemon._metrics.owners)
    monkeypatch.setattr(page._process, "collect", fail)

    assert b"tensormesh_probe_attempts_total" in (await page.render()).body
    assert log.events("series_failed")[0]["family"] == "process"


async def test_each_page_may_fail(
    service: Simulator, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a 500 for that request; the other pages and the probes go on."""
    async with living(configured(service.serverless_url), log) as exporter:
        await exporter.until(lambda page: verdict(page) == 1)
        daemon = exporter.daemon
        with monkeypatch.context() as patch:
            patch.setattr("tm_exporter.daemon.daemon.masked", fail)
            patch.setattr(daemon, "_board", None)
            patch.setattr(daemon._history, "find", fail)
            for path in ("/", "/api/v1/status", "/api/v1/evidence/x", "/config"):
                assert (await exporter.get(path)).status_code == 500
            before = await exporter.page()
        after = [(await exporter.get(path)).status_code for path in ("/", "/config")]
        name = "tensormesh_exporter_faults_total"
        counted = (await exporter.page()).total(name, event="library_message")

    assert verdict(before) == 1
    assert after == [200, 200]
    assert counted == 4
    assert len(log.events("library_message")) == 4


class FaultyPurse(OpenPurse):
    """Pays for everything, unless it is at fault."""

    def __init__(self) -> None:
        super().__init__()
        self.reserves = self.settles = True

    async def reserve(self, probe: Any) -> Any:
        """Agree."""
        return await super().reserve(probe) if self.reserves else fail()

    async def settle(self, reserved: Any, observation: Observation) -> Observation:
        """Take note."""
        if not self.settles:
            fail()
        return await super().settle(reserved, observation)


class World:
    """A schedule on a fake clock, each part of which may be at fault."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.counted = CountedSlots()
        self.purse = FaultyPurse()
        self.excused: Callable[[ProbeKey], bool] = lambda _: False
        self.schedule = Schedule(
            run=lambda probe: run(probe, clock=self.clock),
            publish=self.counted.publish,
            counter=self.counted,
            purse=self.purse,
            is_in_maintenance=self._is_excused,
            clock=self.clock,
        )
        self.probe = ScriptedProbe(section=PaidSection())
        self.schedule.start([self.probe])

    def _is_excused(self, key: ProbeKey) -> bool:
        return self.excused(key)

    async def slot(self) -> None:
        """Let the next slot fall due, and what comes of it end."""
        entry = self.schedule._entries[self.probe.key]
        self.clock.advance(entry.next_at - self.schedule._zone.seconds())
        await self.schedule._due(entry)
        if entry.task is not None:
            await entry.task

    def adds_up(self) -> bool:
        """Whether each slot became a run or was skipped."""
        skipped = sum(self.counted.skips.values())
        done = len(self.counted.published) + skipped
        return self.counted.slots[self.probe.key] == done


@pytest.mark.parametrize(
    ("plant", "runs", "skip"),
    [
        pytest.param(
            lambda world: setattr(world.purse, "reserves", False), 2, 1, id="reserve"
        ),
        pytest.param(
            lambda world: setattr(world.purse, "settles", False), 3, 0, id="settle"
        ),
        pytest.param(
            lambda world: setattr(world, "excused", fail), 3, 0, id="maintenance"
        ),
        pytest.param(
            lambda world: setattr(world.probe, "before", fail), 3, 0, id="probe"
        ),
    ],
)
async def test_what_a_slot_needs_may_fail(
    log: Log, plant: Callable[[World], None], runs: int, skip: int
) -> None:
    """Each slot still becomes a run or is skipped, and the next one is as ever."""
    world = World()
    await world.slot()
    healthy = world.purse, world.excused, world.probe.before
    plant(world)
    await world.slot()
    world.purse.reserves = world.purse.settles = True
    _, world.excused, world.probe.before = healthy
    await world.slot()
    await world.schedule.stop()

    assert len(world.counted.published) == runs
    assert world.counted.skips[world.probe.key, Skip.BUDGET] == skip
    assert world.adds_up()
    assert [line for line in log.read() if line["level"] == "error"]


async def test_a_job_of_the_scheduler_may_fail(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On real timers: its next slots come, and so does the beat of the scheduler."""
    counted, twice = CountedSlots(), asyncio.Event()
    section = ScriptedProbe().section.model_copy(update={"interval": 0.2})
    probe = ScriptedProbe(section=section)
    schedule = Schedule(run=run, publish=lambda _: twice.set(), counter=counted)
    with monkeypatch.context() as patch:
        failed = asyncio.Event()

        def until(*_: object) -> None:
            failed.set()
            fail()

        patch.setattr(Grid, "until", until)
        schedule.start([probe])
        async with asyncio.timeout(10):
            await failed.wait()
    async with asyncio.timeout(10):
        await twice.wait()
    turning = schedule.is_turning
    await schedule.stop()

    assert turning
    assert log.events("library_message")[0]["logger"].startswith("apscheduler")


async def test_each_look_beside_the_probes_may_fail(
    service: Simulator, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that would look again goes on, and looks again."""
    looks: dict[str, int] = {}

    def failing(name: str) -> Callable[..., Any]:
        async def look(*_: object) -> None:
            looks[name] = looks.get(name, 0) + 1
            fail()

        return look

    monkeypatch.setattr(watch, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(reference, "LEAST", 0.05)
    monkeypatch.setattr(reference, "INTERVAL", 0.1)
    loaded = configured(service.serverless_url)
    async with living(loaded, log) as exporter:
        outside = reference.Reference("http://127.0.0.1:1", None, fail)  # type: ignore[arg-type]  # never asked
        parts = (
            (watch.WindowWatch, "look"),
            (Heap, "look"),
            (Keeper, "look"),
            (SourceWatch, "look"),
            (reference.Reference, "ask"),
        )
        for owner, method in parts:
            monkeypatch.setattr(owner, method, failing(owner.__name__))
        outside.start()
        exporter.daemon._treasury.look_soon()
        async with asyncio.timeout(20):
            while len(looks) < len(parts) or min(looks.values()) < 2:
                exporter.daemon._treasury.look_soon()
                await asyncio.sleep(0.05)
        await outside.stop()
        page = await exporter.until(lambda page: verdict(page) == 1)

    assert unaccounted(page) <= {0, 1}
    told = {line["part"] for line in log.events("upkeep_failed")}
    assert told == {"maintenance", "heap", "budget", "reference"}
