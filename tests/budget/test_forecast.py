"""What is told of the cost before anything was spent."""

from decimal import Decimal

import pytest

from tests.doubles import PaidSection, ScriptedProbe
from tm_exporter.budget.forecast import Forecast, forecast
from tm_exporter.budget.ledger import Caps
from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.observation import Demand, ProbeKey, Tokens


PRICES = PriceBook(Rates.per_million(Decimal(5), Decimal(15)), {}, {})


def foreseen(daily: str, monthly: str, worst: int = 2000) -> Forecast:
    """Return the forecast for two probes of 1.44 dollars a day each, and a free one."""
    demand = Demand(worst=Tokens(worst), expected=Tokens(200))
    paid = [
        ScriptedProbe(
            ProbeKey("eu", "serverless", name, "m"),
            PaidSection(interval="1m"),
            demands=(demand,),
        )
        for name in ("chat", "chat_stream")
    ]
    caps = Caps(Decimal(daily), Decimal(monthly))
    return forecast([*paid, ScriptedProbe()], PRICES, caps)


def test_the_sum_is_that_of_all_ranks() -> None:
    """Of a day, and of a month of 31 days."""
    found = foreseen("5", "100")

    assert [rank.rank for rank in found.ranks] == ["chat_stream", "chat"]
    assert [rank.stretched for rank in found.ranks] == [1.0, 1.0]
    assert round(found.daily_usd, 6) == Decimal("2.88")
    assert round(found.monthly_usd, 6) == 31 * Decimal("2.88")
    assert "5.00 USD for a million tokens of input, 15.00 of output" in found.prices
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("daily", "monthly", "warning"),
    [
        ("2.5", "100", "chat would run 1.4 times less often"),
        ("1", "100", "chat_stream would run 1.5 times less often; chat would be skip"),
        ("5", "70", "chat would run 1.8 times less often"),
    ],
)
def test_what_does_not_fit_gives_way(daily: str, monthly: str, warning: str) -> None:
    """And who reads the warning knows which probes."""
    (found,) = foreseen(daily, monthly).warnings

    assert found.startswith("`canary_budget` does not pay for every slot")
    assert warning in found


def test_a_run_that_no_cap_allows_is_named() -> None:
    """It would be skipped for ever without anybody knowing why."""
    *_, first, second = foreseen("0.5", "100", worst=100_000).warnings

    assert first == (
        "eu: chat for m can never run: one run may cost 0.50 USD, "
        "and `canary_budget` allows 0.50"
    )
    assert second.startswith("eu: chat_stream for m can never run")
