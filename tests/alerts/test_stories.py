"""What the shipped rules do, on the oldest and the newest Prometheus."""

from pathlib import Path

import pytest

from tests.alerts.promtool import each_lane, promtool
from tests.alerts.stories import MODULES, complaints, every_story
from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.alerts.render import rules_file


ALERTS = [alert for alert in alerts_of(GROUPS) if alert.severity != "none"]


@each_lane
def test_rules_have_no_fault(lane: str, tmp_path: Path) -> None:
    """Not even one of style."""
    (tmp_path / "rules.yml").write_text(rules_file(GROUPS), encoding="utf-8")
    lint = ("--lint=all", "--lint-fatal")

    assert not promtool(lane, "check", "rules", *lint, "rules.yml", cwd=tmp_path)


@each_lane
@pytest.mark.parametrize("module", MODULES)
def test_stories_end_as_told(module: str, lane: str, tmp_path: Path) -> None:
    """What must fire fires, by the minute, and nothing else of that name."""
    assert not complaints(module, lane, tmp_path)


@pytest.mark.parametrize("key", sorted(alert.key for alert in ALERTS))
def test_a_story_fires_each_alert(key: str) -> None:
    """With its severity told, where the name is shared."""
    name, severity = key.split("/")
    is_shared = len({alert.key for alert in ALERTS if alert.name == name}) > 1
    fired = [
        labels
        for story in every_story()
        for expected in story.expects
        if expected.alert == name
        for labels in expected.alerts
    ]

    assert any(
        labels.get("severity", "" if is_shared else severity) == severity
        for labels in fired
    )


@pytest.mark.parametrize("name", sorted({alert.name for alert in ALERTS}))
def test_a_story_leaves_each_alert_quiet(name: str) -> None:
    """An alert that fires at everything says nothing."""
    assert any(
        expected.alert == name and not expected.alerts
        for story in every_story()
        for expected in story.expects
    )
