"""What a run is charged with."""

from decimal import Decimal

import pytest

from tests.doubles import PaidSection, ScriptedProbe
from tm_exporter.budget.costs import Costs
from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.observation import PASSED, Demand, Outcome, Reason, Tokens, Verdict


COSTS = Costs(PriceBook(Rates(Decimal(1), Decimal(10), Decimal(1)), {}, {}))
PAIR = ScriptedProbe(
    section=PaidSection(),
    demands=(
        Demand(worst=Tokens(60, 5), expected=Tokens(20, 5)),
        Demand(worst=Tokens(80, 5), expected=Tokens(20, 5)),
    ),
)


def test_before_a_run_its_demands_are_added_up() -> None:
    """All requests of it, at worst and as expected."""
    assert COSTS.worst(PAIR) == 60 + 50 + 80 + 50
    assert COSTS.expected(PAIR) == 2 * (20 + 50)


@pytest.mark.parametrize(
    ("used", "cost"),
    [
        pytest.param((), 0, id="nothing-begun"),
        pytest.param((Tokens(7, 1),), 17, id="the-first-only"),
        pytest.param((Tokens(7, 1), Tokens(8, 2)), 45, id="both"),
        pytest.param((Tokens(7, 1), None), 17 + 130, id="the-second-unknown"),
        pytest.param((None,), 110, id="the-first-unknown"),
        pytest.param((Tokens(7, 1),) * 3, 51, id="more-than-demanded"),
    ],
)
def test_each_request_that_was_begun_is_charged(
    used: tuple[Tokens | None, ...], cost: int
) -> None:
    """With what it used, or its own worst where nobody knows."""
    assert COSTS.of_run(PAIR, Outcome(verdict=PASSED, used=used)) == cost


def test_a_fault_of_our_own_costs_the_worst() -> None:
    """Who knows what was sent."""
    crashed = Outcome(verdict=Verdict(Reason.INTERNAL))

    assert COSTS.of_run(PAIR, crashed) == COSTS.worst(PAIR)
