"""The rules of a release: what the chart makes of them is what Python makes of them."""

import string
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.alerts.promtool import each_lane, promtool
from tests.helm.engine import ENGINES, Json, Refused, of_kind, render
from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.alerts.render import Release, rules_file


pytestmark = pytest.mark.e2e  # starts Helm

NAME, NAMESPACE = "tm", "mon"
JOB = "tm-tm-exporter"
"""The Service's name, which Prometheus takes as the label `job`."""

BURN = "TensormeshErrorBudgetBurn"


def rules(
    wanted: Json | None = None,
    name: str = NAME,
    namespace: str = NAMESPACE,
    engine: str = "4",
    **others: Any,
) -> list[Json]:
    """Return the groups of rules that the chart makes of `prometheusRule`."""
    values = {"prometheusRule": {"enabled": True, **(wanted or {})}, **others}
    documents = render(values, name, namespace, engine=engine)
    [made] = of_kind("PrometheusRule", documents)
    groups: list[Json] = made["spec"]["groups"]
    return groups


def ours(**release: Any) -> list[Json]:
    """Return the groups of rules that Python makes for the same release."""
    wanted = {
        "selector": {"job": JOB, "namespace": NAMESPACE},
        "runbooks": f"http://{JOB}.{NAMESPACE}.svc:9877/runbooks",
        **release,
    }
    text = rules_file(GROUPS, Release(**wanted))
    groups: list[Json] = yaml.load(text, yaml.CSafeLoader)["groups"]
    return groups


def alerts(groups: list[Json], name: str) -> list[Json]:
    """Return the alerts of a name."""
    return [
        rule for group in groups for rule in group["rules"] if rule.get("alert") == name
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_rules_are_of_the_release(engine: str) -> None:
    """By the job and the namespace that its series get."""
    assert rules(engine=engine) == ours()


_NAMES = st.text(string.ascii_lowercase, min_size=3, max_size=9)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]))
_ANNOTATIONS = st.dictionaries(_NAMES, st.one_of(_TEXTS, st.just("{{ $value }} a\nb")))
_LABELS = st.dictionaries(st.sampled_from(["team", "tier", "region"]), _TEXTS)
_OVERRIDE = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "severity": st.sampled_from(["critical", "warning", "info"]),
        "for": st.sampled_from(["0s", "90s", "1h"]),
        "labels": _LABELS,
        "annotations": _ANNOTATIONS,
    },
)
_KEYS = sorted({key for each in alerts_of(GROUPS) for key in (each.name, each.key)})
_OVERRIDES = st.dictionaries(st.sampled_from(_KEYS), _OVERRIDE, max_size=8)
_SELECTOR = st.dictionaries(_NAMES.map("l_{}".format), _NAMES, min_size=1)


@given(
    overrides=_OVERRIDES,
    labels=_LABELS,
    annotations=_ANNOTATIONS,
    group_labels=st.lists(st.sampled_from(["cluster", "region"]), unique=True),
    instances=st.integers(1, 9),
    selector=st.one_of(st.none(), _SELECTOR),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_chart_and_python_agree(
    selector: dict[str, str] | None, group_labels: list[str], **release: Any
) -> None:
    """Whatever a release wants otherwise; else a test of one says nothing of both."""
    names = {"labels": "ruleLabels", "annotations": "ruleAnnotations"}
    wanted = {names.get(key, key): value for key, value in release.items()}
    wanted |= {"groupLabels": group_labels, "selector": selector or {}}
    # Helm goes through maps in the order of their keys.
    selected = {"selector": dict(sorted(selector.items()))} if selector else {}

    made = rules(wanted)

    assert made == ours(group_labels=tuple(group_labels), **selected, **release)


@pytest.mark.parametrize(
    ("values", "instances"),
    [
        ({}, 1),
        ({"replicas": 3, "lease": {"enabled": True}}, 3),
        ({"sharding": {"enabled": True, "shards": 5}}, 5),
    ],
)
def test_rules_expect_as_many_instances_as_there_are(
    values: Json, instances: int
) -> None:
    """One that is missing is told of, and none that was never there."""
    [missing] = alerts(rules(**values), "TensormeshInstancesMissing")

    assert missing["expr"].endswith(f" < {instances}")


def test_two_releases_of_a_namespace_have_rules_of_their_own() -> None:
    """Neither reads a series of the other, scraped or recorded."""
    mine, other = (yaml.safe_dump(rules(name=name)) for name in ("a", "b"))

    assert 'job="a-tm-exporter", namespace="mon"' in mine
    assert "b-tm-exporter" not in mine
    assert "a-tm-exporter" not in other


def test_runbooks_are_where_the_release_says() -> None:
    """With or without a slash at the end."""
    groups = rules({"runbookUrl": "https://wiki.example/runbooks/"})
    urls = {rule["annotations"]["runbook_url"] for rule in alerts(groups, BURN)}

    assert urls == {f"https://wiki.example/runbooks/{BURN}"}


def test_runbooks_are_at_the_exporter_over_tls() -> None:
    """By the scheme that Prometheus scrapes with."""
    monitor = {"enabled": True, "scheme": "https"}
    [rule, *_] = alerts(rules(serviceMonitor=monitor), BURN)

    assert rule["annotations"]["runbook_url"].startswith(f"https://{JOB}.mon.svc:9877/")


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (
            {"overrides": {"TensormeshSurfaceDwon": {"enabled": False}}},
            "prometheusRule.overrides: there is no alert TensormeshSurfaceDwon",
        ),
        (
            {"overrides": {BURN: {"labels": {"namespace": "else"}}}},
            f"prometheusRule.overrides.{BURN}.labels: namespace is a label that",
        ),
        (
            {"groupLabels": ["cluster", "target"]},
            "prometheusRule.groupLabels: the rules keep target apart as it is",
        ),
        (
            {"ruleLabels": {"severity": "critical"}},
            "prometheusRule.ruleLabels: severity is a label that the rules set",
        ),
    ],
)
def test_what_cannot_be_is_refused(wanted: Json, sentence: str) -> None:
    """With a sentence that names the value."""
    with pytest.raises(Refused, match=sentence):
        rules(wanted)


@each_lane
def test_rules_of_the_chart_have_no_fault(lane: str, tmp_path: Any) -> None:
    """Not even one of style."""
    groups = rules({"groupLabels": ["cluster"], "ruleLabels": {"team": "inference"}})
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": groups}))
    lint = ("--lint=all", "--lint-fatal")

    assert not promtool(lane, "check", "rules", *lint, "rules.yml", cwd=tmp_path)
