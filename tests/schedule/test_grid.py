"""When slots fall due."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.observation import ProbeKey
from tm_exporter.schedule.grid import Grid, first_runs, fraction, tolerance


HEALTH = ProbeKey("serverless", "serverless", "health")


def test_the_phase_is_the_same_in_every_process() -> None:
    """A restart must not move the grid, so the hash cannot be Python's own."""
    assert fraction(HEALTH) == pytest.approx(0.977988813139272)


def test_phases_are_spread() -> None:
    """Probes with one interval must not all fall due in the same instant."""
    keys = [ProbeKey(f"target-{n}", "serverless", "health") for n in range(1000)]

    tenths = {int(fraction(key) * 10) for key in keys}

    assert tenths == set(range(10))


@given(
    st.floats(0, 0.999999),
    st.sampled_from([0.5, 15.0, 60.0, 3600.0]),
    st.floats(1.6e9, 2e9),
)
def test_the_next_slot_is_later_and_on_the_grid(
    share: float, interval: float, moment: float
) -> None:
    """Wherever one asks, the next slot is within one interval."""
    grid = Grid(interval, share * interval)

    slot = grid.after(moment)

    assert 0 < slot - moment <= interval * 1.001
    assert (slot - grid.phase) / interval == pytest.approx(
        round((slot - grid.phase) / interval), abs=1e-4
    )


@pytest.mark.parametrize(
    ("first", "moment", "expected"),
    [
        pytest.param(100.0, 100.0, (1, 100.0), id="exactly-due"),
        pytest.param(100.0, 109.9, (1, 100.0), id="before-the-next"),
        pytest.param(100.0, 110.0, (2, 110.0), id="the-next-is-due-too"),
        pytest.param(100.0, 145.0, (5, 140.0), id="four-more"),
        pytest.param(103.0, 104.0, (1, 103.0), id="a-first-run-off-the-grid"),
        pytest.param(103.0, 121.0, (3, 120.0), id="off-the-grid-and-two-more"),
    ],
)
def test_due_slots_are_counted(
    first: float, moment: float, expected: tuple[int, float]
) -> None:
    """Each slot that passed is accounted for, and the last may still run."""
    assert Grid(10.0, 0.0).until(first, moment) == expected


@given(
    st.floats(0, 0.999999),
    st.floats(0.1, 86_400),  # a tight budget stretches intervals to any length
    st.floats(1.6e9, 2e9),
)
def test_no_slot_is_counted_twice(share: float, interval: float, moment: float) -> None:
    """However its place is rounded, one slot is one slot, and the next comes after."""
    grid = Grid(interval, share * interval)
    slot = grid.after(moment)

    for _ in range(20):
        late = slot + 0.3 * interval
        assert grid.until(slot, late) == (1, slot)
        assert grid.until(slot, slot + 1.3 * interval) == (2, grid.after(slot))
        assert grid.after(slot) - slot == pytest.approx(interval, abs=1e-5)
        slot = grid.after(slot)


@pytest.mark.parametrize(
    ("interval", "expected"), [(15.0, 1.5), (50.0, 5.0), (3600.0, 5.0)]
)
def test_a_tenth_of_an_interval_late_is_no_miss(
    interval: float, expected: float
) -> None:
    """At most five seconds, however long the interval."""
    assert tolerance(interval) == expected


def test_first_runs_come_within_ten_seconds_or_an_interval() -> None:
    """Nobody wants to wait an hour for the first verdict of an hourly probe."""
    fast = ProbeKey("t", "serverless", "fast")
    slow = ProbeKey("t", "serverless", "slow")

    firsts = first_runs([(fast, 2.0), (slow, 3600.0)], start=1000.0)

    assert 1000 <= firsts[fast] <= 1002
    assert 1000 <= firsts[slow] <= 1010


def test_first_runs_are_at_most_a_hundred_a_second() -> None:
    """Ten thousand probes must not start as a flood."""
    keys = [(ProbeKey(f"t{n}", "serverless", "health"), 60.0) for n in range(3000)]

    moments = sorted(first_runs(keys, start=0.0).values())

    assert all(
        later - earlier >= 0.99
        for earlier, later in zip(moments, moments[100:], strict=False)
    )
    assert moments[-1] < 40
