"""From settings to the ledger, its caps and the prices that count."""

import time
from collections.abc import Callable, Mapping

from tm_exporter.budget.ledger import Caps, Ledger, LedgerUnusable
from tm_exporter.budget.prices import PriceBook, Rates
from tm_exporter.config.settings import Settings
from tm_exporter.config.state import NoStateDirectory, state_directory
from tm_exporter.config.target import Target


BELIEVED_AT_LEAST = 900.0
"""Seconds for which a price list is believed, however often it is read."""

_INTERVALS = 3


def caps(settings: Settings) -> Caps:
    """Return what this installation may spend: its share of the caps."""
    budget = settings.canary_budget
    return Caps(budget.daily_usd * budget.share, budget.monthly_usd * budget.share)


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
    fallback = settings.canary_budget.fallback_price_per_million_tokens
    payers = {}
    for target in settings.targets:
        account = settings.account_of(target)
        payers[target.name] = None if account is None else account.name
    return PriceBook(
        fallback=Rates.per_million(fallback.input, fallback.output),
        payers=payers,
        lifetimes={target.name: _believed_for(target) for target in settings.targets},
        clock=clock,
    )


def _believed_for(account: Target) -> float:
    """Return the seconds for which an account's price list is believed."""
    intervals = [
        section.interval
        for section in account.probes.values()
        if section.kind == "pricing"
    ]
    return max(BELIEVED_AT_LEAST, _INTERVALS * max(intervals, default=0.0))
