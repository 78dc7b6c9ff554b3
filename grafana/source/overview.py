"""Is it us or them, how much error budget is left, and what fires."""

from grafana_foundation_sdk.models import dashboard

from grafana.source.annotations import RELOADS, VERSIONS
from grafana.source.appearance import (
    BAD_EVENTS,
    COUNT,
    GREEN,
    GREY,
    ORANGE,
    RED,
    YELLOW,
    Look,
    yes_or_no,
)
from grafana.source.frame import Row
from grafana.source.frame import board as framed
from grafana.source.objectives import budget_left, burn_rate
from grafana.source.panels import bars, gauges, lines, states, value
from grafana.source.probe_rows import PROBES, TARGETS
from grafana.source.promql import (
    STEP,
    grew,
    latest,
)
from grafana.source.tables import rows
from tm_exporter.catalog import (
    CANARY_TTFT_OBJECTIVE_MISSED,
    DIAGNOSIS,
    FAILURE_REASON_INFO,
    MAINTENANCE_ACTIVE,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    PROBE_SUCCESS,
    SLO_OBJECTIVE,
)


_NAME = "{{target}} {{probe}} {{model}}"
_BUDGET = Look(
    unit="percentunit",
    steps=((None, RED), (0, ORANGE), (0.25, YELLOW), (0.5, GREEN)),
    highest=1,
    decimals=1,
)
_BURN = Look(
    unit="none",
    steps=((None, GREEN), (1, YELLOW), (6, ORANGE), (14.4, RED)),
    lowest=0,
)
_BY_PARTY = (
    f"sum by (party) ({grew(PROBE_FAILURES, by=('reason',), window=STEP)} "
    "* on (reason) group_left (party) "
    f"{latest(FAILURE_REASON_INFO)})"
)
_FIRING = (
    'ALERTS{cluster=~"$cluster", job=~"$job", target=~"$target|", '
    'surface=~"$surface|", alertname=~"Tensormesh.+", severity!="none"}'
)

_BLAME: Row = (
    "Is it us or them",
    (
        value(
            "Probes that fail now",
            (
                f"sum by (target) (1 - {latest(PROBE_SUCCESS)})",
                "{{target}}",
            ),
            of=(PROBE_SUCCESS,),
            look=BAD_EVENTS,
            note="By the last run of each; one that passes on any instance passes.",
            size=(6, 7),
        ),
        rows(
            "Diagnosis now",
            f"{latest(DIAGNOSIS)} == 1",
            of=(DIAGNOSIS,),
            columns={"target": "Target", "model": "Model", "verdict": "Verdict"},
            look=Look(unit="none", nothing="Nothing is wrong"),
            note="Empty where nothing is wrong.",
            size=(9, 7),
        ),
        bars(
            "Failures by who has to act",
            (_BY_PARTY, "{{party}}"),
            of=(PROBE_FAILURES, FAILURE_REASON_INFO),
            look=COUNT,
            note="By the reason alone. `service` is Tensormesh, `network` what is "
            "between, `us` whoever runs the exporter.",
            size=(9, 7),
        ),
        states(
            "Diagnosis over time",
            (f"sum by (verdict) ({latest(DIAGNOSIS)})", "{{verdict}}"),
            of=(DIAGNOSIS,),
            look=Look(unit="short", steps=((None, GREY), (1, RED))),
            note="Red while the verdict holds for any target or model.",
            size=(12, 8),
        ),
        bars(
            "Failures by reason",
            (
                f"{grew(PROBE_FAILURES, by=('target', 'reason'), window=STEP)} > 0",
                "{{target}} {{reason}}",
            ),
            of=(PROBE_FAILURES,),
            look=COUNT,
        ),
    ),
)

_OBJECTIVES: Row = (
    "Objectives",
    (
        gauges(
            "Error budget of 30 days that is left",
            (budget_left("availability"), _NAME),
            of=(SLO_OBJECTIVE, PROBE_FAILURES, PROBE_INTERVAL_SECONDS),
            look=_BUDGET,
            note="Share of the expected slots that may fail and have not failed yet; "
            "below zero, the objective is missed. What was not seen counts as good.",
        ),
        lines(
            "How fast the error budget burns",
            (burn_rate("availability"), _NAME),
            of=(SLO_OBJECTIVE, PROBE_FAILURES, PROBE_INTERVAL_SECONDS),
            look=_BURN,
            note="Over 6 hours. At 1 the budget lasts for exactly 30 days; a page "
            "comes at 6, and at 14.4 over one hour.",
            limits=True,
        ),
        gauges(
            "Budget of late first tokens that is left",
            (budget_left("ttft"), _NAME),
            of=(SLO_OBJECTIVE, CANARY_TTFT_OBJECTIVE_MISSED, PROBE_INTERVAL_SECONDS),
            look=_BUDGET,
            note="Of 30 days, as above, for the objective of time to first token.",
        ),
        lines(
            "How fast the budget of late first tokens burns",
            (burn_rate("ttft"), _NAME),
            of=(SLO_OBJECTIVE, CANARY_TTFT_OBJECTIVE_MISSED, PROBE_INTERVAL_SECONDS),
            look=_BURN,
            note="Over 6 hours, as above.",
            limits=True,
        ),
    ),
)

_ALERTS: Row = (
    "Alerts",
    (
        rows(
            "What fires",
            _FIRING,
            of=(),
            columns={
                "alertname": "Alert",
                "severity": "Severity",
                "alertstate": "State",
                "target": "Target",
                "model": "Model",
                "probe": "Probe",
                "instance": "Instance",
            },
            look=Look(unit="none", nothing="No alert"),
            note="Alerts of `deploy/prometheus/rules.yml`, firing or pending; each has "
            "a page under docs/runbooks.",
            size=(16, 8),
        ),
        states(
            "Maintenance",
            (latest(MAINTENANCE_ACTIVE), "{{target}} {{model}}"),
            of=(MAINTENANCE_ACTIVE,),
            look=yes_or_no("in maintenance", "-", colors=("blue", GREY)),
            size=(8, 8),
        ),
    ),
)


def board() -> dashboard.Dashboard:
    """Return the dashboard."""
    return framed(
        "overview",
        "overview",
        "Whether Tensormesh works for us, and if not, whose fault it is.",
        _BLAME,
        _OBJECTIVES,
        _ALERTS,
        PROBES,
        TARGETS,
        events=(VERSIONS, RELOADS),
    )
