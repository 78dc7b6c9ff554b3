"""Alerts on the exporter itself: what it does not see, nobody is told of."""

from tm_exporter.alerts.expression import (
    PROBE,
    increase,
    series,
)
from tm_exporter.alerts.rule import Alert, Group
from tm_exporter.catalog import (
    CANARY_BUDGET_LIMIT_USD,
    CANARY_BUDGET_REMAINING_USD,
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL,
    EXPORTER_EVENT_LOOP_LAG_SECONDS,
    EXPORTER_FAULTS,
    EXPORTER_LABEL_OVERFLOW,
    EXPORTER_LEDGER_HEALTHY,
    EXPORTER_LOG_LINES_DROPPED,
    EXPORTER_MEASUREMENTS_DISCARDED,
    EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL,
    PROBE_SKIPPED,
    Family,
)


_EACH = "job, instance"


def _of_each(family: Family, *matchers: str) -> str:
    return f"max by ({_EACH}) ({series(family, *matchers)})"


def _grew(family: Family, *matchers: str, by: str = _EACH) -> str:
    return f"sum by ({by}) ({increase(family, *matchers, window='1h')})"


_WATCHDOG = Alert(
    name="TensormeshWatchdog",
    severity="none",
    expr="vector(1)",
    summary="Alerts on Tensormesh reach whoever reads this",
    description="Fires always. Send it to a dead-man's switch outside of this "
    "cluster, which calls somebody when it stops coming: then Prometheus, "
    "Alertmanager or the way between them is broken, and no other alert can come.",
)

# Half of the share of the day or month that is still to come.
_DAY_LEFT = "0.5 * (1 - time() % 86400 / 86400)"
_MONTH_LEFT = "scalar(0.5 * (1 + days_in_month() - day_of_month()) / days_in_month())"


def _low(window: str, time_left: str) -> str:
    """Return where less than half of the money is left that the clock would allow."""
    matcher = f'window="{window}"'  # of all shards together: each has its part
    left = f"sum by (job, window) ({series(CANARY_BUDGET_REMAINING_USD, matcher)})"
    limit = f"sum by (job, window) ({series(CANARY_BUDGET_LIMIT_USD, matcher)})"
    return f"{left}\n/ ({limit} > 0)\n< {time_left}"


_UNPAID = increase(PROBE_SKIPPED, 'reason="budget"', window="1h")

_BUDGET = (
    Alert(
        name="TensormeshCanaryBudgetLow",
        severity="warning",
        hold="1h",
        expr=f"{_low('day', _DAY_LEFT)}\nor\n{_low('month', _MONTH_LEFT)}",
        summary="{{ $value | humanizePercentage }} of the canary budget of the "
        "{{ $labels.window }} is left, less than half of what its time allows",
        description="Paid probes are stretched and the less important ones skipped, "
        "so that the rest lasts. Fault: us. `tm-exporter check` tells what is "
        "expected to cost how much: raise `canary_budget`, or run less often.",
    ),
    Alert(
        name="TensormeshCanaryBudgetExhausted",
        severity="warning",
        hold="15m",
        # Without a usable ledger slots are skipped for the same reason.
        expr=(
            f"sum by ({PROBE}) (\n"
            f"  {_UNPAID}\n"
            f"  unless on ({_EACH}) {series(EXPORTER_LEDGER_HEALTHY)} == 0\n"
            ") > 0.5"
        ),
        summary="{{ $labels.target }}: {{ $labels.probe }} of {{ $labels.model }} is "
        "skipped for want of money",
        description="The canary budget does not pay for it, so what it would find "
        "goes unseen. Fault: us. `tm-exporter check` tells the expected cost: raise "
        "`canary_budget`, run it less often, or switch it off.",
    ),
    Alert(
        name="TensormeshLedgerUnusable",
        severity="warning",
        hold="10m",
        expr=f"{_of_each(EXPORTER_LEDGER_HEALTHY)} == 0",
        summary="{{ $labels.instance }}: the ledger cannot be used, so no paid probe "
        "runs",
        description="Whether models generate is not watched. Fault: us. The status "
        "page says why; most often the disk of `state_dir` is full, read-only or not "
        "the exporter's.",
    ),
)

_LAG = f"rate({series(EXPORTER_EVENT_LOOP_LAG_SECONDS, suffix='_bucket')}[10m])"
_NATIVE_LAG = f"rate({series(EXPORTER_EVENT_LOOP_LAG_SECONDS)}[10m])"

_NOT_OF_RUNS = 'event!="probe_crashed"'

_WORK = (
    Alert(
        name="TensormeshReloadFailed",
        severity="warning",
        hold="5m",
        expr=(
            f"{_of_each(EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL)} == 0\n"
            f"or {_of_each(EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL)} == 0"
        ),
        summary="{{ $labels.instance }}: the new configuration was refused",
        description="The old one, or the old web configuration file (users and "
        "certificates), is still in force, and a restart would fail. Fault: us. "
        "`tm-exporter check` names the line and what is wrong with it.",
    ),
    Alert(
        name="TensormeshEventLoopLag",
        severity="warning",
        hold="15m",
        expr=(
            f"histogram_quantile(0.99, sum by ({_EACH}, le) ({_LAG})) > 0.05\n"
            f"or histogram_quantile(0.99, sum by ({_EACH}) ({_NATIVE_LAG})) > 0.05"
        ),
        summary="{{ $labels.instance }}: one moment in a hundred is late by "
        "{{ $value | humanizeDuration }}",
        description="What is timed while it is late is left out of histograms and "
        "objectives. Fault: us. Give the exporter more CPU (a limit that throttles "
        "it is the usual cause), or fewer targets.",
    ),
    Alert(
        name="TensormeshMeasurementsDiscarded",
        severity="info",
        hold="15m",
        expr=f"{_grew(EXPORTER_MEASUREMENTS_DISCARDED, by=f'{_EACH}, reason')} > 10",
        summary="{{ $labels.instance }}: {{ $value | humanize }} times within an hour "
        "were not trustworthy and left out ({{ $labels.reason }})",
        description="Verdicts stand; distributions and objectives lack these times. "
        "Look at TensormeshEventLoopLag.",
    ),
    Alert(
        name="TensormeshExporterFaults",
        severity="warning",
        # A run that crashed is told by TensormeshProbeInternalFailures.
        expr=f"{_grew(EXPORTER_FAULTS, _NOT_OF_RUNS, by=f'{_EACH}, event')} > 0",
        summary="{{ $labels.instance }}: a fault of the exporter itself "
        "({{ $labels.event }})",
        description="Something that it should have shown, kept or done within this "
        "hour was lost; the rest goes on. Fault: us. Look for {{ $labels.event }} in "
        "its log and report the traceback to the developers of tm-exporter.",
    ),
    Alert(
        name="TensormeshLogLinesDropped",
        severity="info",
        expr=f"{_grew(EXPORTER_LOG_LINES_DROPPED)} > 0",
        summary="{{ $labels.instance }}: {{ $value | humanize }} log lines within an "
        "hour were thrown away",
        description="Whatever reads the exporter's standard error is too slow. The "
        "probes do not wait for it.",
    ),
    Alert(
        name="TensormeshLabelOverflow",
        severity="info",
        expr=f"{_grew(EXPORTER_LABEL_OVERFLOW, by=f'{_EACH}, family')} > 0",
        summary="{{ $labels.instance }}: {{ $labels.family }} has more label values "
        "than are kept",
        description="Some series are missing. Fault: us, or an answer with very many "
        "names. Name the models to watch instead of `auto`, or split the targets.",
    ),
)

GROUPS = (Group(name="tensormesh-exporter", rules=(_WATCHDOG, *_BUDGET, *_WORK)),)
