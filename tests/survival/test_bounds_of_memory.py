"""What is kept of a service that sends more than anyone could want."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.doubles import CountedSlots, FakeClock, ScriptedProbe, ScriptedSection
from tests.sinks.observations import BALANCE, CHAT, exchange, observation, watching
from tests.sinks.pages import values
from tm_exporter import catalog
from tm_exporter.clients.space import Holding, Space, kept_until_the_end
from tm_exporter.derivations.deployment_events import (
    MOST_EVENTS,
    DeploymentEventCounts,
)
from tm_exporter.exchange import Exchange, Piece
from tm_exporter.facts import DeploymentEvent, DeploymentEvents
from tm_exporter.judging import SHORT, judge_aside
from tm_exporter.observation import ProbeKey, Reason, Sample, Skip
from tm_exporter.process.heap import SELDOM, Heap, resident, trimmer
from tm_exporter.pulls.deployments import MOST_EVENTS as MOST_OF_DEPLOYMENT
from tm_exporter.pulls.deployments import _read_deployment
from tm_exporter.pulls.measurements import read_measurements
from tm_exporter.runner import run
from tm_exporter.schedule import descriptors
from tm_exporter.schedule.places import Places
from tm_exporter.schedule.schedule import Schedule
from tm_exporter.sinks.history import History
from tm_exporter.sinks.labels import MAX_LENGTH
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.room import SHARED, SURE, Room
from tm_exporter.sinks.series import Shape
from tm_exporter.timestamps import rfc3339
from tm_exporter.verdict import MOST_PARTS, MOST_VALUES, Promise, judge
from tm_exporter.wire.payloads import LONGEST_NAME, read_fingerprint, read_version


async def turn() -> None:
    """Let whoever can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_target_has_so_many_places_and_no_more() -> None:
    """The next one waits until one of its own has left."""
    places = Places(of_target=2, in_all=10, sure=1, kept_free=2)
    await places.take("a")
    await places.take("a")
    third = asyncio.create_task(places.take("a"))
    await turn()
    await places.take("b")

    assert not third.done()
    places.leave("b")
    await turn()
    assert not third.done()
    places.leave("a")
    await asyncio.wait_for(third, 1)
    assert places.taken == 2


async def test_some_places_are_kept_for_those_who_have_few() -> None:
    """However many others hang."""
    places = Places(of_target=50, in_all=10, sure=1, kept_free=4)
    for _ in range(6):
        await places.take("hanging")
    more = asyncio.create_task(places.take("hanging"))
    await turn()
    for target in ("b", "c", "d", "e"):
        await asyncio.wait_for(places.take(target), 1)
    one_more = asyncio.create_task(places.take("f"))
    await turn()

    assert not more.done()
    assert not one_more.done()
    places.leave("b")
    await asyncio.wait_for(one_more, 1)
    assert not more.done()
    more.cancel()
    await asyncio.gather(more, return_exceptions=True)
    assert places.taken == 10


async def test_who_waits_in_vain_takes_no_place() -> None:
    """Also where its turn came in the moment in which it gave up."""
    places = Places(of_target=1, in_all=10)
    await places.take("a")
    gone = asyncio.create_task(places.take("a"))
    await turn()
    places.leave("a")
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    assert places.taken == 0
    await asyncio.wait_for(places.take("a"), 1)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=40))
def test_places_are_never_more_than_there_are(steps: list[tuple[str, bool]]) -> None:
    """In whichever order they are taken and given back."""

    async def play() -> None:
        places = Places(of_target=3, in_all=5, sure=1, kept_free=2)
        tasks: dict[str, list[asyncio.Task[None]]] = {name: [] for name in "abc"}
        for name, takes in steps:
            held = [each for each in tasks[name] if each.done()]
            if takes:
                tasks[name].append(asyncio.create_task(places.take(name)))
            elif held:
                tasks[name].remove(held[0])
                places.leave(name)
            await turn()
            done = {n: sum(t.done() for t in each) for n, each in tasks.items()}
            assert sum(done.values()) == places.taken <= 5
            assert max(done.values()) <= 3
        left = [task for each in tasks.values() for task in each if not task.done()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    asyncio.run(play())


async def test_a_slot_that_finds_no_place_is_missed() -> None:
    """And another target's runs all the same."""
    hanging, held = asyncio.Event(), []
    for number in range(2):
        key = ProbeKey("hanging", "serverless", f"p{number}")
        section = ScriptedSection(interval="1s", timeout="1s")
        held.append(ScriptedProbe(key, section, hold=hanging))
    other = ScriptedProbe(
        ProbeKey("other", "serverless", "p"),
        ScriptedSection(interval="1s", timeout="1s"),
    )
    counter = CountedSlots()
    schedule = Schedule(
        run=run,
        publish=counter.publish,
        counter=counter,
        places=Places(of_target=1, in_all=10),
    )
    schedule.start([*held, other])
    async with asyncio.timeout(10):
        while not any(
            counter.skips[probe.key, Skip.MISSED] for probe in held
        ) or not any(seen.key.target == "other" for seen in counter.published):
            await asyncio.sleep(0.02)
    ran = [probe.runs for probe in held]
    await schedule.stop()

    assert sorted(ran) == [0, 1]
    for probe in held:
        skipped = sum(n for (key, _), n in counter.skips.items() if key == probe.key)
        assert counter.slots[probe.key] - skipped in (0, 1)


async def test_what_is_longer_than_usual_waits_for_space() -> None:
    """Another target's usual answer does not."""
    space = Space(own=10, shared=100)
    big, second, third, small = (Holding(space, name) for name in ("a", "b", "c", "d"))
    await big.grow(110)
    await second.grow(10)
    first_in_line = asyncio.create_task(second.grow(60))
    await asyncio.wait_for(first_in_line, 1)  # one goes on, so that all come to an end
    waiting = asyncio.create_task(third.grow(60))
    await turn()
    await asyncio.wait_for(small.grow(10), 1)

    assert not waiting.done()
    second.end()
    await asyncio.wait_for(waiting, 1)
    for each in (big, third, small):
        each.end()
    assert space._over == 0
    assert not space._taken


async def test_who_waits_for_space_and_gives_up_leaves_the_line() -> None:
    """Else nobody would ever go on."""
    space = Space(own=0, shared=100)
    big, second, third = (Holding(space, name) for name in "abc")
    await big.grow(100)
    await second.grow(50)
    waiting = asyncio.create_task(third.grow(50))
    await turn()
    assert not waiting.done()
    second.end()
    await asyncio.wait_for(waiting, 1)
    big.end()
    third.end()
    assert space._over == 0


async def test_a_run_keeps_its_space_until_it_ends() -> None:
    """Its answers are read after they came, and go on as one."""
    space = Space(own=0, shared=100)
    with kept_until_the_end():
        first, next_one = Holding(space, "a"), Holding(space, "a")
        await first.grow(100)
        first.leave()
        await asyncio.wait_for(next_one.grow(90), 1)
        again = Holding(space, "a")
        await asyncio.wait_for(again.grow(90), 1)  # the run has its turn already
        next_one.leave()
        again.leave()
        other = asyncio.create_task(Context().run(Holding, space, "b").grow(50))
        await turn()
        assert not other.done()

    await asyncio.wait_for(other, 1)


async def test_what_outlives_its_run_keeps_no_space() -> None:
    """A task that goes on asks for itself."""
    space = Space(own=0, shared=100)
    with kept_until_the_end():
        late = Holding(space, "a")
    await late.grow(100)
    late.leave()

    await asyncio.wait_for(Holding(space, "b").grow(100), 1)


async def test_one_long_body_is_read_at_a_time() -> None:
    """What is read out of one takes many times its bytes."""
    reading: list[int] = []
    most = []

    def read(payload: object) -> object:
        reading.append(1)
        most.append(len(reading))
        time.sleep(0.02)
        reading.pop()
        return payload

    long = exchange(body=(Piece(1.0, b"[" + b" " * SHORT + b"]"),))
    promise = Promise(surface="serverless", read=read)
    await asyncio.gather(*(judge_aside(long, promise) for _ in range(4)))

    assert most == [1, 1, 1, 1]


async def test_of_a_long_body_nothing_stays_where_it_was_read() -> None:
    """A name in the midst of a thousand that are gone would keep their memory."""
    read: list[list[str]] = []
    long = exchange(body=(Piece(1.0, b'["name"' + b" " * SHORT + b"]"),))

    judged = await judge_aside(long, Promise(surface="serverless", read=kept_in(read)))

    assert judged.answer == ["name"]
    assert judged.answer[0] is not read[0][0]


def kept_in(found: list[list[str]]) -> Callable[[list[str]], list[str]]:
    """Return what takes an answer as it is, and notes it."""

    def read(payload: list[str]) -> list[str]:
        found.append(payload)
        return payload

    return read


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" + b"{}," * (MOST_PARTS // 2) + b"{}]", id="objects"),
        pytest.param(b"[" + b"[]," * MOST_PARTS + b"[]]", id="lists"),
        pytest.param(b"[" + b'"a",' * MOST_VALUES + b'"a","a"]', id="values"),
    ],
)
def test_a_json_text_of_too_many_parts_is_not_read(body: bytes) -> None:
    """Each empty object of it would take twenty times its bytes."""
    promise = Promise(surface="serverless", read=len)

    judged = judge(exchange(body=(Piece(1.0, body),)), promise)

    assert judged.verdict.reason is Reason.BAD_PAYLOAD


def test_of_a_name_as_long_as_a_body_little_is_read() -> None:
    """It would be kept with each run."""
    name = "\N{GOTHIC LETTER HWAIR}" * 250_000

    assert read_version({"version": name}) == name[:LONGEST_NAME]
    assert read_fingerprint({"system_fingerprint": name}) == name[:LONGEST_NAME]


def test_history_keeps_of_samples_only_what_is_shown() -> None:
    """With labels as they are shown, and no gap of a stream one by one."""
    history = History()
    gaps = [Sample(catalog.CANARY_CHUNK_GAP_SECONDS, 0.1)] * 90
    version = Sample(catalog.SERVICE_VERSION_INFO, 1, ("x" * 1000,))

    history(observation(CHAT, version, *gaps))

    [kept] = history.past(CHAT).runs
    assert kept.open().observation.outcome.samples == (
        replace(version, labels=("x" * MAX_LENGTH,)),
    )


def listed(number: int, *, length: int = 10) -> list[Sample]:
    """Return samples of so many deployments."""
    names = (f"{n}".rjust(length, "𐍈") for n in range(number))
    return [Sample(catalog.DEPLOYMENT_REPLICAS, 1.0, (name,)) for name in names]


def pull(target: str) -> ProbeKey:
    """Return the key of a pull."""
    return ProbeKey(target, "control_plane", "deployments")


def roomy(*targets: str, sure: int, shared: int) -> MetricsSink:
    """Return a sink with so much room."""
    sink = MetricsSink(FakeClock(), shape=Shape(room=Room(sure, shared)))
    for name in targets:
        sink.watch(pull(name), interval=60.0, reasons=(), skips=())
    return sink


def shown(sink: MetricsSink, target: str) -> int:
    """Return how many deployments of a target are shown."""
    return len(values(sink, catalog.DEPLOYMENT_REPLICAS, target=target))


def test_one_who_names_very_many_takes_nothing_from_others() -> None:
    """What is beyond is counted, and told once."""
    sink = roomy("greedy", "modest", sure=5_000, shared=50_000)

    with capture_logs() as lines:
        for _ in range(3):
            sink(observation(pull("greedy"), *listed(900, length=200)))
            sink(observation(pull("modest"), *listed(10)))

    assert shown(sink, "modest") == 10
    assert 30 < shown(sink, "greedy") < 60
    overflow = values(sink, catalog.EXPORTER_LABEL_OVERFLOW)
    beyond = 3 * (900 - shown(sink, "greedy"))
    assert overflow == {catalog.DEPLOYMENT_REPLICAS.name: beyond}
    assert [line["family"] for line in lines if line["event"] == "label_overflow"] == [
        catalog.DEPLOYMENT_REPLICAS.name
    ]


def test_room_is_free_again_when_its_holder_is_gone() -> None:
    """By a shorter list, or by a target that is configured no more."""
    sink = roomy("a", "b", sure=0, shared=40_000)
    sink(observation(pull("a"), *listed(500)))
    sink(observation(pull("b"), *listed(50)))
    crowded = shown(sink, "b")

    sink(observation(pull("a"), *listed(5)))
    sink(observation(pull("b"), *listed(50)))
    after_shrinking = shown(sink, "b")
    sink(observation(pull("a"), *listed(500)))
    sink.forget(pull("a"))
    sink(observation(pull("b"), *listed(80)))

    assert (crowded, after_shrinking, shown(sink, "b")) == (0, 50, 80)


def test_a_usual_account_has_room_among_fifty() -> None:
    """A hundred deployments in each of ten accounts, with all that is told of them."""
    names = [f"account-{number}" for number in range(10)]
    sink = roomy(*names, sure=SURE, shared=SHARED)
    families = (catalog.DEPLOYMENT_REPLICAS, catalog.DEPLOYMENT_GPUS)
    samples = [
        Sample(family, 1.0, (f"0199a3c4-{n:04}-7def-8abc-0123456789ab",))
        for n in range(100)
        for family in (*families, catalog.DEPLOYMENT_HEALTHY)
    ]

    for name in names:
        sink(observation(pull(name), *samples))

    assert {shown(sink, name) for name in names} == {100}
    assert values(sink, catalog.EXPORTER_LABEL_OVERFLOW) == {}


def test_series_of_our_own_need_no_room() -> None:
    """However many probes there are."""
    sink = watching(FakeClock(), CHAT, BALANCE)
    sink.shape = replace(sink.shape, room=Room(0, 0))

    sink(observation(CHAT))

    assert len(values(sink, catalog.PROBE_PHASE_SECONDS)) == 3


def test_an_exchange_that_was_read_keeps_its_lengths_only() -> None:
    """In the order and at the times in which they came."""
    body = tuple(Piece(float(n), b"secret") for n in range(300))
    one = Exchange(method="GET", url="https://h/", body=body).emptied()

    assert [each.arrived for each in one.body[:200]] == [float(n) for n in range(200)]
    assert len(one.body) == 201
    assert sum(len(each.data) for each in one.body) == 1800
    assert not any(bytes(one.body[0].data))


def test_events_beyond_all_bounds_are_only_counted() -> None:
    """Their number is as true as before, and does not shrink."""
    counts = DeploymentEventCounts()
    many = tuple(DeploymentEvent("RESTARTED", float(n)) for n in range(MOST_EVENTS + 1))
    few = (DeploymentEvent("RESTARTED", 1.0),)

    def told(*rows: tuple[str, tuple[DeploymentEvent, ...]]) -> dict[str, float]:
        seen = observation(pull("a"))
        facts = (DeploymentEvents(rows),)
        seen = counts(replace(seen, outcome=replace(seen.outcome, facts=facts)))
        return {each.labels[0]: each.value for each in seen.outcome.samples}

    first = told(("many", many), ("few", few))
    again = told(("many", many), ("few", few))
    shrunk = told(("many", many[:3]), ("few", ()))

    expected = {"many": len(many), "few": 1}
    assert first == again == shrunk == expected


@pytest.mark.parametrize("newest_first", [True, False])
def test_of_very_many_events_the_newest_are_read(*, newest_first: bool) -> None:
    """From whichever end of the list they are at."""
    start = 1_790_000_000
    rows = [
        {"eventType": "E", "createdAt": rfc3339(start + at)} for at in range(1, 1000)
    ]
    rows = rows[::-1] if newest_first else rows

    read = _read_deployment({"deploymentId": "d", "events": rows}, "models[0]")

    assert {event.at for event in read.events} == {
        float(start + at) for at in range(1000 - MOST_OF_DEPLOYMENT, 1000)
    }


def test_metrics_with_very_many_labels_are_read_in_one_go() -> None:
    """Each entry has labels that no other has: not every pair may be looked at."""
    rows = [
        {"name": "m", "value": n, "labels": {f"l{n}x{m}": "v" for m in range(20)}}
        for n in range(20_000)
    ]

    assert read_measurements({"metrics": rows}).found


async def test_free_memory_is_given_back_when_much_is_in_use() -> None:
    """And not again before it has grown."""
    megabytes, trims = [50, 200, 100, 104, 180, 180], []

    def in_use() -> int:
        return megabytes.pop(0) * 1024 * 1024

    heap = Heap(in_use, lambda: trims.append(len(megabytes)), every=0.001)
    heap.start()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            while megabytes:
                await asyncio.sleep(0.001)
    heap.stop()

    assert len(trims) == 2


async def test_free_memory_is_given_back_now_and_then() -> None:
    """However little is in use: else a little stays each time, for ever."""
    clock, trims = FakeClock(0.0), []
    heap = Heap(lambda: 50, lambda: trims.append(clock()), clock=clock)

    for clock.seconds in (0.0, SELDOM - 1, SELDOM, SELDOM + 1, 2 * SELDOM):
        await heap.look()

    assert trims == [SELDOM, 2 * SELDOM]


def test_this_process_knows_what_it_has() -> None:
    """On Linux; elsewhere nothing is known, and nothing done."""
    assert resident() > 10 * 1024 * 1024
    trimmer()()


@pytest.mark.parametrize(
    ("targets", "probes", "limit", "runs"),
    [(1, 12, 1024, 100), (50, 600, 1024, 100), (300, 4000, 1024, 600), (1, 9, 100, 1)],
)
def test_runs_at_a_time_fit_the_descriptors(
    targets: int, probes: int, limit: int, runs: int
) -> None:
    """Each has a socket open; with too few, that is said."""
    said = descriptors.shortage(targets, probes, limit)

    assert descriptors.runs_at_a_time(targets, limit) == runs
    assert bool(said) == (limit < min(probes, max(100, 2 * targets)) + 200)
    assert descriptors.limit() > 0
