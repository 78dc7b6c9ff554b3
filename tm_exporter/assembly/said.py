"""What the log tells of a configuration, and of a change of it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeVar

import structlog

from tm_exporter.config.report import NotRunning, Report
from tm_exporter.config.settings import Settings


log = structlog.get_logger()
T = TypeVar("T")

_SHOWN = 20  # targets that one line names


def say_what_to_know(report: Report, before: Report | None = None) -> None:
    """
    Log what a reader of the configuration could overlook.

    Args:
        report: On the configuration in force.
        before: On the one before it: what was said then is not said again.
    """
    known = before or Report((), (), (), ())
    for note in _new(report.notes, known.notes):
        log.info("configuration_note", detail=note)
    not_running = _new(report.not_running, known.not_running)
    for (what, why), targets in _by_reason(not_running).items():
        log.info("not_watched", targets=targets, what=what, why=why)
    for warning in _new(report.warnings, known.warnings):
        log.warning("configuration_warning", detail=warning)


def say_what_changed(
    settings: Settings, report: Report, now: Settings, new_report: Report
) -> None:
    """Log that another configuration is in force, and which targets it touches."""
    before = {target.name: target for target in settings.targets}
    after = {target.name: target for target in now.targets}
    both = before.keys() & after.keys()
    log.info(
        "configuration_reloaded",
        targets=len(after),
        added=_shown(after.keys() - before.keys()),
        removed=_shown(before.keys() - after.keys()),
        changed=_shown({name for name in both if before[name] != after[name]}),
    )
    say_what_to_know(new_report, report)


def _by_reason(rows: Iterable[NotRunning]) -> dict[tuple[str, str], list[str]]:
    """Return the targets for which the same does not run, by what and why."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        found[row.probe, row.why].append(row.target)
    return found


def _new(sentences: Iterable[T], known: Iterable[T]) -> list[T]:
    told = frozenset(known)
    return [each for each in sentences if each not in told]


def _shown(names: Iterable[str]) -> list[str]:
    """Return names in order, not more than a line has room for."""
    found = sorted(names)
    left = len(found) - _SHOWN
    return found if left <= 0 else [*found[:_SHOWN], f"and {left} more"]
