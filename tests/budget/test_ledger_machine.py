"""Whatever happens in whatever order: no day and no month costs more than its cap."""

import tempfile
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
)

from tests.budget.conftest import NOV_1
from tests.doubles import FakeClock
from tm_exporter.budget.ledger import Caps, Ledger, Reservation
from tm_exporter.budget.windows import Windows
from tm_exporter.observation import ProbeKey


_HOUR = 3600.0
_DAY = 24 * _HOUR
_CAPS = Caps(Decimal(2), Decimal(5))
_KEY = ProbeKey("eu", "serverless", "chat", "gpt")
_AMOUNTS = st.sampled_from([Decimal(n) / 20 for n in (1, 2, 5, 9, 19)])
_PARTS = st.sampled_from([Decimal(n) for n in ("1", "0.5", "0")])
_RARELY = st.sampled_from([False, False, False, True])
_LEDGERS = st.integers(min_value=0, max_value=2)


class Spending(RuleBasedStateMachine):
    """
    Three processes on one directory, and the service's own books.

    The service charges a run at some moment while it is under way: by the clock of
    this machine, and by one that is never set back. Both books must hold. A run is
    under way for less than an hour, and is over when the clock is set back.
    """

    runs = Bundle("runs")
    charged = Bundle("charged")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._clock = FakeClock(NOV_1)
        self._ledgers = [self._new() for _ in range(3)]
        self._ledgers[0].left()  # made when the whole caps are there
        self._clock.seconds = self._latest = NOV_1 + 29 * _DAY + 23 * _HOUR
        self._ledgers[0].left()
        self._time = 0.0  # by a clock that nobody sets
        self._by_clock: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
        self._by_latest: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
        self._under_way: dict[int, tuple[Decimal, float]] = {}

    def teardown(self) -> None:
        """Let go of the files."""
        for ledger in self._ledgers:
            ledger.close()
        self._folder.cleanup()

    @rule(target=runs, which=_LEDGERS, worst=_AMOUNTS, asked=_RARELY)
    def reserve(self, which: int, worst: Decimal, *, asked: bool) -> Reservation | None:
        """Begin a run, if there is money."""
        return self._reserve(which, worst, asked=asked)

    @rule(which=_LEDGERS)
    def spend_all(self, which: int) -> None:
        """Run whatever is admitted, and be charged for all of it."""
        for worst in (Decimal(n) / 20 for n in (39, 19, 9, 5, 2, 1)):
            if run := self._reserve(which, worst):
                self._ledgers[which].settle(run, self._charge(run.entry, Decimal(1)))

    @rule(target=charged, run=consumes(runs), part=_PARTS)
    def charge(
        self, run: Reservation | None, part: Decimal
    ) -> tuple[Reservation, Decimal] | None:
        """Let the service charge a run that is under way; a dead one has been."""
        if run is None or run.entry not in self._under_way:
            return None
        return run, self._charge(run.entry, part)

    @rule(run=consumes(charged), which=_LEDGERS)
    def settle(self, run: tuple[Reservation, Decimal] | None, which: int) -> None:
        """Book what a run did cost, by the process that is there now."""
        if run is not None:
            self._ledgers[which].settle(*run)

    @rule(which=_LEDGERS)
    def die(self, which: int) -> None:
        """Kill a process, and start it again."""
        self._ledgers[which].close()
        self._ledgers[which] = self._new()

    @rule(minutes=st.sampled_from([5, 50]))
    def wait(self, minutes: int) -> None:
        """Let time pass, also over midnight, with runs under way."""
        self._step(minutes * 60)

    @rule(hours=st.sampled_from([2, 12, 23]))
    def wait_long(self, hours: int) -> None:
        """Let more time pass, or set the clock ahead."""
        self._step(hours * _HOUR)

    @rule(hours=st.sampled_from([1, 3]))
    def set_back(self, hours: int) -> None:
        """Set the clock back, not so far that the ledger would be refused."""
        if self._latest - self._clock.seconds + hours * _HOUR < _DAY:
            for entry in tuple(self._under_way):
                self._charge(entry, Decimal(1))
            self._clock.advance(-hours * _HOUR)

    @invariant()
    def no_window_costs_more_than_its_cap(self) -> None:
        """Neither by the clock as it is, nor by one that is never set back."""
        for book in (self._by_clock, self._by_latest):
            for (window, _), spent in book.items():
                assert spent <= (_CAPS.daily if window == "day" else _CAPS.monthly), (
                    book
                )

    @rule()
    def compare(self) -> None:
        """Ask all processes; nothing is kept in one that others had to know."""
        assert len({self._ledgers[which].left() for which in (0, 1, 2)}) == 1

    def _reserve(
        self, which: int, worst: Decimal, *, asked: bool = False
    ) -> Reservation | None:
        reservation = self._ledgers[which].reserve(_KEY, worst, asked=asked)
        if reservation is not None:
            self._under_way[reservation.entry] = worst, self._time
        return reservation

    def _new(self) -> Ledger:
        return Ledger(Path(self._folder.name), _CAPS, self._clock)

    def _step(self, seconds: float) -> None:
        """Advance the clock; what would be under way for an hour is charged before."""
        self._time += seconds
        for entry, (_, begun) in tuple(self._under_way.items()):
            if self._time - begun >= _HOUR:
                self._charge(entry, Decimal(1))
        self._clock.advance(seconds)
        self._ledgers[0].left()  # as a daemon does each minute
        self._latest = max(self._latest, self._clock.seconds)

    def _charge(self, entry: int, part: Decimal) -> Decimal:
        worst, _ = self._under_way.pop(entry)
        cost = worst * part
        for book, seconds in (
            (self._by_clock, self._clock.seconds),
            (self._by_latest, self._latest),
        ):
            windows = Windows.at(seconds)
            book["day", windows.day] += cost
            book["month", windows.month] += cost
        return cost


TestSpending = Spending.TestCase
TestSpending.settings = settings(
    deadline=None, max_examples=100, stateful_step_count=30
)
