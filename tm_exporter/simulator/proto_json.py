"""The habits of protobuf-JSON: money, times, zero values and pages."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from starlette.datastructures import QueryParams

from tm_exporter.simulator.refusal import gateway_error


_NANOS = 1_000_000_000


def money(amount: Decimal) -> dict[str, Any]:
    """
    Return an amount of US dollars as a Money message.

    Both parts carry the sign. Exact to a billionth, which every price times a whole
    number of tokens is.
    """
    nanos = int(amount * _NANOS)
    sign = -1 if nanos < 0 else 1
    units, rest = divmod(abs(nanos), _NANOS)
    return {"currencyCode": "USD", "units": str(sign * units), "nanos": sign * rest}


def timestamp(seconds: float) -> str:
    """Return seconds since the epoch as RFC3339 in UTC, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def seconds_of(query: QueryParams, name: str, default: float) -> float:
    """
    Return a time of a query, in seconds since the epoch.

    Raises:
        Refusal: 400 if it is no RFC3339 time.
    """
    text = query.get(name)
    if not text:
        return default
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise gateway_error(400, 3, f"{name} is no time: {text}") from None


def number_of(query: QueryParams, name: str, default: int) -> int:
    """
    Return a positive number of a query.

    Raises:
        Refusal: 400 if it is none.
    """
    text = query.get(name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise gateway_error(400, 3, f"{name} is no positive number: {text}")
    return int(text)


def numbered_page(
    key: str, items: Sequence[Any], query: QueryParams, limit: int
) -> dict[str, Any]:
    """Return one page of a list that is paged by `page`, from 1, and `size`."""
    page = number_of(query, "page", 1)
    size = min(number_of(query, "size", 10), limit)
    start = (page - 1) * size
    shown = list(items[start : start + size])
    return {key: shown, "page": page, "size": size, "total": len(items)}


def cursor_page(
    key: str, items: Sequence[Any], query: QueryParams, limit: int
) -> dict[str, Any]:
    """Return one page of a list that is paged by `pageSize` and `pageToken`."""
    size = min(number_of(query, "pageSize", 10), limit)
    start = _position(query.get("pageToken", ""))
    end = start + size
    token = base64.urlsafe_b64encode(f"after:{end}".encode()).decode()
    following = token if end < len(items) else ""
    return {key: list(items[start:end]), "nextPageToken": following}


def without_zero_values(value: Any) -> Any:
    """Return a message as it is written when zero values are left out."""
    if isinstance(value, list):
        return [without_zero_values(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: without_zero_values(member)
        for name, member in value.items()
        if not _is_zero(member)
    }


def _is_zero(value: Any) -> bool:
    if isinstance(value, dict):
        return False  # a message that is set is written even if it is empty
    unspecified = isinstance(value, str) and value.endswith("_UNSPECIFIED")
    return not value or value == "0" or unspecified


def _position(token: str) -> int:
    if not token:
        return 0
    try:
        name, _, position = base64.urlsafe_b64decode(token).decode().partition(":")
    except ValueError:
        name, position = "", ""
    if name != "after" or not position.isdigit():
        raise gateway_error(400, 3, "pageToken is not one of ours")
    return int(position)
