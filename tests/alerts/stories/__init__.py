"""
What happened, subject by subject: each module has its stories in `STORIES`.

Of the rules, promtool gets the groups of the alerts that a module's stories name: it
takes time for each rule. A module may set `EVALUATION`, how often they are evaluated.
"""

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path

from tests.alerts.promtool import EVALUATION, Story, check
from tm_exporter.alerts import GROUPS
from tm_exporter.alerts.overrides import alerts_of
from tm_exporter.alerts.rule import Group


MODULES = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def stories(module: str) -> Sequence[Story]:
    """Return the stories of a module."""
    found: Sequence[Story] = importlib.import_module(f"{__name__}.{module}").STORIES
    return found


def complaints(module: str, lane: str, directory: Path) -> str:
    """Run the stories of a module; return what promtool complained of."""
    loaded = importlib.import_module(f"{__name__}.{module}")
    pace: str = getattr(loaded, "EVALUATION", EVALUATION)
    return check(stories(module), lane, directory, _groups(stories(module)), pace)


def _groups(told: Sequence[Story]) -> list[Group]:
    """Return the groups whose alerts are spoken of."""
    names = {expected.alert for story in told for expected in story.expects}
    return [
        group
        for group in GROUPS
        if any(alert.name in names for alert in alerts_of([group]))
    ]


def every_story() -> list[Story]:
    """Return the stories of all modules."""
    return [story for module in MODULES for story in stories(module)]
