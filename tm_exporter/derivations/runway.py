"""
For how long an account's balance lasts, at the fastest of three rates.

    runway = balance / max(rates)

* `spend24h` over 24 hours, and `spend7d` over 7 days, as the account tells them;
* the fall of the balance that was seen here: the slope of a least-squares line
  through the readings of the last `WINDOW`, since the last top-up, once they span
  at least `SPAN` and are at least `READINGS`. A reading above the one before is a
  top-up. Readings closer than `WINDOW / MOST` to the last one kept are left out.

A rate that is not known (older than its gauge may be, in another currency, not
given) is left out; with none there is no runway, unless nothing is left: the runway
of a balance of zero or less is 0. If nothing is spent at any of the rates that are
known, it is +Inf.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import linear_regression

from tm_exporter.catalog import BILLING_RUNWAY_SECONDS
from tm_exporter.derivations.latest import IntervalOf, Latest
from tm_exporter.facts import BalanceRead, SpendingRead
from tm_exporter.money import Money
from tm_exporter.observation import Observation, Sample


WINDOW = 6 * 3600.0
"""Seconds of readings that the own rate is made of."""

SPAN = 3600.0
"""Seconds that they must span, so that one lump of billing is not taken for a rate."""

READINGS = 6
"""How many there must be."""

MOST = 360
"""How many there can be."""

_SECONDS = {"24h": 86_400.0, "7d": 7 * 86_400.0}
_SAME_TIME = 60.0


def runway(balance: Decimal, rates: Iterable[float]) -> float | None:
    """
    Return for how many seconds a balance lasts at the fastest rate.

    Args:
        balance: In units of a currency.
        rates: In the same units a second, those that are known.

    Returns:
        0 where nothing is left, infinity where nothing is spent, None where no
        rate is known.
    """
    if balance <= 0:
        return 0.0
    fastest = max(rates, default=None)
    if fastest is None:
        return None
    return float(balance) / fastest if fastest > 0 else math.inf


@dataclass(slots=True)
class Fall:
    """
    The readings of one account's balance that belong together.

    Attributes:
        currency: Of the readings.
        readings: Monotonic seconds and balance, the oldest first.
        last: The last balance that was read, kept or not.
    """

    currency: str
    readings: deque[tuple[float, Decimal]] = field(
        default_factory=lambda: deque(maxlen=MOST)
    )
    last: Decimal | None = None

    def take(self, now: float, balance: Money) -> None:
        """Add a reading; begin anew after a top-up, and in another currency."""
        is_other = balance.currency != self.currency
        if is_other or (self.last is not None and balance.amount > self.last):
            self.readings.clear()
        self.currency, self.last = balance.currency, balance.amount
        while self.readings and self.readings[0][0] < now - WINDOW:
            self.readings.popleft()
        if not self.readings or now - self.readings[-1][0] >= WINDOW / MOST:
            self.readings.append((now, balance.amount))

    @property
    def rate(self) -> float | None:
        """Units of the currency a second; None where too little was read."""
        if len(self.readings) < READINGS:
            return None
        start, highest = self.readings[0]
        seconds = [at - start for at, _ in self.readings]
        if seconds[-1] < SPAN:
            return None
        # What is gone since the first reading: small numbers, so that floats do.
        gone = [float(highest - amount) for _, amount in self.readings]
        return linear_regression(seconds, gone).slope


class Runway:
    """
    Adds `tensormesh_billing_runway_seconds` to what is read of an account.

    Every balance gets one, and besides a spending that is read within a minute of a
    balance: so the first one of a process does not wait for the second balance.

    Args:
        interval_of: How often a probe runs.
        clock: Monotonic seconds.
    """

    def __init__(
        self, interval_of: IntervalOf, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._balances = Latest(BalanceRead, interval_of, clock)
        self._spending = Latest(SpendingRead, interval_of, clock)
        self._falls: dict[str, Fall] = {}

    def __call__(self, observation: Observation) -> Observation:
        """Return the observation with the runway that follows from it."""
        account = observation.key.target
        read = self._balances.note(observation)
        spent = self._spending.note(observation)
        if read is not None:
            fall = self._falls.setdefault(account, Fall(read.balance.currency))
            fall.take(self._clock(), read.balance)
        elif spent is None:
            return observation
        seconds = self._runway(account)
        if seconds is None:
            return observation
        return observation.plus([Sample(BILLING_RUNWAY_SECONDS, seconds)])

    def forget_target(self, target: str) -> None:
        """Drop what an account told that is no longer configured."""
        self._falls.pop(target, None)
        self._balances.forget_target(target)
        self._spending.forget_target(target)

    def _runway(self, account: str) -> float | None:
        """Return the runway of a balance that was read just now."""
        known = self._balances.known(account)
        if known is None or known.age > _SAME_TIME:
            return None
        balance = known.fact.balance
        return runway(balance.amount, self._rates(account, balance.currency))

    def _rates(self, account: str, currency: str) -> Iterator[float]:
        """Yield the rates that are known, in units of the currency a second."""
        spending = self._spending.of(account)
        for window, spent in () if spending is None else spending.windows:
            if window in _SECONDS and spent.currency == currency:
                yield float(spent.amount) / _SECONDS[window]
        fall = self._falls.get(account)
        if fall is not None and fall.currency == currency and fall.rate is not None:
            yield fall.rate
