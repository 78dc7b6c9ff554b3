"""Put the status together from what the sinks remember."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from itertools import groupby
from operator import attrgetter

from tm_exporter.catalog import CANARY_LAST_TTFT_SECONDS, SERVICE_VERSION_INFO, Family
from tm_exporter.observation import Observation, ProbeKey, Skip
from tm_exporter.sinks.histogram import Histogram
from tm_exporter.sinks.history import History
from tm_exporter.sinks.log import NextStep
from tm_exporter.sinks.marks import Mark
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.views.account import means, warnings
from tm_exporter.views.status import (
    ModelStatus,
    ProbeStatus,
    State,
    TargetStatus,
)


Diagnose = Callable[[str, str], str | None]
"""Returns whose fault it is that a target's model fails; None if nothing is known."""

_NAMES = attrgetter("target", "surface", "probe", "model")  # faster than the key itself
_NEVER_RAN = "it has not run yet"
_NOT_LATELY = "no run ended within three intervals"
_SKIPPED: Mapping[Skip, str] = {
    Skip.BUDGET: "the canary budget does not pay for it now",
    Skip.THROTTLED: "the service asked us to wait",
    Skip.OVERLAP: "its last run still goes on",
    Skip.MISSED: "this machine was too busy, or asleep, when it was due",
    Skip.NOT_LEADER: "another instance runs it",
    Skip.MAINTENANCE: "it is under maintenance",
    Skip.UNSUPPORTED: "the service does not have this route",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusBoard:
    """
    Says how probes are doing.

    Attributes:
        metrics: Knows what is current.
        history: Knows the last runs.
        next_step: Says what to do about a failure.
        next_slot: Says when a probe is due, in seconds since the epoch.
        shows_money: Whether accounts are told.
        diagnose: Says whose fault a failure is.
    """

    metrics: MetricsSink
    history: History
    next_step: NextStep
    next_slot: Callable[[ProbeKey], float | None]
    shows_money: bool = True
    diagnose: Diagnose = lambda _target, _model: None

    def targets(self, keys: Iterable[ProbeKey]) -> tuple[TargetStatus, ...]:
        """Return the status of these probes, grouped and sorted by name."""
        return tuple(self._targets(keys))

    async def targets_in_turns(
        self, keys: Iterable[ProbeKey]
    ) -> tuple[TargetStatus, ...]:
        """Return the same, letting the loop turn after each target."""
        told = []
        for target in self._targets(keys):
            told.append(target)
            await asyncio.sleep(0)
        return tuple(told)

    def model(self, key: ProbeKey, diagnose: Diagnose | None = None) -> ModelStatus:
        """
        Return the status of one probe; of a run that is long past only when.

        Args:
            key: Which one.
            diagnose: Remembers what it said of other probes of the same model.
        """
        diagnose = diagnose or self.diagnose
        past, standing = self.history.past(key), self.metrics.standing(key)
        last = past.runs[-1].mark if past.runs else None
        ended = past.last if standing.is_current else None
        lacks = ended is not None and not ended.outcome.supported
        seen = None if lacks else ended
        reason = seen.verdict.reason if seen else None
        skip = standing.last_skip
        why = _SKIPPED[Skip.UNSUPPORTED] if lacks else _why_unknown(last, skip)
        return ModelStatus(
            model=key.model,
            state=_state(seen),
            since=past.since if seen else None,
            reason=reason.value if reason else None,
            detail=seen.verdict.detail if seen else why,
            next_step=self._next_step(seen) if seen else "",
            probe_id=last.probe_id if last else None,
            last_run=last.ended if last else None,
            last_success=past.last_success,
            last_duration_seconds=seen.duration if seen else None,
            phase_seconds=seen.phases if seen else {},
            ttft_seconds=seen.value_of(CANARY_LAST_TTFT_SECONDS) if seen else None,
            consecutive_failures=standing.consecutive_failures,
            interval_seconds=standing.interval,
            next_slot=_moment(self.next_slot(key)),
            skipped=skip,
            diagnosis=diagnose(key.target, key.model) if reason else None,
            runs=tuple(kept.mark for kept in past.runs),
            failures=tuple(kept.mark for kept in past.failures),
        )

    def service_version(self, target: str) -> Mapping[str, str]:
        """Return the version that a target told of itself, if it did."""
        told = [labels[-1] for labels in self._known(target, SERVICE_VERSION_INFO)]
        return {"service": told[-1]} if told else {}

    def _targets(self, keys: Iterable[ProbeKey]) -> Iterator[TargetStatus]:
        by_target = groupby(sorted(keys, key=_NAMES), attrgetter("target", "surface"))
        for (target, surface), group in by_target:
            yield self._target(target, surface, tuple(group))

    def _target(
        self, target: str, surface: str, keys: tuple[ProbeKey, ...]
    ) -> TargetStatus:
        probes = self._probes(keys)
        known = partial(self._known, target)
        is_account, of_money = surface == "control_plane", self.shows_money
        return TargetStatus(
            target,
            surface,
            probes,
            state=state_of(model for probe in probes for model in probe.models),
            account=means(known) if is_account and of_money else None,
            warnings=warnings(known, of_money=of_money) if is_account else (),
        )

    def _known(self, target: str, family: Family) -> Mapping[tuple[str, ...], float]:
        """Return the numbers that a target tells of a family now, by its own labels."""
        rows = self.metrics.known(family, target).items()
        return {
            labels[len(labels) - len(family.labels) :]: value
            for labels, value in rows
            if not isinstance(value, Histogram)
        }

    def _next_step(self, seen: Observation) -> str:
        reason = seen.verdict.reason
        return self.next_step(seen.key, reason, seen.exchange) if reason else ""

    def _probes(self, keys: Iterable[ProbeKey]) -> tuple[ProbeStatus, ...]:
        diagnose = cache(self.diagnose)
        return tuple(
            ProbeStatus(probe, tuple(self.model(key, diagnose) for key in group))
            for probe, group in groupby(keys, attrgetter("probe"))
        )


def state_of(models: Iterable[ModelStatus]) -> State:
    """
    Return the state of several probes together.

    One that fails decides. A probe that nothing is known of does not, as long as
    another one of the same model passes.
    """
    states: dict[str, set[State]] = {}
    for each in models:
        states.setdefault(each.model, set()).add(each.state)
    if any("failing" in found for found in states.values()):
        return "failing"
    all_known = states and all("ok" in found for found in states.values())
    return "ok" if all_known else "unknown"


def _state(seen: Observation | None) -> State:
    if seen is None:
        return "unknown"
    return "ok" if seen.verdict.passed else "failing"


def _why_unknown(last: Mark | None, skip: Skip | None) -> str:
    """Return why nothing is known of a probe, in half a sentence."""
    why = _NEVER_RAN if last is None else _NOT_LATELY
    return why if skip is None else f"{why}: {_SKIPPED[skip]}"


def _moment(seconds: float | None) -> datetime | None:
    """Return a time since the epoch as a moment."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
