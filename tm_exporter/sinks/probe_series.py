"""Keep what is known of one probe."""

import math
from collections.abc import Iterable, Iterator, Sequence

from tm_exporter.catalog import BASE_LABELS, Family, Lifetime, Scope
from tm_exporter.observation import (
    Observation,
    ProbeKey,
    Reason,
    Sample,
    Skip,
    Verdict,
)
from tm_exporter.sinks.labels import fit
from tm_exporter.sinks.room import size_of
from tm_exporter.sinks.series import Labels, Rows, Series, Shape


PULLED_AT_LEAST = 900.0
_INTERVALS = 3
_UNCOUNTED = frozenset({Reason.THROTTLED, Reason.INTERNAL})


def base_labels(scope: Scope, key: ProbeKey) -> Labels:
    """Return the values of the labels that series of this scope begin with."""
    return tuple(fit(getattr(key, name)) for name in BASE_LABELS[scope])


class Report:
    """
    What one run set, gauges above all: the next one replaces it as a whole.

    So a label value that is no longer reported is no longer exported. A run that
    failed half-way replaces only the families which it did set.

    Attributes:
        at: Monotonic seconds at which the run was reported.
        taken: Bytes that series take whose labels the service named.
    """

    __slots__ = ("__weakref__", "_key", "_left", "_series", "_shape", "at", "taken")

    def __init__(self, key: ProbeKey, at: float, shape: Shape, left: int = 0) -> None:
        self.at = at
        self.taken = 0
        self._left = left
        self._key = key
        self._shape = shape
        self._series: dict[Scope, Series] = {}

    def __iter__(self) -> Iterator[tuple[Family, Rows]]:
        for series in self._series.values():
            yield from series

    def __bool__(self) -> bool:
        return any(self._series.values())

    @property
    def target(self) -> str:
        """Whose run it was."""
        return self._key.target

    def series(self, scope: Scope) -> Series | None:
        """Return its series about the probe, or about its target, if it has any."""
        return self._series.get(scope)

    def rows(self, family: Family) -> Rows:
        """Return the series of one family."""
        series = self._series.get(family.scope)
        return {} if series is None else dict(series).get(family, {})

    def drop(self, families: Iterable[Family]) -> None:
        """Leave these families to a later run."""
        for family in families:
            if family.scope in self._series:
                self._series[family.scope].drop(family)

    def record(self, sample: Sample) -> bool:
        """Set a value; False if there is no room for these labels."""
        size = size_of(sample)
        if size > self._left:
            return False
        if not self._set(sample):
            return False
        self._left -= size
        self.taken += size
        return True

    def _set(self, sample: Sample) -> bool:
        scope = sample.family.scope
        if scope not in self._series:
            base = base_labels(scope, self._key)
            self._series[scope] = Series(base, self._shape)
        return self._series[scope].record(sample)


class ProbeSeries:
    """
    The series of one probe.

    Attributes:
        key: Whose they are.
        base: The values of the labels that its series begin with.
        interval: Seconds between two slots, as in force now.
        lasting: Counters, histograms and the gauges that stay true.
        consecutive_failures: Without those that are throttled or our own fault.
        last_skip: Why the last slot did not become a run; None if it did.
        asked_to_wait: Until when the service asked to, in monotonic seconds and in
            seconds since the epoch; None where the last run was not asked.
    """

    def __init__(self, key: ProbeKey, interval: float, shape: Shape) -> None:
        self.key = key
        self.interval = interval
        self.base = base_labels("probe", key)
        self.lasting = Series(self.base, shape)
        self.consecutive_failures = 0
        self.last_skip: Skip | None = None
        self.asked_to_wait: tuple[float, float] | None = None
        self._shape = shape
        self._reports: dict[Lifetime, list[Report]] = {}
        self._starts: set[tuple[Family, Labels]] = set()

    def begin(self, starts: Iterable[Sample]) -> None:
        """Begin its own series, and drop those it began before and has no more."""
        before, self._starts = self._starts, {(s.family, s.labels) for s in starts}
        for family, labels in before - self._starts:
            self.lasting.drop(family, labels)

    def reshape(self, shape: Shape) -> None:
        """Have histograms with other bounds from now on."""
        self._shape = shape
        self.lasting.reshape(shape)

    def count(self, verdict: Verdict) -> None:
        """Take a verdict into the number of consecutive failures."""
        if verdict.passed:
            self.consecutive_failures = 0
        elif verdict.reason not in _UNCOUNTED:
            self.consecutive_failures += 1

    def stand_by(self) -> None:
        """Know nothing of the last run any more, since another instance runs it."""
        self.consecutive_failures = 0
        self.asked_to_wait = None
        self._reports.clear()

    def replace(
        self,
        lifetime: Lifetime,
        samples: Sequence[Sample],
        now: float,
        *,
        whole: bool = True,
    ) -> tuple[Family, ...]:
        """
        Let these samples take the place of those that earlier runs set.

        Args:
            lifetime: Of all of them.
            samples: What the run set.
            now: Monotonic seconds.
            whole: Whether a family that is not among them is known no more; else
                it stays as it was, and gets no younger.

        Returns:
            The family of each sample that there was no room for.
        """
        before, room = self._reports.get(lifetime, []), self._shape.room
        left = 0
        if any(map(size_of, samples)):  # most runs take none, and need not ask
            left = room.left(self.key.target, before if whole else ())
        report = Report(self.key, now, self._shape, left)
        refused = tuple(each.family for each in samples if not report.record(each))
        if report.taken:
            room.let_in(report)
        older = [] if whole else before
        for other in older:
            other.drop(sample.family for sample in samples)
        self._reports[lifetime] = [*filter(None, older), report]
        return refused

    def is_current(self, now: float) -> bool:
        """Whether a run finished within the last three intervals."""
        limit = _INTERVALS * self.interval
        return any(now - each.at <= limit for each in self._reports.get("last_run", ()))

    def reports(self, now: float) -> Iterator[Report]:
        """Yield what is not too old to be told."""
        for _, report in self._fresh(now):
            yield report

    def note_wait(self, observation: Observation, now: float) -> None:
        """Remember for how long the service asked to wait, if it did."""
        wait = observation.outcome.retry_after
        ends_at = None if wait is None else (now + wait, observation.finished_at + wait)
        self.asked_to_wait = ends_at

    def wait(self, now: float) -> dict[Labels, float]:
        """Return the end of the wait as a series, nothing once it has passed."""
        if self.asked_to_wait is None or now >= self.asked_to_wait[0]:
            return {}
        labels = (*base_labels("target", self.key), fit(self.key.model))
        return {labels: self.asked_to_wait[1]}

    def _fresh(self, now: float) -> Iterator[tuple[Lifetime, Report]]:
        limits = {
            "last_run": _INTERVALS * self.interval,
            "pulled": max(_INTERVALS * self.interval, PULLED_AT_LEAST),
            "listed": math.inf,
        }
        for lifetime, reports in self._reports.items():
            for report in reports:
                if now - report.at <= limits[lifetime]:
                    yield lifetime, report
