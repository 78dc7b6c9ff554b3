"""What nobody looks at: in maintenance, not watched, or never measured."""

from collections.abc import Sequence
from datetime import datetime

from tm_exporter.views.status import MaintenanceStatus, NotWatched, Status
from tm_exporter.web.html import Child, Html, tag
from tm_exporter.web.parts import body, moment, name, row, section, table, text
from tm_exporter.web.words import some


_MAINTENANCE = ("Targets", "Models", "Name", "By", "Why", "Ends")
_NOT_WATCHED = ("What", "Target", "Why")
_NEVER = (
    "No probe measures whether answers are good or true, how your own users' requests"
    " fare, or what other regions see."
)


def maintenance(entries: Sequence[MaintenanceStatus], now: datetime) -> Html | None:
    """Return what is in maintenance, and so not asked; None where nothing is."""
    if not entries:
        return None
    rows = [_maintenance(entry, now) for entry in entries]
    told = table("In maintenance", _MAINTENANCE, [body(rows)])
    return section("In maintenance: not asked now", told, id_="maintenance")


def _maintenance(entry: MaintenanceStatus, now: datetime) -> Html:
    """Return a row; where no target or model is named, all of them are meant."""
    cells: tuple[Child, ...] = (
        ", ".join(entry.targets) or "all targets",
        name(", ".join(entry.models)) if entry.models else None,
        name(entry.name),
        name(entry.who or entry.origin),
        text(entry.why),
        moment(entry.until, now),
    )
    return row(zip(_MAINTENANCE, cells, strict=True))


def gaps(status: Status) -> Html:
    """Return what is not watched, and why, and what was or is never measured."""
    rows = [_not_watched(entry) for entry in status.not_watched]
    told = table("Not watched", _NOT_WATCHED, [body(rows)]) if rows else None
    never = _never_ran(status)
    return section(
        "Not watched, never measured",
        told,
        tag("p", f"Never ran so far: {some(never, 20)}.") if never else None,
        tag("p", _NEVER),
        id_="gaps",
    )


def _not_watched(entry: NotWatched) -> Html:
    cells: tuple[Child, ...] = (name(entry.what), entry.target, text(entry.why))
    return row(zip(_NOT_WATCHED, cells, strict=True))


def _never_ran(status: Status) -> list[str]:
    """Return the probes that had the time to run and did not."""
    if not status.ready:
        return []
    return [
        f"{target.target}: {probe.probe}"
        for target in status.targets
        for probe in target.probes
        if all(model.last_run is None for model in probe.models)
    ]
