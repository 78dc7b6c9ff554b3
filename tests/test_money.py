"""Amounts, exact in every form they come in."""

from collections import defaultdict
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tm_exporter.money import Money, read_money, totals
from tm_exporter.wire.payloads import ShapeError


INT64 = st.integers(-(2**63), 2**63 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)


@given(INT64, INT32, st.booleans(), st.booleans())
def test_every_amount_is_read_exactly(
    units: int,
    nanos: int,
    units_as_text: bool,  # noqa: FBT001
    nanos_as_text: bool,  # noqa: FBT001
) -> None:
    """Each part counts with its own sign; nothing is rounded on the way."""
    message = {
        "currencyCode": "EUR",
        "units": str(units) if units_as_text else units,
        "nanos": str(nanos) if nanos_as_text else nanos,
    }

    money = read_money(message, "x")

    assert money is not None
    assert Fraction(money.amount) == units + Fraction(nanos, 10**9)


@given(INT64, INT32, st.sampled_from([None, "left out"]))
def test_a_part_that_is_missing_is_zero(units: int, nanos: int, gone: Any) -> None:
    """Protobuf leaves out what is zero, or writes null."""
    empty = {} if gone else {"units": None, "nanos": None}

    only_units = read_money(empty | {"units": units}, "x")
    only_nanos = read_money(empty | {"nanos": nanos}, "x")

    assert only_units == Money("USD", Decimal(units))
    assert only_nanos is not None
    assert Fraction(only_nanos.amount) == Fraction(nanos, 10**9)


@given(st.lists(st.tuples(st.sampled_from(["USD", "EUR", "JPY"]), INT64, INT32)))
def test_sums_are_exact_and_keep_currencies_apart(
    amounts: list[tuple[str, int, int]],
) -> None:
    """No order of the amounts makes a difference, and no cent gets lost."""
    read = [
        read_money({"currencyCode": code, "units": units, "nanos": nanos}, "x")
        for code, units, nanos in amounts
    ]

    found = totals(money for money in read if money is not None)

    expected: defaultdict[str, Fraction] = defaultdict(Fraction)
    for code, units, nanos in amounts:
        expected[code] += units + Fraction(nanos, 10**9)
    assert {code: Fraction(total) for code, total in found.items()} == expected


def test_the_precision_of_others_does_not_matter() -> None:
    """The context of decimals belongs to the thread, and anyone may change it."""
    message = {"units": str(2**63 - 1), "nanos": 999_999_999}

    with localcontext() as context:
        context.prec = 5
        money = read_money(message, "x")

    assert money == Money("USD", Decimal("9223372036854775807.999999999"))


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
        pytest.param({"units": 3.0}, Money("USD", Decimal(3)), id="whole-float"),
        pytest.param({"units": ""}, Money("USD", Decimal(0)), id="empty-text"),
        pytest.param(
            {"units": "-0", "nanos": -5},
            Money("USD", Decimal("-5e-9")),
            id="minus-zero",
        ),
        pytest.param(
            {"units": "5", "nanos": -1},
            Money("USD", Decimal("4.999999999")),
            id="mixed",
        ),
        pytest.param(
            {"currencyCode": "eur"}, Money("EUR", Decimal(0)), id="small-letters"
        ),
        pytest.param(12, Money("USD", Decimal(12)), id="bare-number"),
        pytest.param(-0.1, Money("USD", Decimal("-0.1")), id="bare-fraction"),
        pytest.param("-7.25", Money("USD", Decimal("-7.25")), id="bare-text"),
        pytest.param("7", Money("USD", Decimal(7)), id="bare-whole-text"),
    ],
)
def test_parts_may_be_missing(value: Any, expected: Money | None) -> None:
    """Protobuf leaves out what is zero; a message that is not set is unknown."""
    assert read_money(value, "x") == expected


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("five", id="text"),
        pytest.param("", id="empty-text"),
        pytest.param("NaN", id="text-nan"),
        pytest.param("1e9", id="text-with-exponent"),
        pytest.param("1_000", id="text-grouped"),
        pytest.param("\u0661", id="text-of-other-digits"),
        pytest.param(str(2**63), id="text-beyond-int64"),
        pytest.param("9" * 400, id="text-absurd"),
        pytest.param([], id="list"),
        pytest.param({"units": "five"}, id="words"),
        pytest.param({"units": 1.5}, id="fraction"),
        pytest.param({"units": "1" * 400}, id="absurd"),
        pytest.param({"nanos": True}, id="boolean"),
        pytest.param({"units": str(2**63)}, id="beyond-int64"),
        pytest.param({"units": -(2**63) - 1}, id="below-int64"),
        pytest.param({"units": 1e300}, id="huge"),
        pytest.param({"nanos": 2**31}, id="beyond-int32"),
        pytest.param({"nanos": "0.5"}, id="part-of-a-billionth"),
        pytest.param({"units": "1_000"}, id="grouped"),
        pytest.param({"units": "\u0661"}, id="other-digits"),
        pytest.param({"units": "NaN"}, id="nan"),
        pytest.param(True, id="bare-boolean"),
        pytest.param(float("nan"), id="bare-nan"),
        pytest.param(float("inf"), id="bare-infinity"),
        pytest.param(1e30, id="bare-absurd"),
        pytest.param({"currencyCode": 840}, id="currency-number"),
        pytest.param({"currencyCode": "US Dollar"}, id="currency-words"),
        pytest.param({"currencyCode": "U$D"}, id="currency-signs"),
    ],
)
def test_what_is_no_amount_is_refused(value: Any) -> None:
    """A wrong amount would be worse than none."""
    with pytest.raises(ShapeError):
        read_money(value, "x")
