"""What an installation wants otherwise than we ship it, alert by alert."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypedDict

from tm_exporter.alerts.rule import Alert, Group, Rule, Severity


Override = TypedDict(
    "Override", {"enabled": bool, "severity": Severity, "for": str}, total=False
)
"""Whether there is the alert at all, its severity, and how long it must be true."""

Overrides = Mapping[str, Override]
"""By the name of an alert, or by `name/severity` where one name has several."""


def overridden(groups: Iterable[Group], overrides: Overrides) -> tuple[Group, ...]:
    """
    Return the groups with some alerts switched off, re-graded or re-timed.

    Args:
        groups: As we ship them; one that has no rule left is left out.
        overrides: The narrower key goes before the name alone.

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
            severity = wanted.get("severity", rule.severity)
            yield replace(rule, severity=severity, hold=wanted.get("for", rule.hold))


def _refuse_unknown(groups: Iterable[Group], overrides: Overrides) -> None:
    known = {key for alert in alerts_of(groups) for key in (alert.name, alert.key)}
    for name in overrides:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"there is no alert {name}{hint}")
