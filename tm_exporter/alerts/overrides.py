"""What an installation wants otherwise than we ship it, alert by alert."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypedDict

from tm_exporter.alerts.rule import Alert, Group, Rule, Severity


Override = TypedDict(
    "Override",
    {
        "enabled": bool,
        "severity": Severity,
        "for": str,
        "labels": Mapping[str, str],
        "annotations": Mapping[str, str],
    },
    total=False,
)
"""
What an alert is to be otherwise.

Attributes:
    enabled: Whether there is the alert at all.
    severity: In place of ours.
    for: How long it must be true before it fires.
    labels: More of them, for routing.
    annotations: More of them, or texts in place of ours.
"""

Overrides = Mapping[str, Override]
"""By the name of an alert, or by `name/severity` where one name has several."""


def overridden(groups: Iterable[Group], overrides: Overrides) -> tuple[Group, ...]:
    """
    Return the groups with some alerts switched off, re-graded, re-timed or labelled.

    Args:
        groups: As we ship them; one that has no rule left is left out.
        overrides: The narrower key goes before the name alone, setting by setting.

    Raises:
        ValueError: No alert has such a name.
    """
    groups = tuple(groups)
    _refuse_unknown(groups, overrides)
    changed = (
        replace(group, rules=tuple(_rules(group, overrides))) for group in groups
    )
    return tuple(group for group in changed if group.rules)


def alerts_of(groups: Iterable[Group]) -> Iterator[Alert]:
    """Yield the alerts among the rules of groups, in order."""
    for group in groups:
        yield from (rule for rule in group.rules if isinstance(rule, Alert))


def _rules(group: Group, overrides: Overrides) -> Iterator[Rule]:
    for rule in group.rules:
        if not isinstance(rule, Alert):
            yield rule
            continue
        wanted: Override = {
            **overrides.get(rule.name, {}),
            **overrides.get(rule.key, {}),
        }
        if wanted.get("enabled", True):
            yield replace(
                rule,
                severity=wanted.get("severity", rule.severity),
                hold=wanted.get("for", rule.hold),
                labels={**rule.labels, **wanted.get("labels", {})},
                annotations={**rule.annotations, **wanted.get("annotations", {})},
            )


def _refuse_unknown(groups: Iterable[Group], overrides: Overrides) -> None:
    known = {key for alert in alerts_of(groups) for key in (alert.name, alert.key)}
    for name in overrides:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"there is no alert {name}{hint}")
