"""
Alerts on the objectives of probes: availability and time to first token.

Source: contract section 4, "Availability". A run that failed has no first token and
is not held to that objective: it counts against availability alone.
"""

from collections.abc import Callable

from tm_exporter.alerts.burn_rate import TIERS, burns, recordings
from tm_exporter.alerts.expression import outside_maintenance
from tm_exporter.alerts.rule import Alert, Group, Recording, Severity
from tm_exporter.alerts.wording import PROBE_OF, blame
from tm_exporter.catalog import CANARY_TTFT_OBJECTIVE_MISSED, PROBE_FAILURES


_BLAME = blame("target", "probe", "model")

_WINDOWS: dict[Severity, str] = {
    "critical": "the last hour or the last six",
    "warning": "the last day or the last three",
}
_URGENCY: dict[Severity, str] = {
    "critical": "At this rate a month's error budget is gone within five days or less.",
    "warning": "A tenth of the month's error budget is gone.",
}


_Record = Callable[[tuple[str, ...]], tuple[Recording, ...]]
_Grade = Callable[[Severity], Alert]


def _failures(windows: tuple[str, ...]) -> tuple[Recording, ...]:
    counted = 'reason!~"throttled|internal"'
    return recordings(PROBE_FAILURES, "probe_failures", counted, windows=windows)


def _late_tokens(windows: tuple[str, ...]) -> tuple[Recording, ...]:
    family = CANARY_TTFT_OBJECTIVE_MISSED
    return recordings(family, "canary_ttft_objective_missed", windows=windows)


def _availability(severity: Severity) -> Alert:
    return Alert(
        name="TensormeshErrorBudgetBurn",
        severity=severity,
        expr=_burning("probe_failures", severity, "availability"),
        summary=f"{PROBE_OF}: {{{{ $value | humanizePercentage }}}} of the expected"
        f" runs failed, over {_WINDOWS[severity]}",
        description=f"{_URGENCY[severity]} {_BLAME}"
        "Look at the last failed run on the exporter's status page: it names the"
        " reason, whose fault it is and what to do next.",
    )


def _first_token(severity: Severity) -> Alert:
    return Alert(
        name="TensormeshTtftBudgetBurn",
        severity=severity,
        expr=_burning("canary_ttft_objective_missed", severity, "ttft"),
        summary=f"{PROBE_OF}: {{{{ $value | humanizePercentage }}}} of the expected"
        f" runs had a first token later than the objective, over {_WINDOWS[severity]}",
        description=f"{_URGENCY[severity]} Runs that failed are not in it. Compare the"
        " other models of this target: if all are slow, the service or the network"
        " is; if one is, that model is overloaded. The phases of the last run tell"
        " connecting from waiting.",
    )


def _burning(metric: str, severity: Severity, objective: str) -> str:
    tiers = [tier for tier in TIERS if tier.severity == severity]
    return outside_maintenance(burns(metric, tiers, objective))


def _groups(subject: str, record: _Record, alert: _Grade) -> tuple[Group, ...]:
    """
    Return the rules of an objective: those that page often, the others at leisure.

    Windows of days read so many samples that they are not worth it twice a minute.
    """
    return (
        Group(
            name=f"tensormesh-{subject}",
            interval="30s",
            rules=(*record(("5m", "30m", "1h", "2h", "6h")), alert("critical")),
        ),
        Group(
            name=f"tensormesh-{subject}-days",
            interval="5m",
            rules=(*record(("1d", "3d")), alert("warning")),
        ),
    )


GROUPS = (
    *_groups("availability", _failures, _availability),
    *_groups("ttft", _late_tokens, _first_token),
)
