"""US dollars as whole numbers, which SQLite adds without an error."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext


PLACES = 12
"""Decimal places: a token of the cheapest model costs thousands of such units."""

MOST = 10 ** (PLACES + 6)
"""Picodollars that one entry holds at most: nine times as much fits into 64 bits."""


def rounded_up(dollars: Decimal) -> int:
    """
    Return dollars as picodollars, at least as much.

    Raises:
        ValueError: It is less than nothing, or no number.
    """
    if not dollars.is_finite() or dollars < 0:
        raise ValueError(f"{dollars} is no cost")
    return _scaled(dollars, ROUND_CEILING)


def rounded_down(dollars: Decimal) -> int:
    """Return dollars as picodollars, at most as much."""
    return _scaled(dollars, ROUND_FLOOR)


def in_dollars(picodollars: int) -> Decimal:
    """Return picodollars as dollars, exactly."""
    return Decimal(picodollars).scaleb(-PLACES)


def _scaled(dollars: Decimal, rounding: str) -> int:
    """Shift the point, with more digits than the usual 28 so that none is lost."""
    with localcontext(prec=100):
        return int(dollars.scaleb(PLACES).to_integral_value(rounding))
