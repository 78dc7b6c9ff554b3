"""How long it takes from the first moment of trouble to a page, by promtool."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from tests.alerts.promtool import Series, Story, promtool, seconds, story_test
from tests.alerts.watching import (
    Happening,
    Watched,
    between,
    every,
    healthy,
    told,
)
from tm_exporter.alerts import objectives, surface
from tm_exporter.alerts.render import rules_file


STEP = 30
"""Seconds between two scrapes, and between two evaluations."""

START = 60
"""Minute at which the trouble begins, a moment after a run that passed."""

HEALTH = Watched(probe="health", model="", paid=False, availability=None, interval=15)
MODELS = replace(HEALTH, probe="models", interval=60)


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    Something that goes wrong from one moment on.

    Attributes:
        name: As the table has it.
        canary: What becomes of a canary of 60 seconds with 99 %.
        rest: Of the free probes and of a second model's canary.
        within: Minutes within which the budget's alert has to page.
    """

    name: str
    canary: Happening
    rest: Happening
    within: int

    @property
    def end(self) -> int:
        """The minute at which there is nothing more to see."""
        return START + self.within + 2

    def series(self) -> list[Series]:
        """Return what the exporter tells."""
        healthy_model = Watched(model="n")
        return [
            *told(Watched(), self.end, self.canary, step=STEP),
            *(
                series
                for watched in (HEALTH, MODELS, healthy_model)
                for series in told(watched, self.end, self.rest, step=STEP)
            ),
        ]


_REFUSED = between(START, 2 * START, "connect_refused")
_SILENT = between(START, 2 * START, "timeout")

TROUBLES = (
    Trouble("Everything is refused at once", _REFUSED, _REFUSED, 9),
    Trouble("Everything ends in a timeout of 30 s", _SILENT, _SILENT, 10),
    Trouble("One model of two is refused at once", _REFUSED, healthy, 9),
    Trouble("One model of two ends in a timeout of 30 s", _SILENT, healthy, 10),
    Trouble(
        "Every second run of one model fails",
        every(2, START, "server_error"),
        healthy,
        17,
    ),
    Trouble(
        "Every fifth run of one model fails",
        every(5, START, "server_error"),
        healthy,
        45,
    ),
)


def pages(trouble: Trouble, lane: str, directory: Path) -> Mapping[str, float]:
    """
    Return after how many minutes each critical alert of the canary's target fires.

    promtool only compares; so at every evaluation it is told that nothing fires, and
    what it complains of is read.
    """
    groups = (*objectives.GROUPS, *surface.GROUPS)
    (directory / "rules.yml").write_text(rules_file(groups), encoding="utf-8")
    test = story_test(
        Story(name=trouble.name, series=trouble.series(), step=f"{STEP}s")
    )
    test["promql_expr_test"] = [
        {
            "expr": 'ALERTS{alertstate="firing", severity="critical", model!="n"}',
            "eval_time": f"{moment}s",
            "exp_samples": [],
        }
        for moment in range(START * 60, trouble.end * 60, STEP)
    ]
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": f"{STEP}s",
        "group_eval_order": [group.name for group in groups],
        "tests": [test],
    }
    (directory / "stories.yml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    said = promtool(lane, "test", "rules", "stories.yml", cwd=directory)
    return _first(said)


def table(measured: Sequence[Mapping[str, float]]) -> str:
    """Return the table of the documentation."""
    rows = [
        f"| {trouble.name} | {_minutes(min(found.values()))} |"
        f" {_minutes(found['TensormeshErrorBudgetBurn'])} |"
        for trouble, found in zip(TROUBLES, measured, strict=True)
    ]
    head = "| What happens | First page | `TensormeshErrorBudgetBurn` |"
    return "\n".join((head, "| --- | --: | --: |", *rows))


def _first(said: str) -> dict[str, float]:
    """Return of each alert that promtool saw the minutes since the trouble began."""
    found: dict[str, float] = {}
    pattern = r"time: (\S+),\s+exp: nil\s+got: (.*?)\n"
    for moment, got in re.findall(pattern, said, flags=re.DOTALL):
        for name in re.findall(r'alertname="(\w+)"', got):
            minutes = seconds(moment) / 60 - START
            found[name] = min(minutes, found.get(name, minutes))
    return found


def _minutes(minutes: float) -> str:
    whole, rest = divmod(round(minutes * 60), 60)
    return f"{whole} min {rest} s" if rest else f"{whole} min"
