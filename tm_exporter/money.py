"""
Amounts of money, exact.

Source: the Control Plane's `Money` message in protobuf's JSON form.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tm_exporter.payloads import ShapeError, object_of, text_of


_NANO = Decimal(1).scaleb(-9)
_WHOLE = re.compile(r"[+-]?\d{1,19}")
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

    `units` is an int64 and comes as a string, `nanos` a number; parts that are
    zero may be left out, and both carry the sign.

    Raises:
        ShapeError: It is there, and is no amount.
    """
    if value is None:
        return None
    fields: Mapping[str, Any] = object_of(value, what)
    units = _whole(fields.get("units"), f"{what}.units")
    nanos = _whole(fields.get("nanos"), f"{what}.nanos")
    currency = text_of(fields.get("currencyCode"), f"{what}.currencyCode")
    return Money(currency or _DEFAULT_CURRENCY, Decimal(units) + nanos * _NANO)


def _whole(value: Any, what: str) -> int:
    """Return a whole number that came as a number or as a string; 0 for nothing."""
    if value is None:
        return 0
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise ShapeError(f"{what} is not a whole number")
