"""
The rules as the chart has them: its templates do with them what `render` does here.

Nothing is put in its place yet, neither job nor group labels nor overrides, and what a
rule says of itself stands side by side.
"""

from collections.abc import Iterable
from typing import Any

from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.render import dumped
from tm_exporter.alerts.rule import Group, Recording, Rule


HEADER = (
    "# Written by `make docs` from `tm_exporter/alerts`; edit that instead.\n"
    "# templates/monitoring/_rules.tpl makes the rules of a release of it.\n"
)
"""Comments on top."""


def chart_rules() -> str:
    """Return the file of the chart."""
    return HEADER + dumped(unrendered(GROUPS))


def unrendered(groups: Iterable[Group]) -> dict[str, Any]:
    """Return groups as plain data; what is empty is left out."""
    return {"groups": [_group(group) for group in groups]}


def _group(group: Group) -> dict[str, Any]:
    rules = [_rule(rule) for rule in group.rules]
    return _given(name=group.name, interval=group.interval, rules=rules)


def _rule(rule: Rule) -> dict[str, Any]:
    if isinstance(rule, Recording):
        return {"record": rule.record, "expr": rule.expr}
    return _given(
        alert=rule.name,
        severity=rule.severity,
        expr=rule.expr,
        hold=rule.hold,
        lingers=rule.lingers if rule.lingers != "0s" else "",
        summary=rule.summary,
        description=rule.description,
        labels=dict(rule.labels),
        annotations=dict(rule.annotations),
    )


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}
