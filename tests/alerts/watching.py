"""What an exporter tells of a probe while something happens to the service."""

from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from tests.alerts.promtool import Series
from tm_exporter import catalog
from tm_exporter.catalog import Family


Happening = Callable[[float], str | None]
"""
What becomes of a slot at a time in seconds: "" passes, another text is the reason of
a failure, `skipped:` with a reason is a slot that does not run, None is no slot.
"""

PASSED = frozenset({"", "slow"})
"""What becomes of runs that pass; those that are slow miss the objective of TTFT."""

TIMEOUT_SECONDS = 30.0
"""How long a run takes that fails for `timeout`; any other takes no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """
    A probe of a target, and the exporter that runs it.

    Attributes:
        paid: It costs money; one instance at a time runs it.
        availability: Its objective, None for none.
        ttft: Likewise; then a slow run is one that becomes `slow`.
        begin: Seconds of the story at which its series begin.
        end: At which they end, None if they do not.
        restarts: At which its counters begin anew.
    """

    target: str = "serverless"
    surface: str = "serverless"
    probe: str = "chat_stream"
    model: str = "m"
    interval: float = 60.0
    paid: bool = True
    availability: float | None = 0.99
    ttft: float | None = None
    instance: str = "exporter-0"
    job: str = "tm-exporter"
    begin: float = 0.0
    end: float | None = None
    restarts: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class _Run:
    """A slot: when what became of it is known, and what."""

    at: float
    result: str


_Tell = Callable[[float], float | None]


class _Teller:
    """What one probe tells at a time."""

    def __init__(self, watched: Watched, runs: Iterable[_Run]) -> None:
        self.watched = watched
        self.ended: dict[str, list[float]] = defaultdict(list)
        self._rows: list[tuple[float, int]] = []
        row = 0
        for run in sorted(runs, key=lambda run: run.at):
            self.ended[run.result].append(run.at)
            if run.result.startswith("skipped:"):
                continue
            if run.result != "throttled":
                row = 0 if run.result in PASSED else row + 1
            self._rows.append((run.at, row))

    def values(self, times: Iterable[float], tell: _Tell) -> str:
        """Return what is told at these times; nothing where it is not there."""
        told = (tell(time) if self._is_there(time) else None for time in times)
        return " ".join(_value(value) for value in told)

    def count(self, time: float, *results: str) -> int:
        """Return how many ended so since the last restart."""
        since = max((r for r in self.watched.restarts if r <= time), default=-1.0)
        ended = (self.ended.get(result, []) for result in results)
        return sum(bisect(each, time) - bisect(each, since) for each in ended)

    def attempts(self, time: float) -> int:
        """Return how many ran since the last restart."""
        return self.count(time, *(r for r in self.ended if "skipped:" not in r))

    def slots(self, time: float) -> int:
        """Return how many fell due since the last restart."""
        return self.count(time, *self.ended)

    def consecutive(self, time: float) -> int | None:
        """Return the failures in a row; what is throttled says nothing."""
        last = self._last(time)
        return None if last is None else last[1]

    def success(self, time: float) -> int | None:
        """Return whether the last run passed."""
        last = self._last(time)
        if last is None:
            return None
        return int(any(last[0] in self.ended[result] for result in PASSED))

    def last_run(self, time: float) -> float | None:
        """Return when the last run ended."""
        last = self._last(time)
        return None if last is None else last[0]

    def _last(self, time: float) -> tuple[float, int] | None:
        index = bisect(self._rows, time, key=itemgetter(0))
        return self._rows[index - 1] if index else None

    def _is_there(self, time: float) -> bool:
        end = self.watched.end
        return time >= self.watched.begin and (end is None or time < end)


def told(
    watched: Watched, minutes: float, happening: Happening, step: int = 60
) -> list[Series]:
    """
    Return the series of a probe.

    Args:
        watched: The probe.
        minutes: How long the story is.
        happening: What becomes of each slot; they fall due on whole intervals.
        step: Seconds between two scrapes; that of the story.
    """
    teller = _Teller(watched, _runs(watched, minutes * 60, happening))
    times = [index * step for index in range(int(minutes * 60 / step) + 1)]
    labels = {
        "target": watched.target,
        "surface": watched.surface,
        "probe": watched.probe,
        "model": watched.model,
    }
    return [
        Series(
            family,
            {**labels, **own},
            teller.values(times, tell),
            instance=watched.instance,
            job=watched.job,
        )
        for family, own, tell in _told(teller)
    ]


_Row = tuple[Family, dict[str, str], _Tell]


def _told(teller: _Teller) -> Iterator[_Row]:
    """Yield each family of a probe with its own labels and its value at a time."""
    watched = teller.watched
    yield catalog.PROBE_INTERVAL_SECONDS, {}, lambda _: watched.interval
    yield catalog.PROBE_ATTEMPTS, {}, teller.attempts
    yield catalog.PROBE_SLOTS, {}, teller.slots
    yield catalog.PROBE_CONSECUTIVE_FAILURES, {}, teller.consecutive
    yield catalog.PROBE_SUCCESS, {}, teller.success
    yield catalog.PROBE_LAST_RUN_TIMESTAMP_SECONDS, {}, teller.last_run
    yield from _reasons(teller)
    if watched.paid:
        yield catalog.CANARY_COST_USD, {}, lambda _: 0.0
    if watched.availability is not None:
        target = watched.availability
        yield catalog.SLO_OBJECTIVE, {"slo": "availability"}, lambda _: target
    if watched.ttft is not None:
        yield from _first_tokens(teller, watched.ttft)


def _reasons(teller: _Teller) -> Iterator[_Row]:
    for result in sorted({"timeout", "throttled", "internal", *teller.ended} - PASSED):
        word, _, why = result.partition(":")
        family = catalog.PROBE_SKIPPED if why else catalog.PROBE_FAILURES
        yield family, {"reason": why or word}, partial(_count, teller, result)


def _count(teller: _Teller, result: str, time: float) -> int:
    return teller.count(time, result)


def _first_tokens(teller: _Teller, objective: float) -> Iterator[_Row]:
    yield catalog.SLO_OBJECTIVE, {"slo": "ttft"}, lambda _: objective
    yield (
        catalog.CANARY_TTFT_OBJECTIVE_MISSED,
        {},
        lambda time: teller.count(time, "slow"),
    )


def _runs(watched: Watched, seconds: float, happening: Happening) -> Iterator[_Run]:
    for slot in range(int(seconds / watched.interval) + 1):
        due = slot * watched.interval
        result = happening(due)
        if due >= watched.begin and result is not None:
            yield _Run(due + (TIMEOUT_SECONDS if result == "timeout" else 0), result)


def _value(value: float | None) -> str:
    """Return a value as promtool wants it; a scrape that lacks one ends the series."""
    return "stale" if value is None else f"{value:g}"


def healthy(_: float) -> str:
    """Pass, always."""
    return ""


def between(start: float, end: float, reason: str) -> Happening:
    """Return what fails for a reason after `start` until `end`, in minutes."""
    return lambda time: reason if start * 60 < time <= end * 60 else ""


def at_minutes(reason: str, *minutes: float) -> Happening:
    """Return what fails for a reason at these minutes alone."""
    moments = {minute * 60 for minute in minutes}
    return lambda time: reason if time in moments else ""


def every(count: int, start: float, reason: str) -> Happening:
    """Return what fails in every so many minutes after `start`, the first included."""

    def happens(time: float) -> str:
        minute = time / 60 - start - 1
        return reason if minute >= 0 and minute % count == 0 else ""

    return happens
