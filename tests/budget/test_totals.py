"""What one ledger tells the next: exact, and never less than was spent."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.budget.conftest import NOV_1, MakeLedger
from tests.doubles import FakeClock
from tm_exporter.budget.ledger import Caps, Ledger, LedgerUnusable
from tm_exporter.budget.totals import Totals, TotalsUnreadable
from tm_exporter.budget.windows import Windows
from tm_exporter.observation import ProbeKey


_KEY = ProbeKey("eu", "serverless", "chat", "gpt")
_TODAY = Windows.at(NOV_1)
_DOLLAR = 10**12

amounts = st.dictionaries(
    st.integers(20_000, 20_004), st.integers(0, 2**70), max_size=5
)
totals = st.builds(Totals, st.integers(0, 2**33), amounts, amounts)


@given(totals)
def test_what_is_written_is_read_again(some: Totals) -> None:
    """To the picodollar, whatever the size."""
    assert Totals.read(some.text()) == some


@given(totals, totals)
def test_merged_totals_cover_both(one: Totals, other: Totals) -> None:
    """And are no more than the larger of both."""
    merged = one.merged(other)

    assert merged.covers(one)
    assert merged.covers(other)
    assert merged == other.merged(one)
    assert not one.covers(other) or merged.covers(one)


def test_a_day_that_is_not_told_has_what_came_after_it() -> None:
    """What is spent tomorrow counts today as well, for whose clock is behind."""
    told = Totals(0, {20_001: 5}, {})

    assert told.covers(Totals(0, {20_000: 5}, {}))
    assert not told.covers(Totals(0, {20_000: 6}, {}))
    assert not told.covers(Totals(0, {20_002: 1}, {}))


@given(st.text() | st.recursive(st.integers() | st.text(), st.lists).map(str))
def test_anything_else_is_refused(text: str) -> None:
    """With one kind of error."""
    with pytest.raises(TotalsUnreadable):
        Totals.read(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"version":2,"since":0,"days":{},"months":{}}', id="newer"),
        pytest.param('{"version":1,"since":-1,"days":{},"months":{}}', id="since"),
        pytest.param('{"version":1,"since":0,"days":{"x":1},"months":{}}', id="label"),
        pytest.param('{"version":1,"since":0,"days":{"1":1},"months":{}}', id="1970"),
        pytest.param('{"version":1,"since":0,"days":{},"months":{"24323":-1}}', id="-"),
        pytest.param(
            '{"version":1,"since":0,"days":{},"months":{"24323":1.5}}', id="."
        ),
        pytest.param('{"version":1,"since":0,"days":[],"months":{}}', id="list"),
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_half_of_it_is_refused(text: str) -> None:
    """Rather than taken for less than was spent."""
    with pytest.raises(TotalsUnreadable):
        Totals.read(text)


def _spend(ledger: Ledger, dollars: str) -> None:
    reserved = ledger.reserve(_KEY, Decimal(dollars))
    assert reserved is not None
    ledger.settle(reserved, Decimal(dollars))


@pytest.fixture
def other(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    """Return the ledger of another instance, on a disk of its own."""
    made = Ledger(tmp_path / "other", Caps(Decimal(1), Decimal(10)), clock)
    yield made
    made.close()


def test_a_new_ledger_goes_on_where_the_other_one_ended(
    ledger: Ledger, other: Ledger, clock: FakeClock
) -> None:
    """It has the whole day, less what was spent: nothing is lost, nothing is gained."""
    _spend(ledger, "0.25")
    clock.advance(43_200)
    before = other.left()
    other.carry(ledger.totals())

    assert before.day == Decimal("0.5")
    assert (other.left().day, other.left().month) == (
        Decimal("0.75"),
        Decimal("9.75"),
    )


def test_carried_again_nothing_changes(ledger: Ledger, other: Ledger) -> None:
    """Each time only what is lacking is booked, from whichever side it comes."""
    for mine, theirs in ((ledger, other), (other, ledger)) * 3:
        _spend(mine, "0.1")
        theirs.carry(mine.totals())
        theirs.carry(mine.totals())

    assert ledger.left() == other.left()
    assert ledger.left().day == Decimal("0.4")


def test_the_month_is_carried_beyond_the_day(
    ledger: Ledger, other: Ledger, clock: FakeClock
) -> None:
    """What was spent on earlier days counts in the month, and in no day of now."""
    for _ in range(5):
        _spend(ledger, "0.5")
        clock.advance(86_400)
    other.carry(ledger.totals())

    assert other.left().day == 1
    assert other.left().month == Decimal("7.5")


def test_a_run_under_way_is_told_at_its_worst(ledger: Ledger) -> None:
    """Whoever takes over does not know what became of it."""
    assert ledger.reserve(_KEY, Decimal("0.5")) is not None
    assert ledger.totals().days[_TODAY.day] == _DOLLAR // 2
    assert ledger.totals().since == NOV_1


def test_a_clock_that_is_behind_finds_the_next_day_spent(
    ledger: Ledger, other: Ledger, clock: FakeClock
) -> None:
    """The other instance was early over midnight; the money of both days is told."""
    _spend(ledger, "0.3")
    clock.advance(86_400)
    _spend(ledger, "0.2")
    told = ledger.totals()
    clock.advance(-3600)
    other.carry(told)

    assert other.left().day == Decimal("0.5")


def test_totals_of_days_to_come_are_refused(ledger: Ledger, clock: FakeClock) -> None:
    """One of the clocks is wrong, and nobody may spend until it is set right."""
    told = Totals(int(clock()), {_TODAY.day + 3: 1}, {})

    with pytest.raises(LedgerUnusable, match="set the clock right"):
        ledger.carry(told)


def test_absurd_totals_are_refused(ledger: Ledger) -> None:
    """Nobody spent a million dollars, and no sum may overflow."""
    for amount in (2**61, 2**64, 10**40):
        with pytest.raises(LedgerUnusable, match="damaged"):
            ledger.carry(Totals(0, {_TODAY.day: amount}, {}))


def test_the_key_of_others_has_no_runs(make: MakeLedger) -> None:
    """Nothing is planned by what they did cost, but for itself."""
    ledger = make()
    ledger.carry(Totals(0, {_TODAY.day: _DOLLAR // 2}, {}))

    assert ledger.settled(_KEY) == []
    assert _KEY not in ledger.last_run()
