"""The objectives in force, and how soon somebody would be paged by them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tm_exporter.config.masking import duration_text
from tm_exporter.config.paging import Objective, Outlook, advice, is_sound, outlook
from tm_exporter.config.running import Running, running, supposed
from tm_exporter.config.settings import Settings


@dataclass(frozen=True, slots=True)
class Watched:
    """
    An objective in force, and what is to be expected of it.

    Attributes:
        target: Whom the probe asks.
        probe: Its name.
        models: Those for which all of this is the same; none if it asks no model.
        objective: With the interval as the canary budget stretches it.
        outlook: What the tiers do.
        advice: What would be sound, if this is not; empty if it is.
    """

    target: str
    probe: str
    models: tuple[str, ...]
    objective: Objective
    outlook: Outlook
    advice: str


def watched(
    settings: Settings, stretched: Mapping[str, float | None]
) -> tuple[Watched, ...]:
    """
    Return all objectives in force.

    Args:
        settings: The configuration.
        stretched: By which factor the canary budget stretches the intervals of
            probes, by their names; None for those that it never lets run, which are
            left out.
    """
    found: dict[tuple[str, str, Objective], list[str]] = {}
    for row in running(settings, supposed(settings)):
        factor = stretched.get(row.probe, 1.0)
        for objective in () if factor is None else _objectives(row, factor):
            models = found.setdefault((row.target.name, row.probe, objective), [])
            models += [row.model.name] if row.model else []
    return tuple(
        Watched(
            *(target, probe, tuple(models), objective),
            outlook=outlook(objective),
            advice=advice(objective, is_stretched=stretched.get(probe, 1.0) != 1),
        )
        for (target, probe, objective), models in found.items()
    )


def warnings(all_watched: Sequence[Watched]) -> Iterator[str]:
    """Yield a sentence for each objective that pages late, or not at all."""
    for each in all_watched:
        if is_sound(each.objective):
            continue
        slo, ratio = each.objective.slo, each.objective.ratio
        hint = f"; {each.advice}" if each.advice else ""
        if each.outlook.pages:
            late = duration_text(each.outlook.within or 0.0)
            said = f"it may take {late} until it pages for an outage"
        else:
            tiers = [t for t in each.outlook.tiers if t.tier.severity == "critical"]
            said = f"no page can ever come of it: {tiers[-1].why}"
        models = f" ({', '.join(each.models)})" if each.models else ""
        yield (
            f"{each.target}: {each.probe}{models} has an objective of {ratio:g} for "
            f"{slo}, and {said}{hint}"
        )


def _objectives(row: Running, factor: float) -> Iterator[Objective]:
    """Yield the objectives of a probe."""
    section = row.section
    times = (section.interval * factor, section.timeout)
    if section.slo is not None and section.slo.availability is not None:
        yield Objective("availability", section.slo.availability, *times)
    if section.slo is not None and section.slo.ttft and section.shows_first_token:
        yield Objective("ttft", section.slo.ttft.objective, *times)
