"""Rows about what the canaries cost."""

from grafana.source.appearance import (
    COUNT,
    DOLLARS,
    GREEN,
    ORANGE,
    RED,
    YELLOW,
    Look,
    yes_or_no,
)
from grafana.source.frame import Row
from grafana.source.panels import bars, lines, value
from grafana.source.promql import (
    SHOWN,
    STEP,
    grew,
    latest,
    over,
    series,
    share,
)
from grafana.source.tables import rows
from tm_exporter.catalog import (
    CANARY_BUDGET_LIMIT_USD,
    CANARY_BUDGET_REMAINING_USD,
    CANARY_COST_USD,
    EXPORTER_LEDGER_HEALTHY,
    PROBE_SKIPPED,
    RECONCILIATION_DRIFT_RATIO,
    TARGET_ACCOUNT_INFO,
)


# Each shard has a share; of replicas, the one that pays tells them.
_LEFT = over("sum", series(CANARY_BUDGET_REMAINING_USD), ("window",))
_LIMIT = over("sum", series(CANARY_BUDGET_LIMIT_USD), ("window",))

CANARIES: Row = (
    "What the canaries cost",
    (
        value(
            "Cost of the canaries",
            (over("sum", grew(CANARY_COST_USD, by=("target",), window=SHOWN), ()), ""),
            of=(CANARY_COST_USD,),
            look=DOLLARS,
            note="Within the time that the dashboard shows.",
            size=(6, 8),
        ),
        bars(
            "Cost of the canaries by probe",
            (
                grew(CANARY_COST_USD, by=("target", "probe"), window=STEP),
                "{{target}} {{probe}}",
            ),
            of=(CANARY_COST_USD,),
            look=DOLLARS,
            size=(18, 8),
            step="15m",
        ),
        value(
            "Canary budget that is left",
            (
                share(_LEFT, _LIMIT),
                "{{window}}",
            ),
            of=(CANARY_BUDGET_REMAINING_USD, CANARY_BUDGET_LIMIT_USD),
            look=Look(
                unit="percentunit",
                steps=((None, RED), (0.1, ORANGE), (0.25, YELLOW), (0.5, GREEN)),
                lowest=0,
                highest=1,
            ),
            size=(6, 8),
        ),
        lines(
            "Canary budget over time",
            (_LEFT, "left of the {{window}}"),
            (_LIMIT, "limit of the {{window}}"),
            of=(CANARY_BUDGET_REMAINING_USD, CANARY_BUDGET_LIMIT_USD),
            look=DOLLARS,
            note="Of all shards. Days and months begin at midnight UTC.",
            size=(10, 8),
        ),
        bars(
            "Slots skipped for want of money",
            (
                grew(
                    PROBE_SKIPPED,
                    'reason="budget"',
                    by=("target", "probe", "model"),
                    window=STEP,
                ),
                "{{target}} {{probe}} {{model}}",
            ),
            of=(PROBE_SKIPPED,),
            look=COUNT,
            note="Also where the ledger cannot be used.",
            size=(8, 8),
        ),
        value(
            "Ledger",
            (latest(EXPORTER_LEDGER_HEALTHY, by=("instance",)), "{{instance}}"),
            of=(EXPORTER_LEDGER_HEALTHY,),
            look=yes_or_no("usable", "not usable"),
            size=(6, 7),
        ),
        lines(
            "Bill against what the canaries used",
            (latest(RECONCILIATION_DRIFT_RATIO), "{{target}}"),
            of=(RECONCILIATION_DRIFT_RATIO,),
            look=Look(unit="percentunit"),
            note="0 % is equal. It is known after the first closed day.",
            size=(10, 7),
        ),
        rows(
            "Who pays for what",
            latest(TARGET_ACCOUNT_INFO),
            of=(TARGET_ACCOUNT_INFO,),
            columns={"target": "Target", "surface": "Surface", "account": "Account"},
            size=(8, 7),
        ),
    ),
)
