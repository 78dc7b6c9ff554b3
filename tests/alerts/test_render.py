"""What a release can want otherwise, and what the rule file looks like then."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.alerts.promtool import (
    Fires,
    Series,
    Story,
    check,
    each_lane,
    promtool,
    story_test,
)
from tests.alerts.watching import Watched, between, healthy, told
from tm_exporter import catalog
from tm_exporter.alerts import GROUPS, objectives
from tm_exporter.alerts.expression import INSTANCES, JOB
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.alerts.render import Release, rules_file


RELEASE = Release(
    selector={"job": "monitoring/tm", "namespace": "monitoring"},
    group_labels=("cluster",),
    runbooks="https://wiki.example/runbooks",
)
BURN = "TensormeshErrorBudgetBurn"


def loaded(release: Release | None = None) -> list[dict[str, Any]]:
    """Return the rules of a file, group by group."""
    groups = yaml.safe_load(rules_file(GROUPS, release))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts(release: Release | None = None) -> dict[str, dict[str, Any]]:
    """Return the alerts of a file by name and severity."""
    return {
        f"{rule['alert']}/{rule['labels']['severity']}": rule
        for rule in loaded(release)
        if "alert" in rule
    }


def test_every_alert_says_what_people_need() -> None:
    """A text for each, and a page that is named like the alert."""
    for rule in alerts().values():
        annotations = rule["annotations"]

        assert rule["labels"]["severity"] in {"critical", "warning", "info", "none"}
        assert annotations["summary"].strip()
        assert annotations["description"].strip()
        assert annotations["runbook_url"].endswith(f"/runbooks/{rule['alert']}")


def test_a_name_and_a_severity_are_one_alert() -> None:
    """Else an override would be of two, and Alertmanager would mix them up."""
    keys = [alert.key for alert in alerts_of(GROUPS)]

    assert len(keys) == len(set(keys))


def test_alerts_of_objectives_keep_who_they_are_about() -> None:
    """Routing and inhibition go by these labels."""
    for alert in alerts_of(objectives.GROUPS):
        assert "by (target, surface, probe, model)" in alert.expr


def test_every_expression_is_about_this_installation() -> None:
    """One that forgets would page for all releases at once."""
    for rule in loaded():
        assert JOB in rule["expr"] or rule["expr"] == "vector(1)"


def test_a_release_selects_its_own_series() -> None:
    """In what it reads, what it records and what its texts look up."""
    text = rules_file(GROUPS, RELEASE)

    assert JOB not in text
    assert '{job="monitoring/tm", namespace="monitoring"' in text
    for rule in loaded(RELEASE):
        if "record" in rule:
            assert rule["labels"] == RELEASE.selector


def test_group_labels_stay_wherever_labels_are_listed() -> None:
    """An alert that dropped one could not be routed by it."""
    for rule in loaded(RELEASE):
        assert "(target," not in rule["expr"]


def test_runbooks_are_where_the_release_says() -> None:
    """Not everybody lets people reach the exporter."""
    rule = alerts(RELEASE)[f"{BURN}/critical"]

    assert rule["annotations"]["runbook_url"] == f"{RELEASE.runbooks}/{BURN}"


def test_an_alert_can_be_switched_off() -> None:
    """All of a name, or one severity of it."""
    none = alerts(Release(overrides={BURN: {"enabled": False}}))
    some = alerts(Release(overrides={f"{BURN}/warning": {"enabled": False}}))

    assert not any(key.startswith(BURN) for key in none)
    assert f"{BURN}/critical" in some
    assert f"{BURN}/warning" not in some


def test_an_alert_can_be_graded_and_timed_otherwise() -> None:
    """The narrower key goes before the name."""
    release = Release(
        overrides={
            "TensormeshSurfaceDown": {"severity": "warning", "for": "10m"},
            "TensormeshSurfaceDown/critical": {"for": "20m"},
        }
    )

    rule = alerts(release)["TensormeshSurfaceDown/warning"]

    assert rule["for"] == "20m"


def test_alerts_get_the_labels_and_annotations_of_a_release() -> None:
    """All of them what the release has, one of them what it alone is to have."""
    release = Release(
        labels={"team": "a", "tier": "1"},
        annotations={"dashboard": "d"},
        overrides={BURN: {"labels": {"team": "b"}, "annotations": {"summary": "s"}}},
    )

    made = alerts(release)
    other = made["TensormeshSurfaceDown/critical"]

    assert made[f"{BURN}/critical"]["labels"]["team"] == "b"
    assert made[f"{BURN}/critical"]["annotations"]["summary"] == "s"
    assert (other["labels"]["team"], other["labels"]["tier"]) == ("a", "1")
    assert other["annotations"]["dashboard"] == "d"


def test_a_release_misses_instances_by_its_own_number() -> None:
    """No placeholder is left anywhere."""
    text = rules_file(GROUPS, Release(instances=7))

    assert 'sum by (job) (up{job="tm-exporter"}) < 7' in text
    assert INSTANCES not in text


def test_an_override_of_no_alert_is_refused() -> None:
    """Else the alert that was meant would stay as it is."""
    release = Release(overrides={"TensormeshSurfaceDwon": {"enabled": False}})

    with pytest.raises(ValueError, match="did you mean TensormeshSurfaceDown"):
        rules_file(GROUPS, release)


def test_a_group_without_rules_is_left_out() -> None:
    """Prometheus would take it, and nobody would know what it is for."""
    names = {alert.name for alert in alerts_of(GROUPS)}
    off = Release(overrides={name: {"enabled": False} for name in names})

    groups = yaml.safe_load(rules_file(GROUPS, off))["groups"]

    assert all(group["rules"] for group in groups)


@each_lane
def test_rules_of_a_release_have_no_fault(lane: str, tmp_path: Path) -> None:
    """Whatever is put in their place."""
    (tmp_path / "rules.yml").write_text(rules_file(GROUPS, RELEASE), encoding="utf-8")
    lint = ("--lint=all", "--lint-fatal")

    assert not promtool(lane, "check", "rules", *lint, "rules.yml", cwd=tmp_path)


@each_lane
def test_two_releases_do_not_page_for_each_other(lane: str, tmp_path: Path) -> None:
    """Though both watch the same target, and one Prometheus has the rules of both."""
    other = Watched(target="serverless", job="other")
    series = [
        *told(Watched(job="monitoring/tm"), 75, healthy),
        *told(other, 75, between(60, 75, "tls")),
    ]
    mine = [
        replace(each, labels={"namespace": "monitoring", "cluster": "a", **each.labels})
        for each in series
    ]
    quiet = Story(name="the other one fails", series=mine, no_pages=("75m",))

    assert not check([quiet], lane, tmp_path, objectives.GROUPS, release=RELEASE)


@each_lane
def test_the_rules_of_a_release_page_for_it(lane: str, tmp_path: Path) -> None:
    """With the label that it groups by."""
    labels = {"namespace": "monitoring", "cluster": "a"}
    series = [
        replace(each, labels={**labels, **each.labels})
        for each in told(Watched(job="monitoring/tm"), 75, between(60, 75, "tls"))
    ]
    page = {"cluster": "a", "target": "serverless", "severity": "critical"}
    story = Story(
        name="it fails", series=series, expects=(Fires(BURN, "72m", (page,)),)
    )

    assert not check([story], lane, tmp_path, objectives.GROUPS, release=RELEASE)


@each_lane
def test_texts_say_who_has_to_act(lane: str, tmp_path: Path) -> None:
    """By what Prometheus looks up when the alert fires."""
    rows = told(Watched(), 75, between(60, 75, "auth"))
    info = {"reason": "auth", "party": "us"}
    verdict = {"target": "serverless", "surface": "serverless", "verdict": "auth"}
    story = Story(
        name="the key is refused",
        series=[
            *rows,
            Series(catalog.FAILURE_REASON_INFO, info, "1x75"),
            Series(catalog.DIAGNOSIS, verdict, "1x75"),
        ],
    )
    (tmp_path / "rules.yml").write_text(rules_file(GROUPS), encoding="utf-8")
    test = story_test(story)
    test["alert_rule_test"] = [{"eval_time": "70m", "alertname": BURN}]
    tests = {"rule_files": ["rules.yml"], "tests": [test]}
    (tmp_path / "stories.yml").write_text(yaml.safe_dump(tests), encoding="utf-8")

    said = promtool(lane, "test", "rules", "stories.yml", cwd=tmp_path)

    assert "chat_stream of serverless, model m: 16.67% of the expected runs" in said
    assert "the reason was auth, on which this party has to act: us. " in said
    assert "The diagnosis is auth." in said
