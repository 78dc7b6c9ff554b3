"""How `check` tells what the paid probes are expected to cost."""

from decimal import Decimal
from typing import Any

from tm_exporter.budget.forecast import Forecast, RankCost


_DIGITS = 6


def cost_lines(cost: Forecast | None) -> list[str]:
    """Return the lines for people, by rank and in all; none if nothing is paid for."""
    if cost is None or not cost.ranks:
        return []
    caps = cost.caps
    return [
        f"at {cost.prices}, every answer as long as it may be",
        *map(_line, cost.ranks),
        (
            f"in all: {_dollars(cost.daily_usd)} USD a day of {_dollars(caps.daily)}, "
            f"{_dollars(cost.monthly_usd)} a month of {_dollars(caps.monthly)}"
        ),
    ]


def _line(rank: RankCost) -> str:
    probes = ", ".join(rank.probes)
    text = (
        f"{probes} ({rank.count}): {_dollars(rank.daily_usd)} USD a day, "
        f"{_dollars(rank.monthly_usd)} a month"
    )
    if rank.stretched is None:
        return f"{text}; skipped, as the budget is used up by what goes first"
    if rank.stretched > 1:
        return f"{text}; intervals are stretched {rank.stretched:g} times"
    return text


def _dollars(amount: Decimal) -> str:
    return f"{amount:.4f}" if amount < 1 else f"{amount:.2f}"


def cost_fields(cost: Forecast | None) -> dict[str, Any] | None:
    """Return the same for programs, in US dollars."""
    if cost is None:
        return None
    return {
        "daily_usd": _number(cost.daily_usd),
        "monthly_usd": _number(cost.monthly_usd),
        "daily_cap_usd": _number(cost.caps.daily),
        "monthly_cap_usd": _number(cost.caps.monthly),
        "prices": cost.prices,
        "ranks": [
            {
                "rank": rank.rank,
                "probes": list(rank.probes),
                "count": rank.count,
                "daily_usd": _number(rank.daily_usd),
                "monthly_usd": _number(rank.monthly_usd),
                "stretched": rank.stretched,
                "skipped": rank.stretched is None,
            }
            for rank in cost.ranks
        ],
    }


def _number(amount: Decimal) -> float:
    return round(float(amount), _DIGITS)
