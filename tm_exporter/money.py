"""
Amounts of money, exact.

Source: the Control Plane's `Money` message in protobuf's JSON form.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from tm_exporter.wire.payloads import ShapeError, integer_of, object_of, text_of


_EXACT = Context(prec=40)  # an int64 and nine more digits, whatever the context is
_INT64 = 2**63
_INT32 = 2**31
_NUMBER = re.compile(r"[+-]?\d{1,19}(?:\.\d{1,18})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_DEFAULT_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Money:
    """
    An amount in a currency; amounts in different ones are never added.

    Attributes:
        currency: ISO 4217 code; USD, the service's only one, where none is given.
        amount: In units of the currency.
    """

    currency: str
    amount: Decimal


def read_money(value: Any, what: str) -> Money | None:
    """
    Read `{currencyCode, units, nanos}`; None where the message is missing.

    `units` is an int64 and comes as a string, `nanos` an int32; parts that are zero
    may be left out, and each counts with its own sign. A bare number, as a string
    or not, is an amount in the default currency.

    Raises:
        ShapeError: It is there, and is no amount.
    """
    if value is None:
        return None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        return Money(_DEFAULT_CURRENCY, _bare(value, what))
    fields: Mapping[str, Any] = object_of(value, what)
    units = integer_of(
        fields.get("units"), f"{what}.units", least=-_INT64, most=_INT64 - 1
    )
    nanos = integer_of(
        fields.get("nanos"), f"{what}.nanos", least=-_INT32, most=_INT32 - 1
    )
    currency = _currency(fields.get("currencyCode"), f"{what}.currencyCode")
    amount = _EXACT.add(Decimal(units), Decimal(nanos).scaleb(-9, _EXACT))
    return Money(currency, amount)


def totals(amounts: Iterable[Money]) -> dict[str, Decimal]:
    """Return the sum of each currency, in order of the first amount of each."""
    sums: dict[str, Decimal] = {}
    for money in amounts:
        before = sums.get(money.currency, Decimal(0))
        sums[money.currency] = _EXACT.add(before, money.amount)
    return sums


def _bare(number: float | str, what: str) -> Decimal:
    """Return the amount that a number shows; its digits, not its bits."""
    if isinstance(number, str) and _NUMBER.fullmatch(number) is None:
        raise ShapeError(f"{what} is no amount")
    if not isinstance(number, str) and not abs(number) < _INT64:  # nor is NaN
        raise ShapeError(f"{what} is beyond all bounds")
    amount = Decimal(str(number))
    if amount.copy_abs() >= _INT64:
        raise ShapeError(f"{what} is beyond all bounds")
    return amount


def _currency(value: Any, what: str) -> str:
    """Return the code in capitals, so that it can be a label."""
    code = text_of(value, what) or _DEFAULT_CURRENCY
    if _CURRENCY.fullmatch(code) is None:
        raise ShapeError(f"{what} is no currency")
    return code.upper()
