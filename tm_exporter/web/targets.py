"""What every target, model and probe is doing; what is healthy is folded."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from tm_exporter.views.status import ModelStatus, State, TargetStatus
from tm_exporter.web.html import Child, Html, join, tag
from tm_exporter.web.parts import (
    badge,
    body,
    evidence,
    moment,
    name,
    row,
    section,
    table,
    text,
)
from tm_exporter.web.timeline import timeline
from tm_exporter.web.words import duration


OPEN_AT_MOST = 3
"""Of so many targets all are unfolded, healthy or not."""

FOLDED_AT_MOST = 12
"""Of more targets, one that is healthy is a line, with a link to the rest."""

WHOLE_AT_MOST = 20
"""Of targets that are not healthy, so many are told in full."""

_ORDER: dict[State, int] = {"failing": 0, "unknown": 1, "ok": 2}
_COLUMNS = (
    *("Probe", "State", "Since", "Why"),
    *("First token", "Duration", "Last run", "Timeline"),
)
SURFACES = {
    "serverless": "Serverless",
    "on_demand": "On-Demand",
    "control_plane": "Control Plane",
}

Row = tuple[str, ModelStatus]


def targets(told: Sequence[TargetStatus], now: datetime) -> Html | None:
    """Return a section for all targets, those that fail first."""
    if not told:
        return None
    ordered = sorted(told, key=lambda target: (_ORDER[target.state], target.target))
    folds = len(told) > OPEN_AT_MOST
    bad = sum(each.state != "ok" for each in told)
    fits = len(told) <= FOLDED_AT_MOST
    count = len(told) if fits else min(bad, WHOLE_AT_MOST)
    whole = [_target(each, now, folds=folds) for each in ordered[:count]]
    short = [_line(each) for each in ordered[count:]]
    rest = tag("ul", *short, class_="targets") if short else None
    return section("Targets", *whole, rest, id_="targets")


def one_target(told: TargetStatus, now: datetime) -> Html:
    """Return a section for one target, unfolded."""
    whole = _target(told, now, folds=False, advises=True)
    return section("Target", whole, id_="targets")


def _line(told: TargetStatus) -> Html:
    link = tag("a", told.target, href=f"/?target={told.target}")
    words = f" {SURFACES[told.surface]}, {count(told)}"
    return tag("li", link, " ", badge(told.state), words, id=f"target-{told.target}")


def _target(
    told: TargetStatus, now: datetime, *, folds: bool, advises: bool = False
) -> Html:
    """Return a target's probes; what to do is told of each only if it `advises`."""
    is_open = not folds or told.state == "failing"
    summary = tag(
        "summary",
        tag("h3", told.target),
        " ",
        badge(told.state),
        tag("span", f" {SURFACES[told.surface]}, {count(told)}", class_="muted"),
    )
    return tag(
        "details",
        summary,
        table(
            f"Probes of {told.target}", _COLUMNS, _bodies(told, now, advises=advises)
        ),
        class_=f"target {told.state}",
        id=f"target-{told.target}",
        open=is_open,
        data_open="yes" if is_open else "no",
    )


def count(told: TargetStatus) -> str:
    """Return how many probes pass, and how soon the slowest model began to answer."""
    models = [model for probe in told.probes for model in probe.models]
    passing = sum(model.state == "ok" for model in models)
    times = [m.ttft_seconds for m in models if m.ttft_seconds is not None]
    first = f", first token after {duration(max(times))}" if times else ""
    return f"{passing} of {len(models)} probes pass{first}"


def _bodies(told: TargetStatus, now: datetime, *, advises: bool) -> Iterator[Html]:
    """Yield the rows of each model, after those that are about none."""
    rows = [(probe.probe, model) for probe in told.probes for model in probe.models]
    by_model = sorted(rows, key=lambda each: each[1].model)
    for model, group in groupby(by_model, key=lambda each: each[1].model):
        yield body(_of_model(model, group, now, advises=advises))


def _of_model(
    model: str, rows: Iterable[Row], now: datetime, *, advises: bool
) -> Iterator[Html]:
    if model:
        head = tag(
            "th",
            name(model),
            scope="rowgroup",
            role="rowheader",
            colspan=len(_COLUMNS),
            aria_colspan=len(_COLUMNS),
            class_="model",
        )
        yield tag("tr", head, role="row")
    for probe, status in rows:
        yield _row(probe, status, now, advises=advises)


def _row(probe: str, told: ModelStatus, now: datetime, *, advises: bool) -> Html:
    ttft = told.ttft_seconds
    cells: tuple[Child, ...] = (
        probe,
        badge(told.state),
        moment(told.since, now),
        _why(probe, told, now, advises=advises),
        None if ttft is None else duration(ttft),
        _duration(told),
        _last_run(told, now),
        timeline(told.runs),
    )
    return row(zip(_COLUMNS, cells, strict=True), class_=told.state)


def _why(probe: str, told: ModelStatus, now: datetime, *, advises: bool) -> Html | None:
    """Return why a probe fails or is unknown, and what to do about it."""
    what = f"{probe} {told.model}".rstrip()
    if told.state == "failing":
        reason = tag("strong", name(told.reason or ""))
        detail = join((": ", text(told.detail))) if told.detail else None
        return join(
            (
                tag("p", reason, detail),
                tag("p", text(told.next_step)) if advises and told.next_step else None,
                evidence(told.probe_id, what),
            )
        )
    if told.state == "unknown":
        due = _due(told.next_slot, now)
        return tag("p", text(told.detail), join(("; next slot ", due)) if due else None)
    return None


def _due(slot: datetime | None, now: datetime) -> Child:
    """Return when a slot comes: one that is due is not in the past."""
    is_due = slot is not None and (slot - now).total_seconds() < 1
    return "now" if is_due else moment(slot, now)


def _last_run(told: ModelStatus, now: datetime) -> Html | None:
    """Return when the last run ended, as a link to its transcript."""
    if told.probe_id is None:
        return None
    hidden = tag("span", "Transcript of the run ", class_="unseen")
    path = f"/api/v1/evidence/{told.probe_id}?format=text"
    return tag("a", hidden, moment(told.last_run, now), href=path)


def _duration(told: ModelStatus) -> Html | None:
    """Return how long the last run took, and where the time went."""
    if told.last_duration_seconds is None:
        return None
    phases = [f"{k} {duration(seconds)}" for k, seconds in told.phase_seconds.items()]
    small = tag("small", ", ".join(phases), class_="muted") if phases else None
    return join((tag("span", duration(told.last_duration_seconds)), " ", small))
