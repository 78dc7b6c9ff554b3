"""Days, months and amounts as the ledger counts them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.budget.amounts import in_dollars, rounded_down, rounded_up
from tm_exporter.budget.windows import DAY, Windows, date_of


@pytest.mark.parametrize(
    ("moment", "day", "month"),
    [
        ("2026-11-01T00:00:00", Fraction(1), Fraction(1)),
        ("2026-11-30T18:00:00", Fraction(1, 4), Fraction(1, 120)),
        ("2028-02-29T12:00:00", Fraction(1, 2), Fraction(1, 58)),
        ("2026-12-31T23:59:59", Fraction(1, DAY), Fraction(1, 31 * DAY)),
        ("2026-12-31T23:59:59.5", Fraction(0), Fraction(0)),
    ],
)
def test_shares_to_come(moment: str, day: Fraction, month: Fraction) -> None:
    """Of the day and of the month, whatever its length."""
    seconds = datetime.fromisoformat(f"{moment}+00:00").timestamp()
    windows = Windows.at(seconds)
    assert (windows.unexpired_day, windows.unexpired_month) == (day, month)
    assert date_of(windows.day) == moment[:10]


@given(st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 31)))  # noqa: DTZ001
def test_windows_are_those_of_utc(moment: datetime) -> None:
    """Later days and months have higher numbers, by one."""
    moment = moment.replace(tzinfo=UTC)
    windows = Windows.at(moment.timestamp())
    tomorrow = Windows.at((moment + timedelta(days=1)).timestamp())
    assert windows.day + 1 == tomorrow.day
    assert windows.month == 12 * moment.year + moment.month - 1
    assert tomorrow.month in {windows.month, windows.month + 1}
    assert 0 <= windows.unexpired_day <= 1
    assert 0 <= windows.unexpired_month <= 1


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=15))
def test_amounts_are_rounded_by_less_than_one_unit(dollars: Decimal) -> None:
    """Up for what is spent, down for what may be."""
    up, down = rounded_up(dollars), rounded_down(dollars)
    assert down <= dollars * 10**12 <= up <= down + 1
    assert in_dollars(down) <= dollars <= in_dollars(up)
