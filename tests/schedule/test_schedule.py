"""Slots: what runs, what is skipped and why, and what a set clock changes."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.doubles import CountedSlots, FakeClock, OpenPurse, PaidSection, ScriptedProbe
from tm_exporter.observation import (
    Observation,
    Outcome,
    Probe,
    ProbeKey,
    Reason,
    Skip,
    Verdict,
)
from tm_exporter.runner import run
from tm_exporter.schedule.entry import Entry
from tm_exporter.schedule.grid import Grid
from tm_exporter.schedule.schedule import READY_AFTER, Schedule
from tm_exporter.schedule.steady_zone import SteadyZone


EPOCH = 1_700_000_000.0
Start = Callable[..., Schedule]


@pytest.fixture
def clock() -> FakeClock:
    """Return the monotonic clock."""
    return FakeClock()


@pytest.fixture
def counted() -> CountedSlots:
    """Return what is told of slots."""
    return CountedSlots()


@pytest.fixture
async def schedule(clock: FakeClock, counted: CountedSlots) -> AsyncIterator[Schedule]:
    """Return a schedule on the fake clock, ended after the test."""
    made = Schedule(
        run=lambda probe: run(probe, clock=clock),
        publish=counted.publish,
        counter=counted,
        purse=OpenPurse(),
        clock=clock,
        now=lambda: EPOCH,
    )
    yield made
    await made.stop()


def entry_of(schedule: Schedule, probe: ScriptedProbe) -> Entry:
    """Return the schedule's entry of a probe."""
    return schedule._entries[probe.key]


async def fall_due(
    schedule: Schedule, probe: ScriptedProbe, clock: FakeClock, *, late: float = 0.0
) -> None:
    """Let a probe's next slot fall due, and a run it starts come to its end."""
    entry = entry_of(schedule, probe)
    clock.seconds += entry.next_at + late - schedule._zone.seconds()
    await schedule._due(entry)
    if entry.task is not None and probe.hold is None:
        await entry.task


async def test_a_slot_becomes_a_run(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """The first run is a slot like the others."""
    probe = ScriptedProbe()
    schedule.start([probe])

    await fall_due(schedule, probe, clock)
    await fall_due(schedule, probe, clock)

    assert (probe.runs, counted.slots[probe.key]) == (2, 2)
    assert len(counted.published) == 2
    assert not counted.skips


async def test_a_slot_that_was_begun_before_its_probe_went_is_none(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """APScheduler's task may come to its turn only then; nobody would own the run."""
    probe = ScriptedProbe()
    schedule.start([probe])
    entry = entry_of(schedule, probe)
    clock.seconds += entry.next_at - schedule._zone.seconds()

    schedule.remove([probe.key])
    await schedule._due(entry)

    assert entry.task is None
    assert not counted.slots


async def test_after_the_first_run_slots_are_on_the_grid(
    schedule: Schedule, clock: FakeClock
) -> None:
    """The grid is the same after a restart, and on every replica."""
    probe = ScriptedProbe()
    schedule.start([probe])

    await fall_due(schedule, probe, clock)

    following = schedule.next_slot(probe.key)
    grid = Grid.of(probe.key, 60.0)
    assert following == grid.after(following - 1) if following else False


@pytest.mark.parametrize(
    ("late", "runs", "missed"),
    [
        pytest.param(4.9, 1, 0, id="a-little-late-runs"),
        pytest.param(5.1, 0, 1, id="later-is-missed"),
    ],
)
async def test_a_late_slot(
    schedule: Schedule,
    counted: CountedSlots,
    clock: FakeClock,
    late: float,
    runs: int,
    missed: int,
) -> None:
    """At most a tenth of the interval or five seconds late."""
    probe = ScriptedProbe()
    schedule.start([probe])

    await fall_due(schedule, probe, clock, late=late)

    assert probe.runs == runs
    assert counted.skips[probe.key, Skip.MISSED] == missed


async def test_slots_that_passed_while_we_stood_still_are_missed_and_not_made_up(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """An hour of standing still is sixty slots, and no burst of sixty runs."""
    probe = ScriptedProbe()
    schedule.start([probe])
    await fall_due(schedule, probe, clock)

    await fall_due(schedule, probe, clock, late=3600.0)

    assert counted.slots[probe.key] == 62
    assert probe.runs + counted.skips[probe.key, Skip.MISSED] == 62
    assert probe.runs == 2


async def test_a_slot_during_a_run_is_an_overlap(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """Nothing is queued behind a slow run."""
    probe = ScriptedProbe(hold=asyncio.Event())
    schedule.start([probe])

    await fall_due(schedule, probe, clock)
    await fall_due(schedule, probe, clock)

    assert counted.skips[probe.key, Skip.OVERLAP] == 1
    assert counted.slots[probe.key] == 2
    assert not counted.published


async def test_a_throttled_pair_waits_as_it_was_told(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """All paid probes of the same target and model wait; others do not."""
    told = Outcome(verdict=Verdict(Reason.THROTTLED))
    chat = ScriptedProbe(ProbeKey("t", "serverless", "chat", "m"), PaidSection(), told)
    stream = ScriptedProbe(ProbeKey("t", "serverless", "stream", "m"), PaidSection())
    other = ScriptedProbe(ProbeKey("t", "serverless", "chat", "n"), PaidSection())
    free = ScriptedProbe(ProbeKey("t", "serverless", "tokenize", "m"))
    schedule.start([chat, stream, other, free])
    schedule._waits["t", "m"] = schedule._zone.seconds() + 200.0

    for probe in (chat, stream, other, free):
        await fall_due(schedule, probe, clock)

    assert [probe.runs for probe in (chat, stream, other, free)] == [0, 0, 1, 1]
    assert counted.skips[chat.key, Skip.THROTTLED] == 1


async def test_the_wait_comes_from_the_run_and_ends(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """After the wait the next slot runs again."""
    told = Outcome(verdict=Verdict(Reason.THROTTLED), retry_after=90.0)
    probe = ScriptedProbe(section=PaidSection(), outcome=told)
    schedule.start([probe])

    await fall_due(schedule, probe, clock)
    waiting = counted.skips
    for _ in range(3):
        await fall_due(schedule, probe, clock)

    assert waiting[probe.key, Skip.THROTTLED] in (1, 2)
    assert probe.runs >= 2


class SlowPurse(OpenPurse):
    """Takes its time to take note."""

    def __init__(self) -> None:
        super().__init__()
        self.hold = asyncio.Event()

    async def settle(self, reserved: Probe, observation: Observation) -> Observation:
        """Take note, once nobody holds it back."""
        await self.hold.wait()
        return await super().settle(reserved, observation)


async def test_the_wait_begins_before_the_money_is_counted(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """A ledger on a slow disk lets no other of the pair through."""
    told = Outcome(verdict=Verdict(Reason.THROTTLED), retry_after=90.0)
    chat = ScriptedProbe(
        ProbeKey("t", "serverless", "chat", "m"),
        PaidSection(),
        told,
        hold=asyncio.Event(),
    )
    stream = ScriptedProbe(ProbeKey("t", "serverless", "stream", "m"), PaidSection())
    schedule._purse = purse = SlowPurse()
    schedule.start([chat, stream])

    await fall_due(schedule, chat, clock)
    assert chat.hold is not None
    chat.hold.set()
    for _ in range(10):
        await asyncio.sleep(0)
    settled = list(purse.settled)
    purse.hold.set()
    await fall_due(schedule, stream, clock)

    assert (chat.runs, stream.runs, settled) == (1, 0, [])
    assert counted.skips[stream.key, Skip.THROTTLED] >= 1


async def test_a_shorter_wait_does_not_end_a_longer_one(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """Two runs of a pair may be in flight when the service asks both to wait."""
    first, second = (
        ScriptedProbe(
            ProbeKey("t", "serverless", name, "m"),
            PaidSection(),
            Outcome(verdict=Verdict(Reason.THROTTLED), retry_after=wait),
            hold=asyncio.Event(),
        )
        for name, wait in (("chat", 250.0), ("stream", 5.0))
    )
    schedule.start([first, second])
    for probe in (first, second):
        await fall_due(schedule, probe, clock)
    for probe in (first, second):
        task = entry_of(schedule, probe).task
        assert task is not None
        assert probe.hold is not None
        probe.hold.set()
        await task

    clock.advance(120.0)
    for probe in (first, second):
        await fall_due(schedule, probe, clock)

    assert (first.runs, second.runs) == (1, 1)
    for probe in (first, second):
        assert counted.skips[probe.key, Skip.THROTTLED] >= 1


async def test_a_free_route_waits_alone(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """A list of models that is throttled says nothing of the model."""
    told = Outcome(verdict=Verdict(Reason.THROTTLED), retry_after=300.0)
    free = ScriptedProbe(ProbeKey("t", "serverless", "tokenize", "m"), outcome=told)
    other = ScriptedProbe(ProbeKey("t", "serverless", "models"))
    paid = ScriptedProbe(ProbeKey("t", "serverless", "chat", "m"), PaidSection())
    schedule.start([free, other, paid])
    await fall_due(schedule, free, clock)

    for probe in (free, other, paid):
        await fall_due(schedule, probe, clock)

    assert free.runs == 1
    assert counted.skips[free.key, Skip.THROTTLED] >= 1
    for probe in (other, paid):
        assert probe.runs >= 1
        assert counted.skips[probe.key, Skip.THROTTLED] == 0


async def test_throttled_without_a_word_waits_one_interval(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """Not two: the next slot of the grid is one interval away, and may run."""
    throttled = Outcome(verdict=Verdict(Reason.THROTTLED))
    chat = ScriptedProbe(
        ProbeKey("t", "serverless", "chat", "m"),
        PaidSection(),
        throttled,
        before=lambda: clock.advance(0.5),
    )
    stream = ScriptedProbe(ProbeKey("t", "serverless", "stream", "m"), PaidSection())
    schedule.start([chat, stream])
    await fall_due(schedule, chat, clock)
    for _ in range(3):
        await fall_due(schedule, chat, clock)
    runs = chat.runs
    entry_of(schedule, stream).next_at = schedule._zone.seconds()
    await fall_due(schedule, stream, clock)

    assert runs >= 3  # the first run is off the grid, so the slot after it may wait
    assert counted.skips[stream.key, Skip.THROTTLED] == 1


async def test_a_missing_optional_route_is_tried_again_hourly(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """A route that an account lacks must not be asked for every minute."""
    gone = Outcome(verdict=Verdict(Reason.BAD_REQUEST), supported=False)
    probe = ScriptedProbe(outcome=gone)
    schedule.start([probe])

    for _ in range(70):
        await fall_due(schedule, probe, clock)

    assert probe.runs == 2
    assert counted.skips[probe.key, Skip.UNSUPPORTED] == 68


async def test_what_is_stopped_on_purpose_is_not_asked(
    clock: FakeClock, counted: CountedSlots
) -> None:
    """Not even once more, and again as soon as it is started."""
    stopped: set[ProbeKey] = set()
    schedule = Schedule(
        run=lambda probe: run(probe, clock=clock),
        publish=counted.publish,
        counter=counted,
        is_in_maintenance=lambda key: key in stopped,
        clock=clock,
        now=lambda: EPOCH,
    )
    probe = ScriptedProbe()
    schedule.start([probe])
    await fall_due(schedule, probe, clock)
    stopped.add(probe.key)
    for _ in range(3):
        await fall_due(schedule, probe, clock)
    stopped.clear()
    await fall_due(schedule, probe, clock)
    await schedule.stop()

    assert probe.runs == 2
    assert counted.skips == {(probe.key, Skip.MAINTENANCE): 3}
    assert counted.slots[probe.key] == 5


_LATER = ProbeKey("target", "serverless", "joins once it is known who pays")


async def test_ready_once_every_probe_ran(schedule: Schedule, clock: FakeClock) -> None:
    """Before that, a scrape would show half of what is configured."""
    probe = ScriptedProbe()
    before = [schedule.is_ready([])]
    schedule.start([probe])
    before.append(schedule.is_ready([probe]))

    await fall_due(schedule, probe, clock)

    assert before == [False, False]
    assert schedule.is_ready([probe])
    assert not schedule.is_ready([probe, ScriptedProbe(_LATER)])


async def test_ready_after_half_a_minute_whatever_hangs(
    schedule: Schedule, clock: FakeClock
) -> None:
    """A dead target must not keep the exporter out of service."""
    schedule.start([ScriptedProbe(hold=asyncio.Event())])

    clock.advance(READY_AFTER)

    assert schedule.is_ready([ScriptedProbe()])


async def test_stopping_cancels_what_hangs(
    schedule: Schedule, counted: CountedSlots, clock: FakeClock
) -> None:
    """SIGTERM must not wait for a service that does not answer."""
    probe = ScriptedProbe(hold=asyncio.Event())
    schedule.start([probe])
    await fall_due(schedule, probe, clock)
    task = entry_of(schedule, probe).task

    async with asyncio.timeout(1):
        await schedule.stop()

    assert task is not None
    assert task.cancelled()
    assert not counted.published


def test_a_set_wall_clock_does_not_exist_for_the_plan() -> None:
    """Set back it would stand still, set forward it would run all at once."""
    clock, wall = FakeClock(), FakeClock(EPOCH)
    zone = SteadyZone(clock, wall)

    wall.advance(86_400)
    clock.advance(1)

    assert zone.seconds() == EPOCH + 1
    assert type(zone.moment(0)).now(zone).timestamp() == EPOCH + 1


@pytest.mark.sockets  # waits for real timers
async def test_real_timers_keep_the_grid() -> None:
    """With APScheduler and a real loop, runs come one interval apart."""
    moments: list[float] = []
    loop = asyncio.get_running_loop()
    counted = CountedSlots()
    enough = asyncio.Event()

    def note() -> None:
        moments.append(loop.time())
        if len(moments) == 4:
            enough.set()

    section = ScriptedProbe().section.model_copy(update={"interval": 0.2})
    probe = ScriptedProbe(section=section, before=note)
    schedule = Schedule(run=run, publish=counted.publish, counter=counted)
    schedule.start([probe])
    async with asyncio.timeout(10):
        await enough.wait()
    turning = schedule.is_turning
    await schedule.stop()

    assert turning
    assert counted.slots[probe.key] >= 4
    assert moments[3] - moments[1] == pytest.approx(0.4, abs=0.1)


async def test_another_interval_leaves_the_first_run_where_it_is(
    schedule: Schedule, clock: FakeClock
) -> None:
    """A probe that is stretched from the start must not wait an hour to begin."""
    probe = ScriptedProbe()
    schedule.start([probe])
    first = schedule.next_slot(probe.key)

    schedule.set_interval(probe.key, 7200.0)
    moved = schedule.next_slot(probe.key)
    await fall_due(schedule, probe, clock)

    assert moved == first
    assert schedule.next_slot(probe.key) == Grid.of(probe.key, 7200.0).after(
        schedule._zone.seconds()
    )
