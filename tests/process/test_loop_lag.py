"""How late the loop comes round, between any two moments."""

import asyncio
import time

import pytest

from tests.doubles import FakeClock
from tm_exporter.process.loop_lag import CLOSELY, NOTICED, PERIOD, REMEMBERED, LagMeter


@pytest.fixture
def clock() -> FakeClock:
    """Return the monotonic clock."""
    return FakeClock()


@pytest.fixture
def told() -> list[float]:
    """Return what the meter tells the histogram."""
    return []


class ByHand(LagMeter):
    """A meter whose looks are taken when a test says so."""

    def _plan(self, seconds: float) -> None:
        self._due = self._clock() + seconds


@pytest.fixture
def meter(clock: FakeClock, told: list[float]) -> LagMeter:
    """Return a meter on the fake clock, begun."""
    made = ByHand(told.append, clock=clock, asleep=lambda: 0.0)
    made.start()
    return made


def look(meter: LagMeter, clock: FakeClock, *, late: float = 0.0) -> None:
    """Let the next look fall due, and come so much late."""
    assert meter._due is not None
    clock.seconds = meter._due + late
    meter._look()


def test_nothing_is_late_where_nothing_was_measured() -> None:
    """A tool without a meter running discards nothing."""
    assert LagMeter(lambda _: None).worst(0.0, 1e9) == 0.0


def test_the_worst_between_two_moments(meter: LagMeter, clock: FakeClock) -> None:
    """Of several blocks, those outside do not count."""
    with meter.closely():
        look(meter, clock, late=0.3)
        first = clock.seconds
        look(meter, clock, late=0.1)
        second = clock.seconds
        look(meter, clock)
        end = clock.seconds

    assert meter.worst(first - 0.3, end) == pytest.approx(0.3)
    assert meter.worst(first + 0.001, end) == pytest.approx(0.1)
    assert meter.worst(second + 0.001, end) == 0.0
    assert meter.worst(0.0, first - 0.301) == 0.0


def test_a_stamp_that_a_block_delayed_is_within_it(
    meter: LagMeter, clock: FakeClock
) -> None:
    """Readers run before timers, so the look that notices comes after the stamp."""
    with meter.closely():
        stamp = clock.seconds + CLOSELY + 0.1
        look(meter, clock, late=0.1001)

    assert meter.worst(stamp - 1.0, stamp) == pytest.approx(0.1001)
    assert meter.worst(stamp, stamp + 0.01) == pytest.approx(0.1001)


def test_a_block_that_no_look_has_ended_counts_already(
    meter: LagMeter, clock: FakeClock
) -> None:
    """Whoever asks may come round before the look does."""
    with meter.closely():
        begun = clock.seconds
        clock.advance(CLOSELY + 0.25)

        assert meter.worst(begun, clock.seconds) == pytest.approx(0.25)


def test_a_block_before_the_close_look_begins_is_not_forgotten(
    meter: LagMeter, clock: FakeClock
) -> None:
    """A run may begin in the very turn of the loop that was late."""
    clock.advance(PERIOD + 0.4)
    with meter.closely():
        assert meter.worst(clock.seconds - 0.1, clock.seconds) == pytest.approx(0.4)


def test_lag_that_can_spoil_no_sample_is_not_kept(
    meter: LagMeter, clock: FakeClock
) -> None:
    """Nobody asks for less than 20 ms, and memory is not for nothing."""
    with meter.closely():
        for _ in range(100):
            look(meter, clock, late=NOTICED * 0.9)

    assert meter.worst(0.0, clock.seconds) == 0.0
    assert not meter._late


def test_memory_is_bounded_and_what_is_dropped_is_not_taken_for_punctual(
    meter: LagMeter, clock: FakeClock
) -> None:
    """A run as old as the forgotten blocks is as late as the worst of them."""
    begun = clock.seconds
    with meter.closely():
        look(meter, clock, late=3.0)
        for _ in range(3 * REMEMBERED):
            look(meter, clock, late=0.05)

    assert len(meter._late) <= REMEMBERED
    assert meter.worst(begun, begun + 1.0) == pytest.approx(3.0)
    assert meter.worst(clock.seconds - 1.0, clock.seconds) == pytest.approx(0.05)


def test_looks_are_close_together_only_while_something_is_timed(
    meter: LagMeter, clock: FakeClock
) -> None:
    """A hundred looks a second all day would be for nothing."""

    def period() -> float:
        look(meter, clock)
        assert meter._due is not None
        return meter._due - clock.seconds

    assert period() == pytest.approx(PERIOD)
    with meter.closely():
        with meter.closely():
            assert period() == pytest.approx(CLOSELY)
        assert period() == pytest.approx(CLOSELY)
    assert period() == pytest.approx(PERIOD)


def test_the_histogram_gets_one_value_a_period_however_close_the_looks(
    meter: LagMeter, clock: FakeClock, told: list[float]
) -> None:
    """The worst of each, so that no block is missing and no rate changes it."""
    begun = clock.seconds
    with meter.closely():
        look(meter, clock, late=0.07)
        while clock.seconds < begun + 10 * PERIOD:
            look(meter, clock)

    assert len(told) in (9, 10)
    assert told[0] == pytest.approx(0.07)
    assert max(told[1:]) == pytest.approx(0.0, abs=1e-9)


def test_a_machine_that_slept_is_late_although_its_clock_stood_still(
    clock: FakeClock,
) -> None:
    """The monotonic clock does not count a suspension, and the service did go on."""
    slept = FakeClock(0.0)
    meter = ByHand(lambda _: None, clock=clock, asleep=slept)
    meter.start()
    begun = clock.seconds
    with meter.closely():
        slept.advance(40.0)
        look(meter, clock)

        assert meter.worst(begun, clock.seconds) == pytest.approx(40.0)


def test_a_sleep_that_no_look_has_noticed_counts_already(clock: FakeClock) -> None:
    """As a block does."""
    slept = FakeClock(0.0)
    meter = ByHand(lambda _: None, clock=clock, asleep=slept)
    meter.start()
    with meter.closely():
        slept.advance(40.0)

        assert meter.worst(clock.seconds, clock.seconds) == pytest.approx(40.0)


async def test_a_real_block_is_measured() -> None:
    """A callback that computes for 100 ms makes everything else late."""
    told: list[float] = []
    meter = LagMeter(told.append)
    meter.start()
    with meter.closely():
        begun = time.monotonic()
        await asyncio.sleep(3 * CLOSELY)
        time.sleep(0.1)  # noqa: ASYNC251 -- to block the loop
        ended = time.monotonic()
        at_once = meter.worst(begun, ended)
        async with asyncio.timeout(10):
            while max(told, default=0.0) < at_once:  # by then the worst of its period
                await asyncio.sleep(0.01)
        later = meter.worst(begun, ended)
    meter.stop()

    assert 0.1 - CLOSELY - 0.005 <= at_once <= later


async def test_it_can_be_stopped_and_begun_twice() -> None:
    """After the end nothing is left on the loop."""
    meter = LagMeter(lambda _: None)
    meter.stop()
    meter.start()
    meter.start()
    meter.stop()
    meter.stop()
    with meter.closely():
        pass

    assert meter._handle is None
    assert meter._due is None
