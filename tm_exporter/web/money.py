"""What the account has left, and what the canaries may still spend."""

from collections.abc import Iterator, Sequence

from tm_exporter.views.status import (
    AccountStatus,
    BudgetStatus,
    BudgetWindow,
    Status,
    TargetStatus,
)
from tm_exporter.web.html import Html, tag
from tm_exporter.web.parts import paragraphs, section, text
from tm_exporter.web.words import amount, lapse, money


_USD = "USD"
_THIS = {"day": "today", "month": "this month"}


def money_section(status: Status) -> Html | None:
    """Return what is told of money; None where nothing is."""
    sentences = [*_accounts(status.targets), *_budget(status.budget)]
    return section("Money", paragraphs(sentences), id_="money") if sentences else None


def _accounts(targets: Sequence[TargetStatus]) -> Iterator[Html]:
    for target in targets:
        if target.account is not None:
            yield tag("span", f"{target.target}: {_account(target.account)}")


def _account(account: AccountStatus) -> str:
    amounts = [money(value, currency) for currency, value in account.balance.items()]
    left = f"balance {' and '.join(amounts)}"
    if account.is_idle:
        return f"{left}; nothing is being spent."
    if account.runway_seconds is None:
        return f"{left}; for how long it lasts is not known yet."
    if account.runway_seconds <= 0:
        return f"{left}: nothing is left. Top up."
    return f"{left}, which lasts for about {lapse(account.runway_seconds)}."


def _budget(budget: BudgetStatus | None) -> Iterator[Html | str]:
    """Yield what is said of the canary budget; nothing where nothing is paid for."""
    if budget is None or budget.ledger == "unused":
        return
    if budget.ledger == "unusable":
        yield text(
            f"No paid probe runs, since the ledger cannot be used: {budget.detail}"
        )
    elif budget.detail:
        yield text(f"Less is spent than `canary_budget` allows: {budget.detail}.")
    yield from map(_window, budget.windows)
    for probe, factor in budget.stretched.items():
        yield f"{probe} runs {factor:.3g} times less often, so that the money lasts."
    if budget.skipped:
        yield f"No money is left for {', '.join(budget.skipped)}."


def _window(window: BudgetWindow) -> Html:
    """Return how much of a window's money is left, as words and as a bar."""
    limit = money(window.limit_usd, _USD)
    this = _THIS[window.window]
    if window.remaining_usd is None:
        return tag("span", f"Canaries may spend {limit} {this}.")
    left = max(0.0, window.remaining_usd)
    meter = tag(
        "meter",
        min=0,
        max=window.limit_usd,
        value=left,
        aria_label=f"canary budget left {this}",
    )
    words = f"Of the canary budget {amount(left)} of {limit} are left {this}."
    return tag("span", words, " ", meter)
