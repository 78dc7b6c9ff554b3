"""From settings to the ledger, its caps and the prices that count."""

import time
from collections.abc import Callable, Mapping

from tm_exporter.budget.amounts import in_dollars, rounded_down
from tm_exporter.budget.ledger import Caps, Ledger, LedgerUnusable
from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.config.settings import Settings
from tm_exporter.config.state import NoStateDirectory, state_directory
from tm_exporter.config.target import Target


BELIEVED_AT_LEAST = 900.0
"""Seconds for which a price list is believed, however often it is read."""

_INTERVALS = 3


def caps(settings: Settings) -> Caps:
    """Return what this shard may spend, of the installation's share of the caps."""
    budget, shards = settings.canary_budget, settings.shard.total
    daily, monthly = budget.daily_usd * budget.share, budget.monthly_usd * budget.share
    if shards == 1:
        return Caps(daily, monthly)
    day, month = (rounded_down(cap) // shards for cap in (daily, monthly))
    return Caps(in_dollars(day), in_dollars(month), shards)


def ledger(
    settings: Settings, environ: Mapping[str, str], now: Callable[[], float] = time.time
) -> Ledger:
    """
    Return the ledger in the state directory; its file is not opened yet.

    Raises:
        LedgerUnusable: There is no place for state.
    """
    try:
        directory = state_directory(settings, environ)
    except NoStateDirectory as error:
        raise LedgerUnusable(str(error)) from None
    return Ledger(directory, caps(settings), now)


def price_book(
    settings: Settings, clock: Callable[[], float] = time.monotonic
) -> PriceBook:
    """Return the prices, of which none but the fallback is known yet."""
    return PriceBook(*price_terms(settings), clock=clock)


def price_terms(
    settings: Settings,
) -> tuple[Rates, Mapping[str, str | None], Mapping[str, float]]:
    """Return the fallback, who pays for whom, and how long a list is believed."""
    fallback = settings.canary_budget.fallback_price_per_million_tokens
    payers = {
        name: None if account is None else account.name
        for name, account in settings.payers().items()
    }
    lifetimes = {target.name: _believed_for(target) for target in settings.targets}
    return Rates.per_million(fallback.input, fallback.output), payers, lifetimes


def _believed_for(account: Target) -> float:
    """Return the seconds for which an account's price list is believed."""
    intervals = [
        section.interval
        for section in account.probes.values()
        if section.kind == "pricing"
    ]
    return max(BELIEVED_AT_LEAST, _INTERVALS * max(intervals, default=0.0))
