"""Panels where several instances are one installation: shards, or replicas."""

import re
from pathlib import Path

import yaml

from tests.alerts.promtool import Series, each_lane, promtool
from tests.grafana.boards import panel_queries
from tm_exporter.catalog import (
    CANARY_BUDGET_LIMIT_USD,
    CANARY_BUDGET_REMAINING_USD,
    PROBE_ATTEMPTS,
    PROBE_SKIPPED,
    PROBE_SLOTS,
)


DAY = {"window": "day"}
PROBE = {"target": "a", "surface": "serverless", "probe": "chat", "model": "m"}


SHARDS = [
    series
    for index, left in enumerate((0.5, 0.25, 0.75))
    for series in (
        Series(CANARY_BUDGET_LIMIT_USD, DAY, "1", f"{index}"),
        Series(CANARY_BUDGET_REMAINING_USD, DAY, f"{left}", f"{index}"),
    )
]
COVERED = [
    Series(PROBE_SLOTS, PROBE, "0+1x400", "leads"),
    Series(PROBE_ATTEMPTS, PROBE, "0+1x400", "leads"),
    Series(PROBE_SLOTS, PROBE, "0+1x400", "waits"),
    Series(PROBE_ATTEMPTS, PROBE, "0x400", "waits"),
    Series(
        PROBE_SKIPPED, {**PROBE, "reason": "not_leader"}, "0+1x400", instance="waits"
    ),
]


@each_lane
def test_a_budget_is_that_of_all_shards(lane: str, tmp_path: Path) -> None:
    """Each has a share of it."""
    expected = [(DAY, 1.5), (DAY, 3)]

    assert not shown("Canary budget over time", SHARDS, expected, lane, tmp_path)


@each_lane
def test_slots_of_who_waits_for_the_lease_are_covered(
    lane: str, tmp_path: Path
) -> None:
    """The leader runs them."""
    panel = "Share of slots that became a run"

    assert not shown(panel, COVERED, [(PROBE, 1)], lane, tmp_path, "400m")


def shown(
    panel: str,
    series: list[Series],
    expected: list[tuple[dict[str, str], float]],
    lane: str,
    directory: Path,
    at: str = "0s",
) -> str:
    """Have promtool compare what a panel shows, query by query."""
    queries = [chosen(each.expr) for each in panel_queries() if each.panel == panel]
    tests = [
        {
            "expr": query,
            "eval_time": at,
            "exp_samples": [{"labels": braced(labels), "value": value}],
        }
        for query, (labels, value) in zip(queries, expected, strict=True)
    ]
    rows = [each.row() for each in series]
    case = {"interval": "1m", "input_series": rows, "promql_expr_test": tests}
    text = yaml.safe_dump({"rule_files": [], "tests": [case]})
    (directory / "panel.yml").write_text(text, encoding="utf-8")
    return promtool(lane, "test", "rules", "panel.yml", cwd=directory)


def chosen(expr: str) -> str:
    """Return a query with all chosen that there is to choose."""
    return re.sub(r"\$\w+", ".*", expr)


def braced(labels: dict[str, str]) -> str:
    """Return labels as promtool writes them."""
    inside = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{{{inside}}}"
