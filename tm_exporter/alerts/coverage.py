"""Alerts on what is not looked at: slots that did not run, probes that stopped."""

from tm_exporter.alerts.expression import (
    PROBE,
    increase,
    outside_maintenance,
    recorded,
    series,
)
from tm_exporter.alerts.rule import Alert, Group, Recording
from tm_exporter.alerts.wording import PROBE_OF
from tm_exporter.catalog import (
    PROBE_INTERVAL_SECONDS,
    PROBE_LAST_RUN_TIMESTAMP_SECONDS,
    PROBE_SKIPPED,
    PROBE_SLOTS,
    Family,
)


LOST = 'reason=~"budget|missed|overlap"'
"""Slots that should have run here and did not."""

EXCUSED = 'reason=~"not_leader|maintenance"'
"""Slots that were never meant to run here and now."""


def _grew(family: Family, *matchers: str) -> str:
    """Return how much a counter of a probe grew within six hours, over instances."""
    return f"sum by ({PROBE}) ({increase(family, *matchers, window='6h')})"


def due() -> str:
    """Return how many slots of a probe were to run here within six hours."""
    slots = _grew(PROBE_SLOTS)
    excused = _grew(PROBE_SKIPPED, EXCUSED)
    return f"{slots}\n- on ({PROBE}) ({excused} or {slots} * 0)"


_LOST = "target_surface_probe_model:tensormesh_probe_lost_slots:increase6h"
_DUE = "target_surface_probe_model:tensormesh_probe_due_slots:increase6h"

EXPLAINED = 'reason=~"budget|maintenance|unsupported"'
"""Why a probe may rest for long; a lost slot is for the alert on coverage."""

_RECORDINGS = (
    Recording(record=_LOST, expr=_grew(PROBE_SKIPPED, LOST)),
    Recording(record=_DUE, expr=due()),
)

_COVERAGE = Alert(
    name="TensormeshCoverageLow",
    severity="warning",
    hold="15m",
    expr=outside_maintenance(
        f"{recorded(_LOST)}\n/ on ({PROBE}) {recorded(_DUE)} > 0.1\n"
        f"and on ({PROBE}) {recorded(_LOST)} > 2.5"
    ),
    summary=f"{PROBE_OF}: {{{{ $value | humanizePercentage }}}} of the slots of 6 hours"
    " did not run",
    description="What was not looked at is not known to be good."
    " tensormesh_probe_skipped_total tells why: `budget`, the canary budget does not"
    " pay for it, raise it or probe less often; `overlap`, runs take longer than the"
    " interval; `missed`, the exporter has too little CPU.",
)

_SINCE = f"time() - max by ({PROBE}) ({series(PROBE_LAST_RUN_TIMESTAMP_SECONDS)})"
_INTERVAL = f"max by ({PROBE}) ({series(PROBE_INTERVAL_SECONDS)})"
_STALE = Alert(
    name="TensormeshProbeStale",
    severity="warning",
    hold="5m",
    expr=outside_maintenance(
        f"{_SINCE} > on ({PROBE}) 3 * {_INTERVAL} + 60\n"
        f"unless on ({PROBE}) sum by ({PROBE}) "
        f"({increase(PROBE_SKIPPED, EXPLAINED, window='2h')}) > 0"
    ),
    summary=f"{PROBE_OF}: no run ended for {{{{ $value | humanizeDuration }}}}",
    description="That is more than three intervals, so nobody knows whether it would"
    " pass, and neither the budget nor maintenance explains it."
    " tensormesh_probe_skipped_total tells whether its slots are skipped and why; if"
    " none is, the exporter hangs: look at /-/healthy and restart it.",
)

GROUPS = (Group(name="tensormesh-coverage", rules=(*_RECORDINGS, _COVERAGE, _STALE)),)
