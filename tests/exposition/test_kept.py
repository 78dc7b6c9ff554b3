"""What is kept of a page for the next one is never older than the series."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doubles import FakeClock
from tests.exposition.test_protobuf import PROTOBUF
from tests.sinks.observations import (
    BALANCE,
    CHAT,
    HEALTH,
    certificate,
    exchange,
    observation,
    watching,
)
from tests.sinks.pages import OPENMETRICS, duplicates, samples, text
from tm_exporter import catalog
from tm_exporter.catalog import Family
from tm_exporter.exposition import writing
from tm_exporter.exposition.page import Exposition, rendered
from tm_exporter.exposition.text import Text
from tm_exporter.exposition.writing import MANY
from tm_exporter.observation import ProbeKey, Reason, Sample, Skip
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.series import Labels, Rows, Value
from tm_exporter.sinks.told import Told


KEYS = (HEALTH, CHAT, BALANCE)
FORMS = ("", OPENMETRICS, PROTOBUF)


class World:
    """A sink to which something happens, with its own clock and a table."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sink = watching(self.clock, *KEYS)
        self.rows: dict[Labels, float] = {}
        self.sink.table(catalog.EXPORTER_FAULTS, lambda: dict(self.rows))
        self.exposition = Exposition(self.sink.owners, about_process=False)

    def run(self, key: ProbeKey, number: int) -> None:
        """Finish a run, which passed or failed, and tells this and that."""
        samples = {
            HEALTH: [Sample(catalog.MODEL_LISTED, number % 2, (f"m{number % 3}",))],
            CHAT: [
                Sample(catalog.CANARY_TTFT_SECONDS, 0.05 * (number + 1)),
                Sample(catalog.CANARY_TOKENS, float(number), ("input",)),
            ],
            BALANCE: [Sample(catalog.BILLING_BALANCE, float(number), ("USD",))],
        }[key]
        self.sink(
            observation(
                key,
                *samples[: number % 3],
                reason=Reason.THROTTLED if number % 5 == 4 else None,
                retry_after=30.0 if number % 5 == 4 else None,
                exchanges=(exchange(certificate=certificate(str(number % 2))),),
                probe_id=f"run-{number}",
                duration=0.1 * number,
            )
        )

    def happen(self, what: int, key: ProbeKey, number: int) -> None:
        """Let one of the things happen that change series."""
        things: list[Callable[[], object]] = [
            lambda: self.run(key, number),
            lambda: self.sink.slot(key),
            lambda: self.sink.skipped(key, Skip.OVERLAP),
            lambda: self.sink.interval(key, 10.0 * number + 1),
            lambda: self.sink.forget(key),
            lambda: self.sink.watch(key, interval=60, reasons=(), skips=()),
            lambda: self.sink.stand_by(key),
            lambda: self.clock.advance(number * 40.0),
            lambda: self.rows.update({(f"e{number % 2}",): float(number)}),
            self.rows.clear,
            lambda: self.sink.record(catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS, number),
            lambda: self.sink.target_info.describe(
                "eu", "serverless", {f"l{number}": "x"}
            ),
            lambda: self.sink.reshape(
                replace(
                    self.sink.shape,
                    thresholds={catalog.CANARY_TTFT_SECONDS: (number / 10 + 0.01,)},
                )
            ),
        ]
        things[what % len(things)]()

    async def compare(self, accept: str) -> None:
        """Compare a page with one that is written from nothing."""
        page = await self.exposition.render(accept)
        anew = await rendered(self.sink.families(), accept)

        assert page == anew


EVENTS = st.tuples(
    st.integers(0, 12), st.sampled_from(KEYS), st.integers(0, 9), st.sampled_from(FORMS)
)


@given(events=st.lists(EVENTS, max_size=25))
@settings(max_examples=60, deadline=None)
def test_a_page_is_what_it_would_be_if_nothing_were_kept(
    events: list[tuple[int, ProbeKey, int, str]],
) -> None:
    """Whatever happens between two pages, and whichever form the reader wants."""
    world = World()

    async def live() -> None:
        for what, key, number, accept in events:
            world.happen(what, key, number)
            await world.compare(accept)

    asyncio.run(live())


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Counter[Family]:
    """Count how many series of each family are written."""
    counts: Counter[Family] = Counter()
    original = Text.series

    def series(
        form: Text, family: Family, rows: Sequence[tuple[Labels, Value]]
    ) -> bytes:
        counts[family] += len(rows)
        return original(form, family, rows)

    monkeypatch.setattr(Text, "series", series)
    return counts


def known(sink: MetricsSink) -> int:
    """Return how many series there are."""
    return sum(len(rows) for _, rows in sink.families())


async def test_only_what_changed_is_written_again(written: Counter[Family]) -> None:
    """A page costs what happened since the last one."""
    world = World()
    await world.exposition.render()
    first = written.total()
    written.clear()
    await world.exposition.render()
    unchanged = written.total()
    world.sink.slot(CHAT)
    await world.exposition.render()

    assert first == known(world.sink)
    assert unchanged == 0
    assert written == {catalog.PROBE_SLOTS: 1}


async def test_a_run_has_the_series_of_no_other_probe_written(
    written: Counter[Family],
) -> None:
    """Nor its own counters that stayed as they were."""
    world = World()
    for key in KEYS:
        world.run(key, 1)
    await world.exposition.render()
    written.clear()
    world.run(HEALTH, 1)
    await world.exposition.render()

    assert written[catalog.PROBE_ATTEMPTS] == 1
    assert written[catalog.PROBE_SUCCESS] == 1
    assert catalog.PROBE_FAILURES not in written
    assert catalog.TLS_CERTIFICATE_INFO not in written  # it is the same certificate


async def test_a_long_table_is_written_again_when_it_changed(
    written: Counter[Family],
) -> None:
    """Also if it changes while a page is being written."""
    world = World()
    world.rows.update({(f"{number:03}",): 0.0 for number in range(500)})

    async def change() -> None:
        world.rows["000",] += 1
        await world.exposition.render()  # another reader, who comes in between

    counts = []
    for meanwhile in (False, False, True, False, False):
        changing = asyncio.create_task(change()) if meanwhile else None
        page = await world.exposition.render()
        counts.append(written.pop(catalog.EXPORTER_FAULTS, 0))
        if changing:
            await changing
            page = await world.exposition.render()
        assert page == await rendered(world.sink.families())
        written.clear()

    assert counts[:2] == [500, 0]
    assert counts[3:] == [0, 0]


async def test_what_is_told_in_between_is_on_the_next_page() -> None:
    """A long family lets the loop turn, and what is behind it may be another then."""
    told, turn = Told(), asyncio.sleep
    many: Rows = {(f"{number:03}",): 0.0 for number in range(MANY + 1)}

    def tell(value: float) -> None:
        few: Rows = {("memory",): value}
        told.tell(
            {
                catalog.EXPORTER_FAULTS: many,
                catalog.EXPORTER_MEASUREMENTS_DISCARDED: few,
            }
        )

    async def tell_and_turn(delay: float) -> None:
        tell(2.0)
        await turn(delay)

    exposition = Exposition(lambda: [[told]], about_process=False)
    tell(1.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writing, "AT_A_TIME", 0.0)
        patch.setattr(asyncio, "sleep", tell_and_turn)
        await exposition.render()

    assert await exposition.render() == await rendered(list(told))


async def test_what_is_kept_has_a_bound(
    written: Counter[Family], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond, series are written for each page: slower, and no larger."""
    monkeypatch.setattr(writing, "MOST_KEPT", 2000)
    world = World()
    pages = [await world.exposition.render() for _ in range(3)]
    again = written.total() - known(world.sink)
    kept = sum(
        sum(map(len, owner.written(form).values()))
        for together in world.sink.owners()
        for owner in together
        for form in [owner._form]
    )

    assert pages[0] == pages[1] == pages[2]
    assert 0 < kept < 4000
    assert known(world.sink) < again < 2 * known(world.sink)


async def test_what_a_page_has_of_one_probe_is_of_one_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whenever the loop turns: the run whose outcome is there is the last counted."""
    keys = [ProbeKey(f"t{number}", "serverless", "health") for number in range(9)]
    sink = watching(FakeClock(), *keys)
    turn, runs = asyncio.sleep, 0

    async def live(delay: float) -> None:
        nonlocal runs
        runs += 1
        for key in keys:
            sink.slot(key)
            sink(observation(key, duration=float(runs)))
        await turn(delay)

    await live(0)
    monkeypatch.setattr(writing, "AT_A_TIME", 0.0)
    monkeypatch.setattr(asyncio, "sleep", live)
    page = await Exposition(sink.owners, about_process=False).render()
    found = {
        (s.name, s.labels.get("target")): s.value for s in samples(page.body.decode())
    }
    lasts = [
        found["tensormesh_probe_last_duration_seconds", key.target] for key in keys
    ]

    assert len({*lasts}) == len(keys)  # it did turn between any two
    for name in ("attempts_total", "slots_total", "duration_seconds_count"):
        assert [found[f"tensormesh_probe_{name}", k.target] for k in keys] == lasts


async def test_two_readers_at_once_get_the_same_page() -> None:
    """One does not disturb the other, in another form either."""
    keys = [ProbeKey(f"t{number}", "serverless", "health") for number in range(200)]
    sink = watching(FakeClock(), *keys)
    exposition = Exposition(sink.owners, about_process=False)
    accepts = ("", PROTOBUF, "", OPENMETRICS, PROTOBUF)
    pages = await asyncio.gather(*map(exposition.render, accepts))

    assert pages[0] == pages[2] == await rendered(sink.families())
    assert pages[1] == pages[4] == await rendered(sink.families(), PROTOBUF)
    assert pages[3] == await rendered(sink.families(), OPENMETRICS)


def test_models_that_labels_cannot_tell_apart_have_one_series() -> None:
    """Names are cut at a length, and a page with a series twice is refused."""
    long = ["m" * 300 + end for end in "ab"]
    keys = [ProbeKey("eu", "serverless", "chat", model) for model in long]
    sink = watching(FakeClock(), *keys)
    for key in keys:
        sink(observation(key))

    assert duplicates(text(sink)) == []


async def test_a_family_of_very_many_series_lets_the_loop_turn() -> None:
    """However long its rows take, in the order of their labels."""
    rows: dict[Labels, Value] = {
        (f"{number * 7919 % 5000:05}",): float(number) for number in range(5000)
    }
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    page = await rendered([(catalog.EXPORTER_FAULTS, rows)])
    counting.cancel()
    lines = page.body.decode().splitlines()[2:]

    assert len(lines) == 5000
    assert lines == sorted(lines)
    assert turns > 2
