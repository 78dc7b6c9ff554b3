"""
Rules for several installations that watch one service from different places.

What pages for a reason of the service then needs a majority of the places that watch
the target: one that is cut off, or far away, does not wake anybody alone. All else
stays as it is, place by place.
"""

from collections.abc import Iterable
from dataclasses import replace

from tm_exporter.alerts.expression import indented, series
from tm_exporter.alerts.rule import Alert, Group, Rule
from tm_exporter.catalog import PROBE_INTERVAL_SECONDS


VANTAGE = "cluster"
"""The label that tells places apart."""


def quorum(groups: Iterable[Group], vantage: str = VANTAGE) -> tuple[Group, ...]:
    """
    Return groups whose critical alerts need a majority of the places.

    Args:
        groups: Of alerts that carry target and surface; to be rendered for a
            release that has `vantage` among its group labels.
        vantage: The label that tells places apart.
    """
    return tuple(
        replace(group, rules=tuple(_rule(rule, vantage) for rule in group.rules))
        for group in groups
    )


def incidents(groups: Iterable[Group], vantage: str = VANTAGE) -> tuple[Group, ...]:
    """
    Return groups whose alerts are also there without a place, once a majority has them.

    For alerts that keep back others: what pages for a majority names no place, and
    nothing that names one keeps it back.

    Args:
        groups: As for `quorum`.
        vantage: The label that tells places apart.
    """
    return tuple(
        replace(group, rules=tuple(_also(rule, vantage) for rule in group.rules))
        for group in groups
    )


def _also(rule: Rule, vantage: str) -> Rule:
    return replace(rule, expr=f"{rule.expr}\nor\n{_agreed(rule.expr, vantage)}")


def _rule(rule: Rule, vantage: str) -> Rule:
    if isinstance(rule, Alert) and rule.severity == "critical":
        return replace(rule, expr=_agreed(rule.expr, vantage))
    return rule


def _agreed(expression: str, vantage: str) -> str:
    # These labels are in the other order, so that no group label is put before them.
    seen = f"count by ({vantage}, surface, target) ({series(PROBE_INTERVAL_SECONDS)})"
    places = f"count by (surface, target) ({seen})"
    each = f"(\n{indented(expression)}\n)"
    return (
        f"max without ({vantage}) {each}\n"
        f"and\n"
        f"count without ({vantage}) {each}\n"
        f"> on (surface, target) group_left () 0.5 * {places}"
    )
