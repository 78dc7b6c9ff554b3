"""The shipped rules on shorter times are the same rules."""

import copy
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.prometheus import ROOT, part
from tests.e2e.time_scale import (
    faster_expression,
    faster_routes,
    faster_rules,
    shorter,
    written,
)


SHIPPED = ROOT / "deploy" / "prometheus"
RULES: dict[str, Any] = yaml.safe_load((SHIPPED / "rules.yml").read_text())
ROUTES: dict[str, Any] = yaml.safe_load((SHIPPED / "alertmanager.yml").read_text())


@pytest.mark.parametrize(
    ("time", "factor", "expected"),
    [
        ("1h", 100, "36s"),
        ("1h", 60, "1m"),
        ("30s", 60, "500ms"),
        ("1h30m", 60, "90s"),
        ("3d", 1, "3d"),
        ("72h", 1, "72h"),
        ("0s", 60, "0s"),
    ],
)
def test_a_time_is_divided(time: str, factor: int, expected: str) -> None:
    """And written in a unit that makes it whole."""
    assert shorter(time, factor) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            'increase(a_total{kind="x"}[5m]) > 2.5',
            'increase(a_total{kind="x"}[5s]) > 2.5',
            id="window",
        ),
        pytest.param(
            "sum_over_time(a:b:count1h[30d:1h])",
            "sum_over_time(a:b:count1h[12h:1m])",
            id="steps",
        ),
        pytest.param("a offset 15m > 10", "a offset 15s > 10", id="offset"),
        pytest.param(
            "failures:increase5m * tensormesh_probe_interval_seconds\n/ 300",
            "failures:increase5m * tensormesh_probe_interval_seconds\n/ 5",
            id="seconds-of-a-window",
        ),
        pytest.param(
            "3 * tensormesh_probe_interval_seconds + 60 > 14.4",
            "3 * tensormesh_probe_interval_seconds + 1 > 14.4",
            id="seconds-of-grace",
        ),
        pytest.param(
            "tensormesh_billing_runway_seconds < 86400",
            "tensormesh_billing_runway_seconds < 86400",
            id="seconds-that-the-service-tells",
        ),
    ],
)
def test_an_expression_measures_with_shorter_times(text: str, expected: str) -> None:
    """In all places where a time of ours is written."""
    assert faster_expression(text, 60) == expected


def test_a_factor_of_one_changes_nothing() -> None:
    """So only times are touched."""
    assert faster_rules(RULES, 1) == RULES
    assert faster_routes(ROUTES, 1) == ROUTES


def test_nothing_but_times_differs() -> None:
    """Names, labels, severities and the text around the numbers stay."""
    assert _without_numbers(faster_rules(RULES, 60)) == _without_numbers(RULES)
    assert _without_numbers(faster_routes(ROUTES, 60)) == _without_numbers(ROUTES)


def test_what_was_read_is_not_changed() -> None:
    """The next one who uses it finds it as it was shipped."""
    before = copy.deepcopy((RULES, ROUTES))

    faster_rules(RULES, 60)
    faster_routes(ROUTES, 60)

    assert before == (RULES, ROUTES)


@pytest.mark.parametrize("lane", ["oldest", "newest"])
def test_prometheus_takes_the_faster_rules(lane: str, tmp_path: Path) -> None:
    """As promtool says."""
    (tmp_path / "rules.yml").write_text(written(faster_rules(RULES, 60)))

    done = subprocess.run(  # noqa: S603  # a program that the tests fetched
        [part(lane, "promtool"), "check", "rules", tmp_path / "rules.yml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def _without_numbers(data: dict[str, Any]) -> str:
    """Return YAML without numbers, and without the units behind them."""
    return re.sub(r"\b\d+(?:\.\d+)?(?:ms|s|m|h|d)?\b", "#", written(data))
