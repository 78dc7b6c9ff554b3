"""Amounts, exact in every form they come in."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.money import Money, read_money
from tm_exporter.payloads import ShapeError


@given(st.integers(0, 2**63 - 1), st.integers(0, 999_999_999), st.booleans())
def test_every_amount_is_read_exactly(units: int, nanos: int, negative: bool) -> None:  # noqa: FBT001
    """Both parts carry the sign; nothing is rounded on the way."""
    sign = -1 if negative else 1

    money = read_money(
        {"currencyCode": "EUR", "units": str(sign * units), "nanos": sign * nanos}, "x"
    )

    assert money is not None
    assert money.amount * 10**9 == sign * (units * 10**9 + nanos)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, None, id="not-set"),
        pytest.param({}, Money("USD", Decimal(0)), id="all-parts-zero"),
        pytest.param({"units": 3}, Money("USD", Decimal(3)), id="units-as-number"),
        pytest.param({"nanos": -5}, Money("USD", Decimal("-5e-9")), id="nanos-alone"),
        pytest.param(
            {"currencyCode": "EUR", "units": "1", "nanos": None},
            Money("EUR", Decimal(1)),
            id="null-part",
        ),
    ],
)
def test_parts_may_be_missing(value: Any, expected: Money | None) -> None:
    """Protobuf leaves out what is zero; a message that is not set is unknown."""
    assert read_money(value, "x") == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("5", id="text"),
        pytest.param([], id="list"),
        pytest.param({"units": "five"}, id="words"),
        pytest.param({"units": 1.5}, id="fraction"),
        pytest.param({"units": "1" * 400}, id="absurd"),
        pytest.param({"nanos": True}, id="boolean"),
        pytest.param({"currencyCode": 840}, id="currency-number"),
    ],
)
def test_what_is_no_amount_is_refused(value: Any) -> None:
    """A wrong amount would be worse than none."""
    with pytest.raises(ShapeError):
        read_money(value, "x")
