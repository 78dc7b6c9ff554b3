"""How `check` tells how soon somebody would be paged."""

from collections.abc import Sequence
from typing import Any

from tm_exporter.alerts.burn_rate import TIERS, Tier
from tm_exporter.config.masking import duration_text
from tm_exporter.config.paging import Objective, Outlook, TierOutlook
from tm_exporter.config.watched import Watched


_MOST_NAMES = 2
_COLUMNS = (
    *("target", "probe", "models", "objective", "interval"),
    *(f"{tier.long}/{tier.short}" for tier in TIERS),
    "pages within",
)


def paging_lines(all_watched: Sequence[Watched]) -> list[str]:
    """Return the lines for people, a table first; none where no objective is."""
    if not all_watched:
        return []
    rows = [_COLUMNS, *map(_row, all_watched)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows),
        f"{_named('critical')} page, {_named('warning')} make a ticket",
        "each if so many fail of the slots of its long window, one after the other",
        "no tier fires on a single failure; scraping and evaluating come on top",
    ]


def paging_fields(all_watched: Sequence[Watched]) -> list[dict[str, Any]]:
    """Return the same for programs; times in seconds, None where no page comes."""
    return [_fields(each, each.objective, each.outlook) for each in all_watched]


def _row(each: Watched) -> tuple[str, ...]:
    slo, ratio, interval, _ = each.objective
    within = each.outlook.within
    return (
        *(each.target, each.probe, _models(each.models), f"{slo} {ratio:g}"),
        duration_text(interval),
        *map(_cell, each.outlook.tiers),
        "never" if within is None else duration_text(within),
    )


def _models(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMES:
        return f"{len(names)} models"
    return ", ".join(names) or "-"


def _cell(tier: TierOutlook) -> str:
    if tier.verdict == "never":
        return "never"
    count = f"{tier.failures} of {tier.slots}"
    return f"{count}, {tier.verdict}" if tier.verdict == "flaps" else count


def _named(severity: str) -> str:
    return " and ".join(_name(tier) for tier in TIERS if tier.severity == severity)


def _name(tier: Tier) -> str:
    return f"{tier.long}/{tier.short}"


def _fields(each: Watched, objective: Objective, outlook: Outlook) -> dict[str, Any]:
    return {
        "target": each.target,
        "probe": each.probe,
        "models": list(each.models),
        "slo": objective.slo,
        "objective": objective.ratio,
        "interval_seconds": objective.interval,
        "timeout_seconds": objective.timeout,
        "tiers": [_tier(tier) for tier in outlook.tiers],
        "page_seconds_refused": outlook.refused,
        "page_seconds": outlook.within,
        "advice": each.advice,
    }


def _tier(outlook: TierOutlook) -> dict[str, Any]:
    return {
        "long": outlook.tier.long,
        "short": outlook.tier.short,
        "factor": outlook.tier.factor,
        "severity": outlook.tier.severity,
        "failures_needed": outlook.failures,
        "slots": outlook.slots,
        "verdict": outlook.verdict,
        "why": outlook.why,
        "fires_on_one_failure": outlook.failures == 1,
    }
