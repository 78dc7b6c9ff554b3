"""Render rules as the file that Prometheus loads."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tm_exporter.alerts.expression import INSTANCES, JOB
from tm_exporter.alerts.overrides import Overrides, overridden
from tm_exporter.alerts.rule import Alert, Group, Recording, Rule


RUNBOOKS = "http://localhost:9877/runbooks"
"""Where runbooks are read: the exporter serves those of its own version."""

HEADER = (
    "# Written by `make docs` from `tm_exporter/alerts`; edit that instead.\n"
    "# Each expression selects the series of the job `tm-exporter`.\n"
)
"""Comments on top of a rule file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """
    One installation, as its Prometheus knows it.

    Attributes:
        selector: Labels that all its series have and no other installation's; what
            rules record gets them too, so that two releases do not read each other.
        instances: How many of it are expected to be up.
        group_labels: More labels that tell services apart, such as `cluster`; they
            stay on alerts beside target, surface and model.
        labels: More labels of every alert, for routing.
        annotations: More annotations of every alert.
        runbooks: Where the pages of `docs/runbooks` are served, without a last slash.
        overrides: What this installation wants otherwise, by alert.
    """

    selector: Mapping[str, str] = field(default_factory=lambda: {"job": "tm-exporter"})
    instances: int = 1
    group_labels: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    runbooks: str = RUNBOOKS
    overrides: Overrides = field(default_factory=dict)

    def expression(self, text: str) -> str:
        """Return an expression on the series of this installation."""
        lead = "".join(f"{label}, " for label in self.group_labels)
        listed = text.replace("target,", f"{lead}target,")
        grouped = listed.replace("(job", f"({lead}job")
        return self.annotation(grouped.replace(INSTANCES, str(self.instances)))

    def annotation(self, text: str) -> str:
        """Return a text whose queries are on the series of this installation."""
        matchers = ", ".join(f'{name}="{v}"' for name, v in self.selector.items())
        return text.replace(JOB, matchers)


def rules_file(
    groups: Iterable[Group], release: Release | None = None, header: str = HEADER
) -> str:
    """
    Return a rule file.

    Args:
        groups: In the order of the file.
        release: Whose; plain Prometheus' with the job `tm-exporter` if it is None.
        header: Comments on top.

    Raises:
        ValueError: An override is of an alert that does not exist.
    """
    release = release or Release()
    wanted = overridden(groups, release.overrides)
    data = {"groups": [_group(group, release) for group in wanted]}
    return header + dumped(data)


def dumped(data: Mapping[str, Any]) -> str:
    """Return data as YAML that people can read."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=1000)


def _group(group: Group, release: Release) -> dict[str, Any]:
    head: dict[str, Any] = {"name": group.name}
    if group.interval is not None:
        head["interval"] = group.interval
    return head | {"rules": [_rule(rule, release) for rule in group.rules]}


def _rule(rule: Rule, release: Release) -> Mapping[str, Any]:
    if isinstance(rule, Recording):
        return {
            "record": rule.record,
            "expr": release.expression(rule.expr),
            "labels": dict(release.selector),
        }
    return _alert(rule, release)


def _alert(alert: Alert, release: Release) -> Mapping[str, Any]:
    times = {"for": alert.hold, "keep_firing_for": alert.lingers}
    return {
        "alert": alert.name,
        "expr": release.expression(alert.expr),
        **{key: time for key, time in times.items() if time != "0s"},
        # By the release's labels Alertmanager tells its alerts from those of another.
        "labels": {
            "severity": alert.severity,
            **release.selector,
            **release.labels,
            **alert.labels,
        },
        "annotations": {
            "summary": release.annotation(alert.summary),
            "description": release.annotation(alert.description),
            "runbook_url": f"{release.runbooks}/{alert.name}",
            **release.annotations,
            **alert.annotations,
        },
    }


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, so that people can read PromQL."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # PyYAML's own signature
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
