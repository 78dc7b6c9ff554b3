"""
Alerts on error budgets that burn too fast, by several windows and rates.

The share of failures is taken of the slots that were expected, not of the runs
that ended: missing history counts as good, so that nothing pages at a cold start,
and slots that did not run are for the alert on coverage. Two failures never page:
a slow probe must not weigh more than what it saw.

Source: contract section 4, "Availability"; the tiers are those of Google's SRE
workbook, chapter 5.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tm_exporter.alerts.expression import PROBE, increase, recorded, series
from tm_exporter.alerts.rule import Recording, Severity
from tm_exporter.catalog import (
    CANARY_COST_USD,
    PROBE_INTERVAL_SECONDS,
    SLO_OBJECTIVE,
    Family,
)


FAILURES_NEEDED = 2.5
"""More than these in the long window, whatever the share is."""

_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Tier:
    """
    How fast a budget may burn for how long.

    Attributes:
        long: The window that must have seen it, such as `1h`.
        short: The window that must see it still.
        factor: Times the rate which uses up the budget in exactly 30 days.
        severity: Of the alert.
    """

    long: str
    short: str
    factor: float
    severity: Severity

    @property
    def long_seconds(self) -> int:
        """The long window."""
        return window_seconds(self.long)

    @property
    def short_seconds(self) -> int:
        """The short window."""
        return window_seconds(self.short)


TIERS = (
    Tier("1h", "5m", 14.4, "critical"),
    Tier("6h", "30m", 6.0, "critical"),
    Tier("1d", "2h", 3.0, "warning"),
    Tier("3d", "6h", 1.0, "warning"),
)


def window_seconds(window: str) -> int:
    """Return the seconds of a window such as `30m`."""
    return int(window[:-1]) * _SECONDS[window[-1]]


def recordings(
    family: Family, metric: str, *matchers: str, windows: tuple[str, ...]
) -> tuple[Recording, ...]:
    """
    Return, for each window, how often something happened and in what share of slots.

    Args:
        family: The counter of what happened.
        metric: What to call it: `probe_failures` makes
            `target_surface_probe_model:tensormesh_probe_failures:increase1h` and
            `target_surface_probe_model:tensormesh_probe_failures_per_slot:ratio1h`.
        matchers: Which series of the counter to take.
        windows: As PromQL writes them.
    """
    return tuple(
        rule
        for window in windows
        for rule in (
            Recording(
                record=increase_name(metric, window),
                expr=happened(family, *matchers, window=window),
            ),
            Recording(record=ratio_name(metric, window), expr=_share(metric, window)),
        )
    )


def happened(family: Family, *matchers: str, window: str) -> str:
    """
    Return how often a counter of a probe grew within a window.

    Args:
        family: The counter.
        matchers: Which of its series to take.
        window: As PromQL writes it.
    """
    grew = increase(family, *matchers, window=window)
    return counted_once(grew, series(family, *matchers))


def counted_once(grew: str, alive: str) -> str:
    """
    Return by how much something grew for a probe, whichever instances saw it.

    Paid probes run on one instance at a time, so instances are added up, those that
    are gone included. Free ones run on every instance, so it counts what the
    luckiest saw: the service is down only if all say so. An instance that is gone
    has no say any more, or a pod that was replaced would vouch for the service.

    Args:
        grew: By how much, for each series of each instance.
        alive: Selects the series of the instances that are there.
    """
    return (
        f"(\n  sum by ({PROBE}) ({grew})\n"
        f"  and on ({PROBE}) {series(CANARY_COST_USD)}\n)\n"
        f"or\n"
        f"min by ({PROBE}) (\n"
        f"  sum by (instance, {PROBE}) ({grew} and {alive})\n)"
    )


def increase_name(metric: str, window: str) -> str:
    """Return the name of the recorded number of times."""
    return f"target_surface_probe_model:tensormesh_{metric}:increase{window}"


def ratio_name(metric: str, window: str) -> str:
    """Return the name of the recorded share of slots."""
    return f"target_surface_probe_model:tensormesh_{metric}_per_slot:ratio{window}"


def burns(metric: str, tiers: Iterable[Tier], objective: str) -> str:
    """
    Return when a budget burns at the rate of any of these tiers.

    Tiers of one severity make one alert: a probe that is too slow for the windows of
    one tier would else have its alert come and go beside the other's.

    Args:
        metric: As given to `recordings`.
        tiers: The windows and the factors.
        objective: The value of `slo` at `tensormesh_slo_objective`.
    """
    return "\nor\n".join(_burns(metric, tier, objective) for tier in tiers)


def _burns(metric: str, tier: Tier, objective: str) -> str:
    target = series(SLO_OBJECTIVE, f'slo="{objective}"')
    budget = f"(1 - max by ({PROBE}) ({target}))"
    limit = f"> on ({PROBE}) {tier.factor:g} * {budget}"
    return (
        f"(\n  {recorded(ratio_name(metric, tier.long))} {limit}\n"
        f"  and on ({PROBE})\n"
        f"  {recorded(ratio_name(metric, tier.short))} {limit}\n"
        f"  and on ({PROBE})\n"
        f"  {recorded(increase_name(metric, tier.long))} > {FAILURES_NEEDED:g}\n)"
    )


def _share(metric: str, window: str) -> str:
    interval = f"max by ({PROBE}) ({series(PROBE_INTERVAL_SECONDS)})"
    return (
        f"{recorded(increase_name(metric, window))}\n"
        f"* on ({PROBE}) {interval}\n/ {window_seconds(window)}"
    )
