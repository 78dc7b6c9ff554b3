"""When runs start, against when they should."""

from collections.abc import Iterator
from functools import partial

from benchmarks.case import Case, Figures, Length, told_by
from benchmarks.parts import Parts


SCHEDULERS = ("tm-exporter", "timers", "APScheduler")


def cases(parts: Parts, length: Length) -> Iterator[Case]:  # noqa: ARG001 -- as all
    """Yield what is measured of starts."""
    yield Case("starts", f"{length.jobs} jobs", partial(_starting, length), rounds=2)


def _starting(length: Length) -> Figures:
    """Measure our schedule and its peers."""
    found: dict[str, float] = {}
    for scheduler in SCHEDULERS:
        seconds = 2 * length.seconds
        figures = told_by(
            "start_program", scheduler, length.jobs, seconds, length.interval
        )
        found |= {f"{scheduler}, {key}": value for key, value in figures.items()}
    return found
