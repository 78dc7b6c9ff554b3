"""For how long the money lasts."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.derivations.learned import Life, balance, every, of_account, spending, values
from tm_exporter.catalog import BILLING_RUNWAY_SECONDS
from tm_exporter.derivations.runway import SPAN, WINDOW, Runway, runway
from tm_exporter.facts import BalanceRead
from tm_exporter.observation import Observation


BALANCE = of_account("balance")
SPENDING = of_account("spending")
DAY = 86_400.0
FIVE_MINUTES = 300.0


class Account:
    """An account that is read every five minutes."""

    def __init__(self) -> None:
        self.life = Life()
        self.runway = Runway(every(FIVE_MINUTES), self.life.clock)

    def reads(self, read: BalanceRead) -> float | None:
        """Return the runway that comes with a balance."""
        return of(self.runway(self.life.learned(BALANCE, read)))

    def spends(self, currency: str = "USD", **windows: str) -> float | None:
        """Return the runway that comes with a spending."""
        spent = spending(currency, **windows)
        return of(self.runway(self.life.learned(SPENDING, spent)))

    def falls(self, start: str, by: str, seconds: float) -> float | None:
        """Read a balance that falls by so much an hour; return the last runway."""
        last = None
        for step in range(int(seconds / FIVE_MINUTES) + 1):
            gone = Decimal(by) * Decimal(step * FIVE_MINUTES) / 3600
            last = self.reads(balance(str(Decimal(start) - gone)))
            self.life.advance(FIVE_MINUTES)
        return last


def of(seen: Observation) -> float | None:
    """Return the runway of a run."""
    return values(seen, BILLING_RUNWAY_SECONDS).get("")


@pytest.mark.parametrize(
    ("left", "rates", "seconds"),
    [
        pytest.param("10", (0.1,), 100.0, id="one rate"),
        pytest.param("10", (0.1, 0.5, 0.2), 20.0, id="the fastest"),
        pytest.param("10", (0.0, 0.0), math.inf, id="nothing is spent"),
        pytest.param("10", (-0.5,), math.inf, id="it only grows"),
        pytest.param("10", (), None, id="no rate is known"),
        pytest.param("0", (0.1,), 0.0, id="nothing is left"),
        pytest.param("-3", (0.0,), 0.0, id="less than nothing is left"),
        pytest.param("-3", (), 0.0, id="then no rate is needed"),
    ],
)
def test_the_formula(left: str, rates: tuple[float, ...], seconds: float) -> None:
    """The balance over the fastest rate."""
    assert runway(Decimal(left), rates) == seconds


@given(
    left=st.decimals(-(10**12), 10**12, places=9),
    rates=st.lists(st.floats(-1e6, 1e6)),
)
def test_the_formula_knows_no_odd_number(left: Decimal, rates: list[float]) -> None:
    """A runway is a time: not negative, not NaN."""
    found = runway(left, rates)

    assert found is None or found >= 0


def test_a_balance_alone_says_nothing() -> None:
    """Without a rate, the runway is not known."""
    assert Account().reads(balance("25")) is None


def test_the_faster_window_counts() -> None:
    """An account that spends more than last week lasts as long as today's use lets."""
    account = Account()
    account.spends(_24h="2", _7d="7", _30d="300")

    assert account.reads(balance("10")) == pytest.approx(5 * DAY)


def test_last_week_counts_on_a_quiet_day() -> None:
    """A Sunday does not make the money last."""
    account = Account()
    account.spends(_24h="0", _7d="14")

    assert account.reads(balance("10")) == pytest.approx(5 * DAY)


def test_the_first_spending_does_not_wait_for_the_next_balance() -> None:
    """Which of both is read first in a process is chance."""
    account = Account()
    assert account.reads(balance("10")) is None
    account.life.advance(10)

    assert account.spends(_24h="2", _7d="2") == pytest.approx(5 * DAY)


def test_a_spending_does_not_lengthen_the_life_of_a_balance() -> None:
    """A runway is as young as the balance that it is made of."""
    account = Account()
    account.reads(balance("10"))
    account.life.advance(FIVE_MINUTES)

    assert account.spends(_24h="2", _7d="2") is None


def test_nothing_spent_lasts_without_end() -> None:
    """And is said so: infinite is a value here."""
    account = Account()
    account.spends(_24h="0", _7d="0")

    assert account.reads(balance("10")) == math.inf


def test_an_old_spending_is_no_rate() -> None:
    """It was gone from the page as well."""
    account = Account()
    account.spends(_24h="2", _7d="2")
    account.life.advance(901)

    assert account.reads(balance("10")) is None


def test_another_currency_is_no_rate() -> None:
    """Euros do not use up dollars."""
    account = Account()
    account.spends("EUR", _24h="2", _7d="2")

    assert account.reads(balance("10")) is None


def test_accounts_do_not_mix() -> None:
    """What one spends does not use up another one's balance."""
    account = Account()
    account.spends(_24h="2", _7d="2")

    other = account.life.learned(of_account("balance", "other"), balance("10"))
    assert of(account.runway(other)) is None


def test_a_fall_that_the_windows_do_not_show_yet() -> None:
    """A leak of an hour ago is a rate of its own."""
    account = Account()

    assert account.falls("25", "1.5", SPAN) == pytest.approx(23.5 / 1.5 * 3600)


def test_a_fall_is_no_rate_at_first() -> None:
    """One request, or one lump of billing, is not the speed of an account."""
    account = Account()

    assert account.falls("25", "1.5", SPAN - FIVE_MINUTES) is None


def test_a_balance_that_stands_still() -> None:
    """Nothing was spent while it was watched, and nothing else is known."""
    account = Account()

    assert account.falls("25", "0", SPAN) == math.inf


def test_a_top_up_is_not_a_rate() -> None:
    """The fall is measured from there; the money that came counts at once."""
    account = Account()
    account.falls("25", "1", 2 * SPAN)
    assert account.reads(balance("123")) is None

    assert account.falls("123", "1", SPAN) == pytest.approx(122 * 3600)


def test_what_was_hours_ago_is_not_the_rate_of_now() -> None:
    """An hour of much use yesterday has no part in it."""
    account = Account()
    account.falls("100", "10", SPAN)

    assert account.falls("89", "1", WINDOW + SPAN) == pytest.approx(82 * 3600)


def test_readings_from_before_a_gap_are_dropped() -> None:
    """After a weekend without a token, one new reading is not a rate."""
    account = Account()
    account.falls("25", "1", 2 * SPAN)
    account.life.advance(2 * DAY)

    assert account.reads(balance("3")) is None


def test_how_much_is_kept_is_bounded() -> None:
    """However often a balance is read."""
    account = Account()
    for _ in range(5000):
        account.reads(balance("25"))
        account.life.advance(1.0)

    assert len(account.runway._falls["account"].readings) <= 5000 / 60 + 1
