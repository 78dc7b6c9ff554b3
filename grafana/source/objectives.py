"""How much of an error budget is left and how fast it burns, as the alerts count."""

from typing import Literal

from grafana.source.promql import PROBE, of_rules, over, series
from tm_exporter.alerts.burn_rate import happened, window_seconds
from tm_exporter.catalog import (
    CANARY_TTFT_OBJECTIVE_MISSED,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    SLO_OBJECTIVE,
)


Objective = Literal["availability", "ttft"]

_MISSED = {
    "availability": (PROBE_FAILURES, ('reason!~"throttled|internal"',)),
    "ttft": (CANARY_TTFT_OBJECTIVE_MISSED, ()),
}
_ON = f"on ({', '.join(PROBE)})"


def budget_left(objective: Objective) -> str:
    """Return the share of 30 days' budget that is left."""
    return f"1 - {_burnt(objective, '30d')}"


def burn_rate(objective: Objective) -> str:
    """Return how many times too fast the budget burns, over six hours."""
    return _burnt(objective, "6h")


def _burnt(objective: Objective, window: str) -> str:
    """Return the share of a window's budget that was used up."""
    family, matchers = _MISSED[objective]
    missed = " ".join(of_rules(happened(family, *matchers, window=window)).split())
    interval = over("max", series(PROBE_INTERVAL_SECONDS), PROBE)
    goal = over("max", series(SLO_OBJECTIVE, f'slo="{objective}"'), PROBE)
    return (
        f"({missed}) * {_ON} {interval} / {window_seconds(window)} / {_ON} (1 - {goal})"
    )
