"""What a ledger admits, and what it remembers."""

import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from tests.budget.conftest import NOV_1, MakeLedger
from tests.doubles import FakeClock
from tm_exporter.budget.ledger import Ledger, LedgerUnusable, Left, Reservation
from tm_exporter.observation import ProbeKey


_HOUR = 3600.0
_DAY = 24 * _HOUR
_KEY = ProbeKey("eu", "serverless", "chat", "gpt")
_OTHER = ProbeKey("eu", "serverless", "chat_stream", "gpt")
_TINY = Decimal("1e-12")
_WHOLE = Left(Decimal(1), Decimal(10))


def _reserved(ledger: Ledger, dollars: str, key: ProbeKey = _KEY) -> Reservation:
    reservation = ledger.reserve(key, Decimal(dollars))
    assert reservation is not None
    return reservation


def _spend(ledger: Ledger, dollars: str, key: ProbeKey = _KEY) -> None:
    ledger.settle(_reserved(ledger, dollars, key), Decimal(dollars))


def test_a_run_is_admitted_only_below_what_is_left(ledger: Ledger) -> None:
    """What is left has to exceed the worst case: a dollar does not buy the last one."""
    assert ledger.reserve(_KEY, Decimal(1)) is None
    assert ledger.reserve(_KEY, Decimal(1) - _TINY) is not None
    assert ledger.reserve(_KEY, _TINY) is None
    assert ledger.left() == Left(_TINY, Decimal(9) + _TINY)


def test_a_free_run_needs_something_to_be_left(make: MakeLedger) -> None:
    """A cap of nothing lets nothing pass, not even what is thought to be free."""
    assert make().reserve(_KEY, Decimal(0)) is not None
    assert make("0", "10").reserve(_KEY, Decimal(0)) is None
    assert make("1", "0").reserve(_KEY, Decimal(0)) is None


def test_what_the_ranks_above_need_stays(ledger: Ledger) -> None:
    """Of day and of month, each by its own measure."""
    day, month = Left(Decimal("0.9"), Decimal(0)), Left(Decimal(0), Decimal("9.9"))
    for above in (day, month):
        assert ledger.reserve(_KEY, Decimal("0.1"), above=above) is None
        assert ledger.reserve(_KEY, Decimal("0.04"), above=above) is not None


def test_settling_gives_back_what_was_not_used(ledger: Ledger) -> None:
    """Until then the worst case counts."""
    reservation = _reserved(ledger, "0.75")
    assert ledger.left() == Left(Decimal("0.25"), Decimal("9.25"))
    ledger.settle(reservation, Decimal("0.05"))
    assert ledger.left() == Left(Decimal("0.95"), Decimal("9.95"))


def test_a_cost_above_the_worst_case_is_booked_as_it_is(ledger: Ledger) -> None:
    """The money is gone, whoever was wrong about it; less than nothing may be left."""
    ledger.settle(_reserved(ledger, "0.5"), Decimal(3))
    assert ledger.left() == Left(Decimal(-2), Decimal(7))
    assert ledger.reserve(_KEY, Decimal(0)) is None


def test_settling_again_keeps_the_larger_cost(ledger: Ledger) -> None:
    """Nothing that is done twice may give money back twice."""
    reservation = _reserved(ledger, "0.5")
    for cost, left in (("0.2", "0.8"), ("0.1", "0.8"), ("0.3", "0.7")):
        ledger.settle(reservation, Decimal(cost))
        assert ledger.left().day == Decimal(left)
    assert ledger.settled(_KEY) == [Decimal("0.3")]


def test_an_entry_that_nobody_knows_is_booked_once(ledger: Ledger) -> None:
    """The run was made, and this ledger is the one that there is now."""
    _spend(ledger, "0.5")
    unknown = Reservation(12345, _OTHER, Decimal("0.25"))
    for _ in range(2):
        ledger.settle(unknown, Decimal("0.125"))
    assert ledger.left().day == Decimal("0.375")
    assert ledger.settled(_OTHER) == [Decimal("0.125")]


@pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity"])
def test_what_is_no_amount_is_a_fault_of_the_caller(
    ledger: Ledger, amount: str
) -> None:
    """It must neither give money back nor poison the sums."""
    reservation = _reserved(ledger, "0.5")
    with pytest.raises(ValueError, match="is no cost"):
        ledger.reserve(_KEY, Decimal(amount))
    with pytest.raises(ValueError, match="is no cost"):
        ledger.settle(reservation, Decimal(amount))
    assert ledger.left().day == Decimal("0.5")


def test_absurd_amounts_fit_into_the_file(make: MakeLedger) -> None:
    """More than a million dollars in one run is admitted by no cap, and ends a day."""
    ledger = make("1e30", "1e30")
    assert ledger.reserve(_KEY, Decimal(1_000_001)) is None
    ledger.settle(_reserved(ledger, "1"), Decimal("1e99"))
    assert ledger.left().day == Decimal("1e30") - 1_000_000


def test_amounts_are_exact_and_rounded_to_our_disadvantage(ledger: Ledger) -> None:
    """A third of a picodollar is one; ten dimes are a dollar."""
    _spend(ledger, "0.0000000000003")
    assert ledger.settled(_KEY) == [_TINY]
    for _ in range(9):
        _spend(ledger, "0.1")
    assert ledger.left() == Left(Decimal("0.1") - _TINY, Decimal("9.1") - _TINY)


def test_runs_that_were_asked_for_have_a_tenth_of_the_caps(ledger: Ledger) -> None:
    """So that a script in a loop does not use up the money of the schedule."""
    tenth = ledger.reserve(_KEY, Decimal("0.1"), asked=True)
    assert tenth is not None
    assert ledger.reserve(_KEY, _TINY, asked=True) is None
    assert ledger.reserve(_KEY, _TINY) is not None
    ledger.settle(tenth, Decimal("0.05"))
    assert ledger.reserve(_KEY, Decimal("0.05"), asked=True) is not None


def test_the_tenth_is_that_of_the_month_too(make: MakeLedger, clock: FakeClock) -> None:
    """A tenth of each day could be more than that of the month."""
    ledger = make("1", "2")
    for _ in range(2):
        assert ledger.reserve(_KEY, Decimal("0.1"), asked=True) is not None
        clock.advance(_DAY)
    assert ledger.reserve(_KEY, _TINY, asked=True) is None


def test_runs_that_were_asked_for_need_money_like_all(ledger: Ledger) -> None:
    """The tenth is of the cap, not besides it."""
    _spend(ledger, "0.95")
    assert ledger.reserve(_KEY, Decimal("0.05"), asked=True) is None


def test_a_new_day_and_a_new_month_have_their_own_money(
    ledger: Ledger, clock: FakeClock
) -> None:
    """Days and months are those of UTC."""
    _spend(ledger, "0.75")
    clock.seconds = NOV_1 + _DAY - 0.001
    assert ledger.left() == Left(Decimal("0.25"), Decimal("9.25"))
    clock.seconds = NOV_1 + _DAY
    assert ledger.left() == Left(Decimal(1), Decimal("9.25"))
    clock.seconds = NOV_1 + 30 * _DAY
    assert ledger.left() == _WHOLE


def test_a_run_that_was_never_settled_counts_at_its_worst(
    make: MakeLedger, clock: FakeClock
) -> None:
    """Nobody knows what a killed process spent, so it is as much as it could."""
    _reserved(make(), "0.75")
    clock.seconds = NOV_1 + 20 * _HOUR
    assert make().left() == Left(Decimal("0.25"), Decimal("9.25"))
    clock.seconds = NOV_1 + 29 * _DAY
    assert make().left() == Left(Decimal(1), Decimal("9.25"))


def test_a_run_over_midnight_counts_today_until_it_ends(
    ledger: Ledger, clock: FakeClock
) -> None:
    """The service may charge it after midnight, when the day has a cap of its own."""
    clock.seconds = NOV_1 + _DAY - 10
    early, late = _reserved(ledger, "0.25"), _reserved(ledger, "0.5")
    assert ledger.left().day == Decimal("0.25")
    ledger.settle(early, Decimal("0.25"))
    clock.advance(20)
    assert ledger.left().day == Decimal("0.5")
    ledger.settle(late, Decimal("0.125"))
    assert ledger.left() == Left(Decimal("0.875"), Decimal("9.625"))


def test_a_clock_set_back_over_midnight_does_not_spend_twice(
    ledger: Ledger, clock: FakeClock
) -> None:
    """Each side of midnight counts what was spent on the other, whichever is true."""
    clock.seconds = NOV_1 + _DAY + 60
    _spend(ledger, "0.75")
    clock.seconds = NOV_1 + _DAY - 60
    assert ledger.left() == Left(Decimal("0.25"), Decimal("9.25"))
    _spend(ledger, "0.125")
    assert ledger.left().day == Decimal("0.125")
    clock.seconds = NOV_1 + _DAY + 60
    assert ledger.left().day == Decimal("0.125")
    clock.seconds = NOV_1 + 2 * _DAY
    assert ledger.left() == Left(Decimal(1), Decimal("9.125"))


def test_a_day_that_was_only_seen_counts_as_well(
    ledger: Ledger, clock: FakeClock
) -> None:
    """The clock was past midnight already, though nothing was spent there yet."""
    clock.seconds = NOV_1 + _DAY + 60
    ledger.left()
    clock.seconds = NOV_1 + _DAY - 60
    _spend(ledger, "0.75")
    assert ledger.left().day == Decimal("0.25")
    clock.seconds = NOV_1 + _DAY + 60
    assert ledger.left().day == Decimal("0.25")


def test_days_far_ahead_that_were_only_seen_are_forgotten(
    ledger: Ledger, clock: FakeClock
) -> None:
    """A wrong clock by which nothing was booked does no harm once it is right."""
    clock.seconds = NOV_1 + 1000 * _DAY
    ledger.left()
    clock.seconds = NOV_1
    _spend(ledger, "0.75")
    assert ledger.left().day == Decimal("0.25")
    clock.seconds = NOV_1 + _DAY
    assert ledger.left().day == Decimal(1)


def test_a_clock_set_back_over_the_end_of_a_month_does_not_spend_twice(
    ledger: Ledger, clock: FakeClock
) -> None:
    """Likewise."""
    clock.seconds = NOV_1 + 30 * _DAY + 60
    _spend(ledger, "0.75")
    clock.seconds = NOV_1 + 30 * _DAY - 60
    assert ledger.left() == Left(Decimal("0.25"), Decimal("9.25"))


def test_a_run_during_which_the_clock_is_set_back_stays_where_it_began(
    ledger: Ledger, clock: FakeClock
) -> None:
    """An entry never moves to an earlier day, where it would be out of sight."""
    clock.seconds = NOV_1 + _DAY + 60
    reservation = _reserved(ledger, "0.75")
    clock.seconds = NOV_1 + _DAY - 60
    ledger.settle(reservation, Decimal("0.5"))
    clock.seconds = NOV_1 + _DAY + 60
    assert ledger.left().day == Decimal("0.5")


def test_a_ledger_from_the_future_is_refused_until_the_clock_is_right(
    ledger: Ledger, clock: FakeClock
) -> None:
    """Its money would be missing for years without a word; which clock is unknown."""
    clock.seconds = NOV_1 + 3 * _DAY
    reservation = _reserved(ledger, "0.5")
    clock.seconds = NOV_1 + _DAY - 60
    for use in (ledger.left, lambda: ledger.reserve(_KEY, Decimal(0))):
        with pytest.raises(LedgerUnusable, match=r"2026-11-04.*2026-11-01.*clock"):
            use()
    ledger.settle(reservation, Decimal("0.25"))
    clock.seconds = NOV_1 + _DAY
    assert ledger.left().day == Decimal("0.75")


def test_a_ledger_made_anew_begins_with_the_unexpired_share(
    make: MakeLedger, clock: FakeClock
) -> None:
    """Whoever removed the old one may have spent the share of the time before."""
    clock.seconds = NOV_1 + 15 * _DAY + 18 * _HOUR
    assert make("1", "30").left() == Left(Decimal("0.25"), Decimal("14.25"))
    clock.seconds += 5 * _HOUR
    assert make("1", "30").left() == Left(Decimal("0.25"), Decimal("14.25"))
    clock.seconds += _HOUR
    assert make("1", "30").left() == Left(Decimal(1), Decimal("14.25"))
    clock.seconds = NOV_1 + 30 * _DAY
    assert make("1", "30").left() == Left(Decimal(1), Decimal(30))


def test_a_clock_set_back_before_the_opening_does_not_enlarge_the_share(
    make: MakeLedger, clock: FakeClock
) -> None:
    """The days before have the share of the one in which it was made."""
    clock.seconds = NOV_1 + _DAY + 18 * _HOUR
    assert make().left().day == Decimal("0.25")
    clock.seconds = NOV_1 + _DAY - 60
    assert make().left().day == Decimal("0.25")


def test_caps_are_those_of_the_configuration(make: MakeLedger) -> None:
    """An old ledger holds what was spent, not what one may spend."""
    _spend(make("1", "10"), "0.75")
    assert make("5", "20").left() == Left(Decimal("4.25"), Decimal("19.25"))
    assert make("0.5", "20").left().day == Decimal("-0.25")


def test_last_costs_come_newest_first_and_survive_restarts(make: MakeLedger) -> None:
    """Each key has its own; what is in flight has none yet."""
    ledger = make()
    for cost in ("0.01", "0.02", "0.03"):
        _spend(ledger, cost)
    _spend(ledger, "0.04", _OTHER)
    _reserved(ledger, "0.05")
    ledger.close()
    assert make().settled(_KEY) == [Decimal(f"0.0{n}") for n in (3, 2, 1)]
    assert make().settled(_KEY, 2) == [Decimal("0.03"), Decimal("0.02")]
    assert make().settled(_OTHER) == [Decimal("0.04")]
    assert make().settled(ProbeKey("eu", "serverless", "chat", "other")) == []


def test_the_last_runs_are_known_after_a_restart(
    make: MakeLedger, clock: FakeClock
) -> None:
    """Settled or not: a restart is no reason to pay for a first run."""
    ledger = make()
    assert ledger.last_run() == {}
    _spend(ledger, "0.01")
    clock.advance(60)
    _reserved(ledger, "0.01", _OTHER)
    assert make().last_run() == {_KEY: NOV_1, _OTHER: NOV_1 + 60}


def test_several_ledgers_on_one_directory_share_the_money(make: MakeLedger) -> None:
    """The daemon, a second one and the command see each other's reservations."""
    one, two = make(), make()
    _spend(one, "0.5")
    reservation = _reserved(two, "0.25")
    assert one.left() == two.left() == Left(Decimal("0.25"), Decimal("9.25"))
    assert one.reserve(_KEY, Decimal("0.25")) is None
    one.settle(reservation, Decimal(0))
    assert two.left().day == Decimal("0.5")


def test_the_long_past_is_deleted_but_for_each_keys_last_costs(
    ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    """The file does not grow for ever, and a rare probe keeps its planned cost."""
    for number in range(30):
        _spend(ledger, f"0.00{number:02}")
        _spend(ledger, "0.0001", _OTHER)
    _reserved(ledger, "0.0001")
    clock.advance(69 * _DAY)
    _spend(ledger, "0.5", _OTHER)
    assert _entries(tmp_path) == 62
    clock.advance(2 * _DAY)
    _spend(ledger, "0.25", _OTHER)
    assert _entries(tmp_path) == 20 + 20 + 1  # the new one was not settled then
    assert ledger.settled(_KEY) == [Decimal(f"0.00{n:02}") for n in range(29, 9, -1)]
    assert ledger.settled(_OTHER)[:3] == [Decimal(n) for n in ("0.25", "0.5", "0.0001")]


def test_a_clock_that_leaps_ahead_does_not_delete_what_counts(
    ledger: Ledger, clock: FakeClock
) -> None:
    """Were this month's entries gone, its money could be spent a second time."""
    _spend(ledger, "0.75")
    clock.advance(1000 * _DAY)
    assert ledger.reserve(_KEY, Decimal(1)) is None
    clock.seconds = NOV_1
    assert ledger.left().day == Decimal("0.25")
    clock.advance(1000 * _DAY)
    _spend(ledger, "0.5")
    clock.seconds = NOV_1
    with pytest.raises(LedgerUnusable, match="set the clock right"):
        ledger.left()


def _entries(folder: Path) -> int:
    connection = sqlite3.connect(folder / "state" / "ledger.sqlite3")
    try:
        (count,) = connection.execute("SELECT count(*) FROM entries").fetchone()
    finally:
        connection.close()
    return int(count)
