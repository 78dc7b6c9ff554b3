"""Say how every probe is doing now: what the status page and the API show."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Literal

from tm_exporter.catalog import CANARY_LAST_TTFT_SECONDS
from tm_exporter.observation import Observation, ProbeKey
from tm_exporter.sinks.history import History
from tm_exporter.sinks.log import NextStep
from tm_exporter.sinks.metrics import MetricsSink


State = Literal["ok", "failing", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """
    How one probe of one model is doing. What is unknown is None or empty.

    Attributes:
        model: Empty where the probe has none.
        state: Unknown before the first run, and three intervals after the last.
        since: When the first of the runs ended that all had this state.
        reason: Why the last run failed.
        detail: The same for people, in one line.
        next_step: What to do about it.
        probe_id: Of the last run.
        last_run: When it ended.
        last_success: When the last run that passed ended.
        last_duration_seconds: Of the last run.
        phase_seconds: Where its time went, by phase.
        ttft_seconds: Its time to first token.
        consecutive_failures: Failed runs since the last one that passed.
        interval_seconds: Time between two slots, as in force now.
        next_slot: When the next run is due.
    """

    model: str
    state: State
    since: datetime | None
    reason: str | None
    detail: str
    next_step: str
    probe_id: str | None
    last_run: datetime | None
    last_success: datetime | None
    last_duration_seconds: float | None
    phase_seconds: Mapping[str, float]
    ttft_seconds: float | None
    consecutive_failures: int
    interval_seconds: float | None
    next_slot: datetime | None


@dataclass(frozen=True, slots=True)
class ProbeStatus:
    """A probe, by the models that it is for."""

    probe: str
    models: tuple[ModelStatus, ...]


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """A target, by its probes."""

    target: str
    surface: str
    probes: tuple[ProbeStatus, ...]


@dataclass(frozen=True, slots=True)
class NotWatched:
    """Something that a reader could think is watched, and why it is not."""

    target: str
    what: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """
    How everything is doing.

    Attributes:
        version: The exporter's.
        started: When the exporter started.
        ready: Whether every probe ran once, or had the time to.
        targets: In order of their names.
        not_watched: In the order of the configuration.
    """

    version: str
    started: datetime
    ready: bool
    targets: tuple[TargetStatus, ...]
    not_watched: tuple[NotWatched, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusBoard:
    """
    Puts the status together from what the sinks remember.

    Attributes:
        metrics: Knows what is current.
        history: Knows the last runs.
        next_step: Says what to do about a failure.
        next_slot: Says when a probe is due, in seconds since the epoch.
    """

    metrics: MetricsSink
    history: History
    next_step: NextStep
    next_slot: Callable[[ProbeKey], float | None]

    def targets(self, keys: Iterable[ProbeKey]) -> tuple[TargetStatus, ...]:
        """Return the status of these probes, grouped and sorted by name."""
        by_target = groupby(sorted(keys), lambda key: (key.target, key.surface))
        return tuple(
            TargetStatus(target, surface, self._probes(group))
            for (target, surface), group in by_target
        )

    def model(self, key: ProbeKey) -> ModelStatus:
        """Return the status of one probe; of a run that is long past only when."""
        run = self.history.latest(key)
        ended = run.observation.finished_at if run else None
        seen = run.observation if run and self.metrics.is_current(key) else None
        reason = seen.verdict.reason if seen else None
        return ModelStatus(
            model=key.model,
            state=_state(seen),
            since=_moment(self.history.since(key)) if seen else None,
            reason=reason.value if reason else None,
            detail=seen.verdict.detail if seen else "",
            next_step=self._next_step(seen) if seen else "",
            probe_id=run.observation.probe_id if run else None,
            last_run=_moment(ended),
            last_success=_moment(self.history.last_success(key)),
            last_duration_seconds=seen.duration if seen else None,
            phase_seconds=seen.phases if seen else {},
            ttft_seconds=seen.value_of(CANARY_LAST_TTFT_SECONDS) if seen else None,
            consecutive_failures=self.metrics.consecutive_failures(key),
            interval_seconds=self.metrics.interval_of(key),
            next_slot=_moment(self.next_slot(key)),
        )

    def _next_step(self, seen: Observation) -> str:
        reason = seen.verdict.reason
        return self.next_step(seen.key, reason, seen.exchange) if reason else ""

    def _probes(self, keys: Iterable[ProbeKey]) -> tuple[ProbeStatus, ...]:
        return tuple(
            ProbeStatus(probe, tuple(self.model(key) for key in group))
            for probe, group in groupby(keys, lambda key: key.probe)
        )


def _state(seen: Observation | None) -> State:
    if seen is None:
        return "unknown"
    return "ok" if seen.verdict.passed else "failing"


def _moment(seconds: float | None) -> datetime | None:
    """Return a time since the epoch as a moment."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
