"""The example for Alertmanager: it is valid, and sends each alert where it belongs."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.promtool import LANES, TOOLS
from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.incidents import TELLS_OF_ALL
from tm_exporter.alerts.overrides import alerts_of


EXAMPLE = Path(__file__).parents[2] / "deploy" / "prometheus" / "alertmanager.yml"
CONFIG: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
ALERTS = {alert.name for alert in alerts_of(GROUPS)}
RECEIVERS = {"critical": "page", "warning": "ticket", "info": "nobody"}

each_lane = pytest.mark.parametrize("lane", LANES)


def amtool(lane: str, *arguments: str | Path) -> str:
    """Run a lane's amtool, and return what it printed."""
    program = TOOLS / lane / "usr/bin/amtool"
    assert program.is_file(), f"{program} is missing: run make parts"
    done = subprocess.run(  # noqa: S603  # our own arguments
        [program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@each_lane
def test_the_example_is_valid(lane: str) -> None:
    """For the oldest and the newest Alertmanager."""
    assert "SUCCESS" in amtool(lane, "check-config", EXAMPLE)


@each_lane
@pytest.mark.parametrize(
    ("name", "severity", "receiver"),
    [
        ("TensormeshSurfaceDown", "critical", "page"),
        ("TensormeshOwnNetworkDown", "critical", "page"),
        ("TensormeshRunwayShort", "critical", "page"),
        ("TensormeshRunwayShort", "warning", "ticket"),
        ("TensormeshCatalogGap", "info", "nobody"),
        ("TensormeshWatchdog", "none", "dead-mans-switch"),
        ("TensormeshTargetUnpaid", "none", "nobody"),
        ("TensormeshIncidentKnown", "none", "nobody"),
    ],
)
def test_each_severity_goes_where_it_belongs(
    lane: str, name: str, severity: str, receiver: str
) -> None:
    """As the routes are, by Alertmanager's own reading of them."""
    labels = (f"alertname={name}", f"severity={severity}", "target=serverless")
    test = ("config", "routes", "test", f"--config.file={EXAMPLE}")

    assert amtool(lane, *test, *labels) == receiver


def test_no_alert_is_lost_on_the_way() -> None:
    """By all names and severities; one lane reads them as the other does."""
    routed = {
        alert.key: amtool(
            "newest",
            *("config", "routes", "test", f"--config.file={EXAMPLE}"),
            *(f"alertname={alert.name}", f"severity={alert.severity}"),
        )
        for alert in alerts_of(GROUPS)
        if alert.severity != "none"
    }

    assert routed == {
        alert.key: RECEIVERS[alert.severity]
        for alert in alerts_of(GROUPS)
        if alert.severity != "none"
    }


def test_inhibition_names_alerts_that_exist() -> None:
    """A name that was changed would keep nothing back any more."""
    text = EXAMPLE.read_text(encoding="utf-8")
    named = set(re.findall(r'alertname!?="(\w+)"', text))
    for group in re.findall(r'alertname=~"Tensormesh\(([\w|]+)\)"', text):
        named |= {f"Tensormesh{name}" for name in group.split("|")}

    assert named >= set(TELLS_OF_ALL)
    assert named <= ALERTS


def test_installations_do_not_keep_back_each_others_alerts() -> None:
    """Every rule compares what tells them apart."""
    rules = CONFIG["inhibit_rules"]

    assert rules
    assert all({"job", "namespace"} <= set(rule["equal"]) for rule in rules)
