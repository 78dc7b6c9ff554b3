"""The report for the vendor, on the oldest and the newest Prometheus."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from tests.alerts.promtool import LANES, Series, promtool
from tm_exporter.alerts.render import rules_file
from tm_exporter.alerts.vendor import BY_PROBE, GROUPS, SHARE_BY_PROBE, SHARE_BY_TARGET
from tm_exporter.catalog import (
    CANARY_COST_USD,
    FAILURE_REASON_INFO,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    Family,
)


HOURS = 5
MINUTES = HOURS * 60
CHAT = {"probe": "chat_stream", "model": "m"}
HEALTH = {"probe": "health", "model": ""}
TARGET = {"target": "serverless", "surface": "serverless"}
PARTIES = {
    "server_error": "service",
    "auth": "us",
    "dns": "network",
    "throttled": "service",
}


def failures(probe: dict[str, str], reason: str, values: str, pod: str = "a") -> Series:
    """Return a counter of failures."""
    labels = {**TARGET, **probe, "reason": reason}
    return Series(PROBE_FAILURES, labels, values, instance=pod)


def gauge(family: Family, probe: dict[str, str], value: int, pod: str = "a") -> Series:
    """Return what stands still."""
    values = f"{value}x{MINUTES}"
    return Series(family, {**TARGET, **probe}, values, instance=pod)


def parties(pod: str = "a") -> list[Series]:
    """Return who has to act on what."""
    return [
        Series(
            FAILURE_REASON_INFO,
            {"reason": reason, "party": party},
            f"1x{MINUTES}",
            instance=pod,
        )
        for reason, party in PARTIES.items()
    ]


def complaints(
    series: Sequence[Series], asked: dict[str, float], lane: str, directory: Path
) -> str:
    """Return what is not as it is told at the end; numbers are rounded."""
    (directory / "rules.yml").write_text(rules_file(GROUPS), encoding="utf-8")
    test = {
        "interval": "1m",
        "input_series": [each.row() for each in series],
        "promql_expr_test": [
            {
                "expr": expression,
                "eval_time": f"{MINUTES}m",
                "exp_samples": [{"labels": "{}", "value": value}],
            }
            for expression, value in asked.items()
        ],
    }
    tests = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
    (directory / "tests.yml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    return promtool(lane, "test", "rules", "tests.yml", cwd=directory)


@pytest.mark.parametrize("lane", LANES)
def test_only_the_services_failures_count(lane: str, tmp_path: Path) -> None:
    """A quarter of the chats fails by its fault, and three quarters by others'."""
    chat = [
        failures(CHAT, "server_error", f"0+0.25x{MINUTES}"),
        failures(CHAT, "auth", f"0+0.25x{MINUTES}"),
        failures(CHAT, "dns", f"0+0.25x{MINUTES}"),
        failures(CHAT, "throttled", f"0+0.25x{MINUTES}"),
        gauge(CANARY_COST_USD, CHAT, 0),
        gauge(PROBE_INTERVAL_SECONDS, CHAT, 60),
    ]
    health = [
        failures(HEALTH, "server_error", f"0x{MINUTES}"),
        gauge(PROBE_INTERVAL_SECONDS, HEALTH, 20),
    ]
    asked = {
        f'round(sum({BY_PROBE}{{probe="chat_stream"}}), 1)': HOURS * 15.0,
        f'round(sum({SHARE_BY_PROBE}{{probe="chat_stream"}}), 0.01)': 0.25,
        f'round(sum({SHARE_BY_PROBE}{{probe="health"}}), 0.01)': 0.0,
        # One slot in four is a chat: a mean of the shares would be twice as much.
        f"round(sum({SHARE_BY_TARGET}), 0.0005)": 0.25 / 4,
    }

    assert not complaints([*parties(), *chat, *health], asked, lane, tmp_path)


@pytest.mark.parametrize("lane", LANES)
def test_a_replaced_pod_takes_no_failure_along(lane: str, tmp_path: Path) -> None:
    """Nor is what two pods saw of one free probe counted twice."""
    half = MINUTES // 2
    gone, new = f"0+1x{half}", f"{'_ ' * half}0+1x{half}"
    whole = f"0+1x{MINUTES}"
    series = [
        *parties(),
        gauge(PROBE_INTERVAL_SECONDS, HEALTH, 60),
        failures(HEALTH, "server_error", whole),
        failures(HEALTH, "server_error", gone, "b"),
        failures(HEALTH, "server_error", new, "c"),
    ]

    asked = {f"sum({SHARE_BY_TARGET}) > bool 0.85": 1.0}
    assert not complaints(series, asked, lane, tmp_path)


@pytest.mark.parametrize("lane", LANES)
def test_hours_before_the_first_run_are_no_good_hours(
    lane: str, tmp_path: Path
) -> None:
    """A report on five hours is one on five hours, and not on thirty days."""
    series = [
        *parties(),
        gauge(PROBE_INTERVAL_SECONDS, CHAT, 120),
        gauge(CANARY_COST_USD, CHAT, 0),
        failures(CHAT, "server_error", f"0+0.5x{MINUTES}"),
    ]

    asked = {f"round(sum({SHARE_BY_TARGET}), 0.01)": 1.0}
    assert not complaints(series, asked, lane, tmp_path)
