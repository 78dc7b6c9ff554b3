"""
A report for the vendor: how much of what was asked failed by the service's fault.

Only failures count whose reason says that the service has to act, as
`tensormesh_failure_reason_info` tells: not a key of ours that expired, a network, or
a fault of the exporter. What is throttled is left out, as it is of availability.

Thirty days are summed up from hours, each counted by the instances and the interval
of that hour, so that a pod which was replaced takes nothing along and a stretched
probe does not weigh more. The share is one of the slots that were expected while
somebody watched. By target, each slot weighs the same, whichever probe it is of:
failures of all probes over slots of all probes, and never a mean of shares.
"""

from tm_exporter.alerts.burn_rate import counted_once, increase_name, ratio_name
from tm_exporter.alerts.expression import (
    INFERENCE,
    PROBE,
    SURFACE,
    increase,
    recorded,
    series,
)
from tm_exporter.alerts.rule import Group, Recording
from tm_exporter.catalog import (
    FAILURE_REASON_INFO,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
)


METRIC = "vendor_failures"

SLOTS = "target_surface_probe_model:tensormesh_expected_slots:count1h"
"""How many slots of a probe were to fall due within an hour."""

BY_HOUR = increase_name(METRIC, "1h")
"""How many runs of a probe failed by the service's fault, within an hour."""

BY_PROBE = increase_name(METRIC, "30d")
"""Within thirty days."""

SHARE_BY_PROBE = ratio_name(METRIC, "30d")
"""The same as a share of its slots."""

SHARE_BY_TARGET = f"target_surface:tensormesh_{METRIC}_per_slot:ratio30d"
"""As a share of all slots of a target."""

_COUNTED = (INFERENCE, 'reason!~"throttled|internal"')


def _failures() -> str:
    """Return how many runs of each probe failed within an hour."""
    theirs = series(FAILURE_REASON_INFO, 'party="service"')
    grew = increase(PROBE_FAILURES, *_COUNTED, window="1h")
    alive = series(PROBE_FAILURES, *_COUNTED)
    return counted_once(
        f"({grew} * on (reason) group_left () max by (reason) ({theirs}))", alive
    )


def _slots() -> str:
    """Return how many slots of each probe fall due, in an hour whose failures count."""
    interval = series(PROBE_INTERVAL_SECONDS, INFERENCE)
    return f"3600 / max by ({PROBE}) ({interval})\nand on ({PROBE}) {recorded(BY_HOUR)}"


def _month(hourly: str) -> str:
    """Return the sum of what was recorded at the end of each hour."""
    return f"sum_over_time({recorded(hourly)}[30d:1h])"


def _share(labels: str) -> str:
    """Return the failures of thirty days over the slots of the same hours."""
    return (
        f"sum by ({labels}) ({recorded(BY_PROBE)})\n"
        f"/ sum by ({labels}) ({_month(SLOTS)})"
    )


GROUPS = (
    Group(
        name="tensormesh-vendor-report",
        interval="2m",  # a month does not change in a minute
        rules=(
            Recording(record=BY_HOUR, expr=_failures()),
            Recording(record=SLOTS, expr=_slots()),
            Recording(record=BY_PROBE, expr=_month(BY_HOUR)),
            Recording(record=SHARE_BY_PROBE, expr=_share(PROBE)),
            Recording(record=SHARE_BY_TARGET, expr=_share(SURFACE)),
        ),
    ),
)
