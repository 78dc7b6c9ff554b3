"""The failures that are remembered, whatever passed since."""

from collections.abc import Iterable
from datetime import datetime
from heapq import nlargest
from typing import NamedTuple

from tm_exporter.sinks.marks import Mark
from tm_exporter.views.status import TargetStatus
from tm_exporter.web.html import Html, tag
from tm_exporter.web.parts import evidence, moment, name, section, text


MOST = 15
MOST_OF_TARGET = 200


class Failure(NamedTuple):
    """A failed run, and whose it was."""

    mark: Mark
    target: str
    probe: str
    model: str


def failures(targets: Iterable[TargetStatus], now: datetime, most: int) -> Html | None:
    """Return a section with the newest of them; None where there is none."""
    newest = nlargest(most, _all(targets), key=lambda each: each.mark.ended)
    if not newest:
        return None
    items = (_item(each, now) for each in newest)
    return section(
        "Last failures", tag("ol", *items, class_="failures"), id_="failures"
    )


def _all(targets: Iterable[TargetStatus]) -> Iterable[Failure]:
    for target in targets:
        for probe in target.probes:
            for model in probe.models:
                for mark in model.failures:
                    yield Failure(mark, target.target, probe.probe, model.model)


def _item(failed: Failure, now: datetime) -> Html:
    mark = failed.mark
    of_model = tag("span", " ", name(failed.model)) if failed.model else None
    whose = tag("span", f"{failed.target}: {failed.probe}", of_model)
    return tag(
        "li",
        moment(mark.ended, now),
        " ",
        whose,
        " ",
        tag("strong", mark.reason),
        tag("span", ": ", text(mark.detail), class_="detail") if mark.detail else None,
        " ",
        evidence(mark.probe_id, f"{failed.target} {failed.probe}, {mark.reason}"),
        id=f"run-{mark.probe_id}",
    )
