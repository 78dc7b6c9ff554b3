"""The prepaid credit, in every form in which it may be told."""

from decimal import Decimal
from typing import Any

import pytest

from tests.probes.test_free_probes import values
from tests.pulls.scripted import pulled
from tm_exporter.catalog import BILLING_BALANCE
from tm_exporter.facts import BalanceRead
from tm_exporter.money import Money
from tm_exporter.observation import Outcome, Reason
from tm_exporter.pulls.balance import BalancePull, BalanceSection


async def balance(payload: Any) -> Outcome:
    """Read the balance."""
    return await pulled(BalancePull, BalanceSection(), payload)


@pytest.mark.parametrize(
    ("message", "labels", "amount"),
    [
        pytest.param({"units": "12", "nanos": 500_000_000}, "USD", 12.5, id="parts"),
        pytest.param({"units": 12}, "USD", 12, id="number"),
        pytest.param({}, "USD", 0, id="zero-parts-left-out"),
        pytest.param({"nanos": -10_000_000}, "USD", -0.01, id="just-below-zero"),
        pytest.param({"units": "-3", "nanos": -500_000_000}, "USD", -3.5, id="debt"),
        pytest.param({"currencyCode": "EUR", "units": "1"}, "EUR", 1, id="currency"),
        pytest.param({"units": "1", "flags": [1]}, "USD", 1, id="unknown-field"),
        pytest.param(7.25, "USD", 7.25, id="bare-number"),
    ],
)
async def test_forms_of_a_balance(message: Any, labels: str, amount: float) -> None:
    """Each is one series, by currency, and the same as an exact fact."""
    outcome = await balance({"balance": message})

    (fact,) = outcome.facts
    assert values(outcome, BILLING_BALANCE) == {(labels,): amount}
    assert fact == BalanceRead(Money(labels, Decimal(str(amount))))


@pytest.mark.parametrize("payload", [{}, {"balance": None}])
async def test_a_balance_that_is_not_given_is_unknown(payload: Any) -> None:
    """An empty account would page somebody; an unset message must not."""
    outcome = await balance(payload)

    assert outcome.verdict.passed
    assert (outcome.samples, outcome.facts) == ((), ())


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b'{"balance": {"units": NaN}}', id="nan"),
        pytest.param(b'{"balance": Infinity}', id="infinity"),
        pytest.param(b'{"balance": 1e400}', id="beyond-floats"),
        pytest.param({"balance": {"units": "1e3"}}, id="exponent"),
        pytest.param({"balance": {"units": "9" * 19}}, id="beyond-int64"),
        pytest.param({"balance": {"units": "1", "nanos": 2**31}}, id="beyond-int32"),
        pytest.param({"balance": {"currencyCode": "points"}}, id="currency"),
        pytest.param({"balance": "twelve"}, id="text"),
        pytest.param([{"balance": {}}], id="list"),
    ],
)
async def test_an_absurd_balance(payload: Any) -> None:
    """A wrong amount would be worse than none."""
    outcome = await balance(payload)

    assert outcome.verdict.reason is Reason.BAD_PAYLOAD
    assert (outcome.samples, outcome.facts) == ((), ())
