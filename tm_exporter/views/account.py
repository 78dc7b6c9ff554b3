"""What the Control Plane says of an account: its money, and what no probe fails by."""

import math
from collections.abc import Callable, Iterator, Mapping

from tm_exporter.catalog import (
    BILLING_BALANCE,
    BILLING_CARD_ON_FILE,
    BILLING_RUNWAY_SECONDS,
    DEPLOYMENT_HEALTHY,
    DEPLOYMENT_INFO,
    DEPLOYMENT_REPLICAS,
    DEPLOYMENT_STATUS,
    Family,
)
from tm_exporter.views.status import AccountStatus


Known = Callable[[Family], Mapping[tuple[str, ...], float]]
"""Returns what is known of a family now, by the labels of its own."""

MOST_WARNINGS = 10
"""Of one account that are told; how many more there are is told, too."""

_LOOK = "look at its events and its logs in the console"
_NO_REPLICAS = (
    "has no replicas and is not stopped: look in the console for quota, for GPUs, and "
    "for why nothing starts"
)
_NO_CARD = (
    "no good payment card is on file, so that nobody can top up by card: add one in "
    "the console"
)


def means(known: Known) -> AccountStatus | None:
    """Return what an account has left, None where that is not known."""
    balance = {labels[-1]: value for labels, value in known(BILLING_BALANCE).items()}
    if not balance:
        return None
    seconds = next(iter(known(BILLING_RUNWAY_SECONDS).values()), None)
    is_idle = seconds == math.inf
    return AccountStatus(balance, None if is_idle else seconds, is_idle)


def warnings(known: Known, *, of_money: bool) -> tuple[str, ...]:
    """
    Return what somebody should look into though every probe may pass.

    Args:
        known: Of one account.
        of_money: Whether its payment card is told, too.
    """
    every = [*_deployments(known), *(_card(known) if of_money else ())]
    more = len(every) - MOST_WARNINGS
    return (*every[:MOST_WARNINGS], *([f"and {more} more"] if more > 0 else []))


def _deployments(known: Known) -> Iterator[str]:
    """Yield a sentence for each deployment that does not work, as its alerts do."""
    names = {labels[0]: labels[1] for labels in known(DEPLOYMENT_INFO)}
    words = {labels[0]: labels[1] for labels in known(DEPLOYMENT_STATUS)}
    replicas = known(DEPLOYMENT_REPLICAS)
    for labels, healthy in sorted(known(DEPLOYMENT_HEALTHY).items()):
        deployment = labels[0]
        name = names.get(deployment) or deployment
        if not healthy:
            status = words.get(deployment, "its status")
            yield f"deployment {name} does not work, by {status}: {_LOOK}"
        elif replicas.get(labels) == 0:
            yield f"deployment {name} {_NO_REPLICAS}"


def _card(known: Known) -> Iterator[str]:
    if 0 in known(BILLING_CARD_ON_FILE).values():
        yield _NO_CARD
