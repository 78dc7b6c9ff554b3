"""
Stories for promtool: what the series did, and which alerts must fire when.

A story is data; all stories of one module below `tests/alerts/stories` are given to
promtool at once, on the oldest and on the newest Prometheus. What fires is read from
Prometheus' own `ALERTS` series, so texts can change without a story changing.
"""

import re
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.render import Release, rules_file
from tm_exporter.alerts.rule import Group
from tm_exporter.catalog import Family


TOOLS = Path(__file__).parents[2] / ".tools"
LANES = ("oldest", "newest")

EVALUATION = "1m"
"""How often rules are evaluated, unless the stories of a module want it otherwise."""

Labels = Mapping[str, str]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Series:
    """
    One series of a story.

    Attributes:
        family: What it is of; a name where we do not make it, such as `up`.
        labels: Besides job and instance.
        values: In promtool's notation, a value for each step of the story.
        instance: Which exporter tells it.
        job: Under which job; other installations have other jobs.
        suffix: `_bucket` or `_count` of a histogram.
    """

    family: Family | str
    labels: Labels
    values: str
    instance: str = "exporter-0"
    job: str = "tm-exporter"
    suffix: str = ""

    def row(self) -> dict[str, str]:
        """Return it as promtool wants it; an empty label is none."""
        labels = {"job": self.job, "instance": self.instance, **self.labels}
        return {"series": f"{self._name}{{{_inside(labels)}}}", "values": self.values}

    @property
    def _name(self) -> str:
        plain = self.family if isinstance(self.family, str) else self.family.name
        return plain + self.suffix


@dataclass(frozen=True, slots=True)
class Fires:
    """
    What must be firing at a moment, and nothing else of that name.

    Attributes:
        alert: Its name.
        at: As promtool writes it: `9m`, `1h5m`.
        alerts: The labels of each; only those that are named here are compared.
            None at all: it must be quiet.
        starts: It must not have fired one evaluation before.
    """

    alert: str
    at: str
    alerts: Sequence[Labels] = ()
    starts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """
    Something that happened, and what it must and must not set off.

    Attributes:
        name: In words.
        series: What Prometheus had scraped.
        expects: In any order.
        step: Time between two values of a series.
        no_pages: Moments until which nothing critical may have fired, ever.
    """

    name: str
    series: Sequence[Series]
    expects: Sequence[Fires] = ()
    step: str = "1m"
    no_pages: Sequence[str] = ()


def check(
    stories: Iterable[Story],
    lane: str,
    directory: Path,
    groups: Sequence[Group] = GROUPS,
    evaluation: str = EVALUATION,
    release: Release | None = None,
) -> str:
    """
    Have a lane's promtool run stories; return what it complained of, or nothing.

    Args:
        stories: All on the same rules.
        lane: `oldest` or `newest`.
        directory: An empty one.
        groups: The rules; all that we ship if none are given.
        evaluation: How often they are evaluated.
        release: Whose they are.
    """
    names = [group.name for group in groups]
    rules = rules_file(groups, release)
    return check_file(stories, lane, directory, rules, names, evaluation)


def check_file(
    stories: Iterable[Story],
    lane: str,
    directory: Path,
    rules: str,
    names: Sequence[str],
    evaluation: str = EVALUATION,
) -> str:
    """
    Have a lane's promtool run stories on a rule file, as `check` does.

    Args:
        stories: All on the same rules.
        lane: `oldest` or `newest`.
        directory: An empty one.
        rules: The text of the file.
        names: Of its groups, in order.
        evaluation: How often they are evaluated.
    """
    (directory / "rules.yml").write_text(rules, encoding="utf-8")
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": evaluation,
        # Else promtool takes them in another order each time.
        "group_eval_order": list(names),
        "tests": [story_test(story, seconds(evaluation)) for story in stories],
    }
    text = yaml.safe_dump(tests, sort_keys=False)
    (directory / "stories.yml").write_text(text, encoding="utf-8")
    return promtool(lane, "test", "rules", "stories.yml", cwd=directory)


def each_lane(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test with the promtool of each lane; it starts another program."""
    marked: Callable[..., None] = pytest.mark.e2e(test)
    each: Callable[..., None] = pytest.mark.parametrize("lane", LANES)(marked)
    return each


def promtool(lane: str, *arguments: str, cwd: Path) -> str:
    """Run a lane's promtool; return what it said if it failed, else nothing."""
    program = TOOLS / lane / "usr/bin/promtool"
    assert program.is_file(), f"{program} is missing: run make parts"
    done = subprocess.run(  # noqa: S603  # our own arguments
        [program, *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def seconds(duration: str) -> int:
    """Return the seconds of a duration such as `1h30m`."""
    parts = re.findall(r"(\d+)([smhd])", duration)
    return sum(int(number) * _SECONDS[unit] for number, unit in parts)


def firing(alert: str) -> str:
    """Return what selects an alert that fires."""
    return f'ALERTS{{alertname="{alert}", alertstate="firing"}}'


def story_test(story: Story, pace: int = 60) -> dict[str, Any]:
    """
    Return a story as promtool wants it.

    Args:
        story: What happened.
        pace: Seconds between two evaluations.
    """
    before = [
        Fires(expected.alert, f"{seconds(expected.at) - pace}s")
        for expected in story.expects
        if expected.starts
    ]
    return {
        "name": story.name,
        "interval": story.step,
        "input_series": [series.row() for series in (*story.series, *_up(story))],
        "promql_expr_test": [
            *(_expectation(expected) for expected in (*story.expects, *before)),
            *(_quiet(at) for at in story.no_pages),
        ],
    }


def _up(story: Story) -> Iterator[Series]:
    """Yield that the exporter is up, where a story does not tell."""
    if not any(series.family == "up" for series in story.series):
        moments = (*(expected.at for expected in story.expects), *story.no_pages)
        last = max(map(seconds, moments), default=0) // seconds(story.step)
        yield Series("up", {}, f"1x{last}")


def _expectation(expected: Fires) -> dict[str, Any]:
    names = sorted({name for labels in expected.alerts for name in labels})
    by = ", ".join(names) or "alertname"
    return {
        "expr": f"count by ({by}) ({firing(expected.alert)}) * 0 + 1",
        "eval_time": expected.at,
        "exp_samples": [
            {"labels": f"{{{_inside(labels)}}}", "value": 1}
            for labels in expected.alerts
        ],
    }


def _quiet(at: str) -> dict[str, Any]:
    return {
        "expr": "sum by (alertname, target) (count_over_time("
        f'ALERTS{{alertstate="firing", severity="critical"}}[{at}]))',
        "eval_time": at,
        "exp_samples": [],
    }


def _inside(labels: Labels) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in labels.items() if value)
