"""Shards that do not speak with each other, and never spend more than the caps."""

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.budget.conftest import NOV_1
from tm_exporter.budget.allowance import Allowance
from tm_exporter.budget.entries import Opening, Sums
from tm_exporter.budget.shares import PAUSE, Shares, SharesUnreadable
from tm_exporter.budget.windows import DAY, Windows


_HOUR = 3600.0
_MINUTE = 60.0
_ROLLOUT = 600.0  # seconds within which a change reaches all shards
_NOON = NOV_1 + DAY / 2
_MOST = 5  # shards


def _seen(shares: Shares, total: int, begin: float, end: float) -> Shares:
    """Return what is known after a ledger was looked at for so long."""
    while begin < end:
        shares = shares.looked_at(total, begin)
        begin += PAUSE / 2
    return shares.looked_at(total, end)


def test_a_ledger_made_anew_has_nothing_before_the_next_day() -> None:
    """Nobody knows what the others spend by the number that was in force before."""
    shares = Shares.made_anew(3, _NOON)

    assert shares.share == 0
    assert _seen(shares, 3, _NOON, NOV_1 + DAY - 1).share == 0
    assert _seen(shares, 3, _NOON, NOV_1 + DAY).share == Fraction(1, 3)
    assert shares.next_share == shares.day + 1


def test_one_that_did_not_see_the_last_hour_has_nothing_on_the_next_day_either() -> (
    None
):
    """What happened in it counts for that day, too."""
    late = NOV_1 + DAY - _HOUR / 2
    shares = Shares.made_anew(3, late)

    assert shares.next_share == shares.day + 2
    shares = _seen(shares, 3, late, NOV_1 + DAY)
    assert shares.share == 0
    assert _seen(shares, 3, NOV_1 + DAY, NOV_1 + 2 * DAY).share == Fraction(1, 3)


@pytest.mark.parametrize(("rests", "share"), [(PAUSE, 3), (PAUSE + 1, 0)])
def test_a_pause_over_midnight_is_forgiven_if_it_is_short(
    rests: float, share: int
) -> None:
    """A pod that moves does not lose a day; one that was away may have missed much."""
    end = NOV_1 + DAY - _MINUTE
    shares = _seen(Shares.made_anew(3, NOV_1), 3, NOV_1, end)

    assert shares.looked_at(3, end + rests).share == Fraction(bool(share), 3)


@pytest.mark.parametrize(("before", "after"), [(2, 3), (3, 2), (1, 3), (3, 1)])
def test_a_new_number_has_its_share_from_the_next_day(before: int, after: int) -> None:
    """Until then the smaller one of both counts, whatever was spent by the other."""
    shares = _seen(Shares.made_anew(before, NOV_1), before, NOV_1, NOV_1 + DAY)
    assert shares.share == Fraction(1, before)

    changed = shares.looked_at(after, NOV_1 + DAY + _HOUR)
    changed = _seen(changed, after, NOV_1 + DAY + _HOUR, NOV_1 + 2 * DAY - 1)
    assert changed.share == Fraction(1, max(before, after))
    assert changed.looked_at(after, NOV_1 + 2 * DAY).share == Fraction(1, after)


def test_a_change_just_before_midnight_waits_a_day_longer() -> None:
    """It may not have reached all shards when the day begins."""
    shares = _seen(Shares.made_anew(3, NOV_1), 3, NOV_1, NOV_1 + DAY - _MINUTE)
    shares = shares.looked_at(2, NOV_1 + DAY - _MINUTE / 2)

    assert shares.looked_at(2, NOV_1 + DAY).share == Fraction(1, 3)


def test_the_month_comes_in_by_day() -> None:
    """Each by its own share, and without those that the ledger was not there for."""
    shares = Shares.made_anew(3, NOV_1)
    shares = _seen(shares, 3, NOV_1, NOV_1 + 3 * DAY)
    assert shares.accrued() == Fraction(3, 3 * 30)
    assert shares.to_come() == Fraction(26, 3 * 30)

    shares = _seen(shares.looked_at(2, NOV_1 + 3 * DAY), 2, NOV_1 + 3 * DAY, _to(30))
    assert shares.accrued() == (Fraction(2 + 1, 3) + Fraction(26, 2)) / 30
    assert shares.to_come() == 0
    shares = _seen(shares, 2, _to(30), _to(31))
    assert shares.accrued() == Fraction(1, 2 * 31)


def _to(day: int) -> float:
    """Return the beginning of a day of the month, counted from 1."""
    return NOV_1 + (day - 1) * DAY


def test_what_one_spent_alone_is_what_its_days_brought() -> None:
    """One that becomes several keeps what came in, and no more."""
    shares = Shares.of_one(NOV_1 - 9 * DAY, _to(11)).looked_at(4, _to(11) + 1)

    assert shares.share == Fraction(1, 4)
    assert shares.accrued() == (10 + Fraction(1, 4)) / 30


def test_one_that_is_alone_again_has_the_whole_month_with_the_next() -> None:
    """Then nobody else can have spent anything of it."""
    shares = _seen(Shares.made_anew(2, _to(28)), 2, _to(28), _to(29))
    shares = _seen(shares, 1, _to(29), _to(30))

    assert shares.share == 1
    assert not shares.alone
    assert _seen(shares, 1, _to(30), _to(31)).alone


def test_a_clock_that_was_set_back_brings_nothing_back() -> None:
    """The day that was settled stays, and the number that was seen later."""
    shares = _seen(Shares.made_anew(2, NOV_1), 2, NOV_1, NOV_1 + DAY)

    assert shares.looked_at(3, NOV_1 - DAY).share == Fraction(1, 3)
    assert shares.looked_at(2, NOV_1 - DAY) == shares


def test_a_clock_that_was_days_ahead_does_no_harm_for_long() -> None:
    """It is as if the ledger were new: nothing today, and its share from then on."""
    shares = _seen(Shares.made_anew(2, NOV_1), 2, NOV_1, NOV_1 + DAY)
    wrong = shares.looked_at(2, NOV_1 + 1000 * DAY)

    right = wrong.looked_at(2, NOV_1 + DAY + _MINUTE)

    assert wrong.share == right.share == 0
    assert right.next_share == right.day + 1
    next_day = _seen(right, 2, NOV_1 + DAY + _MINUTE, NOV_1 + 2 * DAY)
    assert next_day.share == Fraction(1, 2)


@given(
    moments=st.lists(st.floats(0, 40 * DAY), min_size=1, max_size=9),
    totals=st.lists(st.integers(1, 99), min_size=9, max_size=9),
)
def test_a_record_is_read_as_it_was_written(
    moments: list[float], totals: list[int]
) -> None:
    """It is small enough to travel."""
    shares = Shares.made_anew(totals[0], NOV_1)
    for moment, total in zip(moments, totals, strict=False):
        shares = shares.looked_at(total, NOV_1 + moment)

    assert Shares.read(shares.text()) == shares
    assert len(shares.text()) < 1000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"since":0,"seen":{},"day":0,"parts":1,"earned":"0","alone":true}',
        '{"since":0,"seen":{"0":1},"day":0,"parts":1,"earned":"0","alone":true}',
        '{"since":0,"seen":{"1":1},"day":0,"parts":1,"earned":"1/0","alone":true}',
        '{"since":0,"seen":{"1":1},"day":1e99,"parts":1,"earned":"0","alone":true}',
        '{"since":0,"seen":{"1":1},"day":0,"parts":-1,"earned":"0","alone":true}',
    ],
)
def test_another_text_is_no_record(text: str) -> None:
    """Money is not spent by a record that nobody understands."""
    with pytest.raises(SharesUnreadable):
        Shares.read(text)


@dataclass
class _Shard:
    """One of several instances, and what its own ledger knows."""

    total: int
    opened_at: float
    shares: Shares | None = None
    seen_at: float = 0.0
    back_at: float = 0.0
    days: Counter[int] = field(default_factory=Counter)
    months: Counter[int] = field(default_factory=Counter)

    def look(self, now: float) -> None:
        """Do what the ledger does when it is looked at."""
        if self.shares is None and self.total > 1:
            self.shares = Shares.of_one(self.opened_at, self.seen_at)
        if self.shares is not None:
            self.shares = self.shares.looked_at(self.total, now)
        self.seen_at = now


class _Installation(RuleBasedStateMachine):
    """
    Shards that come, go, restart, lose their disks, and spend all they may.

    A change of their number reaches each of them at a moment of its own within ten
    minutes, and all of them before the next one.
    """

    CAPS: ClassVar[tuple[int, int]]
    FIRST: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self._now = NOV_1 - 3 * DAY - 2 * _HOUR  # the month ends within
        self._total = self.FIRST
        self._shards: dict[int, _Shard] = {}
        self._gone: dict[int, _Shard] = {}
        self._days: Counter[int] = Counter()
        self._months: Counter[int] = Counter()
        for index in range(self._total):
            self._start(index, self._total)
        self._look_all()

    @rule(minutes=st.sampled_from([1, 9, 19, 30, 61]))
    def wait(self, minutes: int) -> None:
        """Let time pass."""
        self._pass(self._now + minutes * _MINUTE)

    @rule(days=st.integers(0, 2), minutes=st.sampled_from([-61, -30, -5, 0, 5, 30]))
    def wait_for_midnight(self, days: int, minutes: int) -> None:
        """Let time pass to where it matters."""
        midnight = (self._now // DAY + 1 + days) * DAY
        self._pass(max(self._now, midnight + minutes * _MINUTE))

    @rule(index=st.integers(0, _MOST - 1))
    def spend(self, index: int) -> None:
        """Have one spend everything that it may now."""
        self._spend(index)

    @rule()
    def spend_all(self) -> None:
        """Have all of them do so."""
        for index in tuple(self._shards):
            self._spend(index)

    @rule(
        total=st.integers(1, _MOST),
        delays=st.lists(
            st.floats(0, _ROLLOUT), min_size=_MOST, max_size=_MOST, unique=True
        ),
        is_greedy=st.booleans(),
    )
    def change(self, total: int, delays: list[float], *, is_greedy: bool) -> None:
        """Give all shards another number, one after the other."""
        total = max(total, self.FIRST)
        begin, self._total = self._now, total
        for index in sorted(range(_MOST), key=delays.__getitem__):
            self._pass(begin + delays[index])
            if is_greedy:
                self.spend_all()
            if index >= total:
                self._stop(index)
            else:
                self._stop(index)
                self._start(index, total)
                self._look(index)

    @rule(
        index=st.integers(0, _MOST - 1),
        minutes=st.sampled_from([0, 1, 15, 19, 21, 60, 1000]),
    )
    def restart(self, index: int, minutes: int) -> None:
        """Have one be away for so long."""
        if index in self._shards:
            self._shards[index].back_at = self._now + minutes * _MINUTE

    @precondition(lambda self: self._total > 1)
    @rule(index=st.integers(0, _MOST - 1))
    def lose_disk(self, index: int) -> None:
        """Have one begin with an empty disk."""
        self._gone.pop(index, None)
        if self._shards.pop(index, None) is not None:
            self._start(index, self._total)

    @invariant()
    def no_window_costs_more_than_its_cap(self) -> None:
        """Whoever spent it."""
        daily, monthly = self.CAPS
        assert max(self._days.values(), default=0) <= daily
        assert max(self._months.values(), default=0) <= monthly

    def _start(self, index: int, total: int) -> None:
        shard = self._gone.pop(index, None)
        if shard is None:
            shard = _Shard(total, self._now, seen_at=self._now)
            if total > 1:
                shard.shares = Shares.made_anew(total, self._now)
        shard.total, shard.back_at = total, self._now
        self._shards[index] = shard

    def _stop(self, index: int) -> None:
        if index in self._shards:
            self._gone[index] = self._shards.pop(index)

    def _pass(self, end: float) -> None:
        """Let time pass, with all that are there looking at their ledgers."""
        while self._now < end:
            self._now = min(end, self._now + PAUSE / 4)
            self._look_all()

    def _look_all(self) -> None:
        for index in self._shards:
            self._look(index)

    def _look(self, index: int) -> None:
        if self._shards[index].back_at <= self._now:
            self._shards[index].look(self._now)

    def _spend(self, index: int) -> None:
        """Spend what the ledger says is left, at once."""
        shard = self._shards.get(index)
        if shard is None or shard.back_at > self._now:
            return
        shard.look(self._now)
        windows, opened = Windows.at(self._now), Windows.at(shard.opened_at)
        booked = Sums(shard.days[windows.day], shard.months[windows.month], 0, 0)
        allowance = Allowance(*self.CAPS, shards=shard.total)
        opening = Opening(opened, self._now)
        money = min(allowance.left(opening, windows, booked, shard.shares))
        if money > 0:
            for days in (self._days, shard.days):
                days[windows.day] += money
            for months in (self._months, shard.months):
                months[windows.month] += money


class _Sharded(_Installation):
    """Always several, with a month that two days would use up."""

    CAPS = (10_007, 15_013)
    FIRST = 2


class _OneOrSeveral(_Installation):
    """Now and then only one, with caps of which the month's cannot be spent early."""

    CAPS = (10_007, 31 * 10_007)
    FIRST = 1


_SETTINGS = settings(deadline=None, max_examples=30, stateful_step_count=30)
TestSharded = _Sharded.TestCase
TestSharded.settings = _SETTINGS
TestOneOrSeveral = _OneOrSeveral.TestCase
TestOneOrSeveral.settings = _SETTINGS
