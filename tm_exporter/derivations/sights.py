"""What each probe saw last, kept for those who ask what happened in one minute."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from tm_exporter.derivations.blame import MISREAD, NO_ANSWER, NO_WAY, Layer, Seen
from tm_exporter.facts import ModelsServed
from tm_exporter.observation import Observation, Probe, ProbeKey, Reason


MINUTE = 60.0
"""Seconds around a failure within which something else happened at the same time."""

_SILENT = (Seen.SILENT, Seen.UNREACHED)
_HEALTH = "health"
_OPEN = frozenset((_HEALTH, "version", "models"))


def layer_of(probe: Probe) -> Layer:
    """Return how deep a probe goes, by what its section and its reasons say."""
    if probe.key.surface == "control_plane":
        return Layer.ACCOUNT
    if probe.section.kind in _OPEN:
        return Layer.OPEN
    if not probe.section.paid:
        return Layer.CHEAP
    streams = Reason.STREAM_TRUNCATED in probe.reasons
    return Layer.STREAM if streams else Layer.WHOLE


@dataclass(frozen=True, slots=True)
class Sight:
    """
    One finished run, as far as it tells whose fault something is.

    Attributes:
        at: Monotonic seconds at its end.
        reason: None if it passed.
        answered: Whether HTTP came back to the last, or failing, request.
        authenticated: Whether that request carried credentials.
        served: Names on the model list, None if none was read.
    """

    at: float
    reason: Reason | None
    answered: bool
    authenticated: bool
    served: tuple[str, ...] | None = None

    @classmethod
    def of(cls, observation: Observation, at: float) -> "Sight":
        """Return what a run tells."""
        exchange, listed = observation.exchange, observation.fact(ModelsServed)
        sent = () if exchange is None else exchange.request_headers
        return cls(
            at=at,
            reason=observation.verdict.reason,
            answered=exchange is not None and exchange.status is not None,
            authenticated=any(name == "authorization" for name, _ in sent),
            served=None if listed is None else tuple(m.name for m in listed.models),
        )

    @property
    def passed(self) -> bool:
        """Whether the run found nothing wrong."""
        return self.reason is None

    @property
    def seen(self) -> Seen:
        """What it says of the way to its host."""
        if self.answered or self.passed:
            return Seen.GOOD
        if self.reason in NO_WAY:
            return Seen.UNREACHED
        return Seen.SILENT if self.reason in NO_ANSWER else Seen.UNKNOWN


@dataclass(slots=True)
class Standing:
    """
    How one probe is doing.

    Attributes:
        key: Whose.
        layer: How deep it goes.
        reads: Whether it looks into what it gets: a health check passes with any body.
        last: Its last run; None before the first.
        failed: Its last run that failed.
        since: When the first of the runs ended that all passed, or all failed.
    """

    key: ProbeKey
    layer: Layer
    reads: bool = True
    last: Sight | None = None
    failed: Sight | None = None
    since: float = 0.0

    @classmethod
    def of(cls, probe: Probe) -> "Standing":
        """Return how a probe is doing before its first run."""
        return cls(probe.key, layer_of(probe), reads=probe.section.kind != _HEALTH)

    def note(self, sight: Sight) -> None:
        """Take a run."""
        if self.last is None or self.last.passed != sight.passed:
            self.since = sight.at
        self.last = sight
        self.failed = self.failed if sight.passed else sight

    def failed_around(self, at: float) -> Sight | None:
        """Return its failure within a minute of a moment, None if there is none."""
        is_near = self.failed is not None and abs(self.failed.at - at) <= MINUTE
        return self.failed if is_near else None

    def passed_since(self, at: float) -> bool:
        """Whether its last run passed, and ended after a moment."""
        return self.last is not None and self.last.passed and self.last.at >= at

    def recovered_after(self, at: float) -> bool:
        """Whether it began to pass after a moment; one that passed on proves less."""
        return self.passed_since(at) and self.since > at


@dataclass(slots=True)
class TargetSights:
    """
    How the probes of one target are doing.

    Attributes:
        standings: By probe.
        newest: The last run of any of them that says whether its host answers.
        served: Names on the model list that was read last, None if none was.
        recovered_at: When a probe began to pass last, in monotonic seconds.
    """

    standings: dict[ProbeKey, Standing] = field(default_factory=dict)
    newest: Sight | None = None
    served: tuple[str, ...] | None = None
    recovered_at: float = -math.inf

    def note(self, key: ProbeKey, sight: Sight) -> None:
        """Take a run of a probe that is known."""
        standing = self.standings[key]
        standing.note(sight)
        if sight.passed:
            self.recovered_at = max(self.recovered_at, standing.since)
        if sight.seen is not Seen.UNKNOWN:
            self.newest = sight
        if sight.served is not None:
            self.served = sight.served

    def falls_silent(self, key: ProbeKey, sight: Sight) -> bool:
        """Whether a probe that got answers, or did not run yet, gets none now."""
        last = self.standings[key].last
        was_silent = last is not None and last.seen in _SILENT
        return sight.seen in _SILENT and not was_silent

    def fail_with(self, key: ProbeKey) -> bool:
        """Whether others fail as long as one does, and none passes meanwhile."""
        failing = self.standings.get(key)
        if failing is None or failing.last is None or failing.last.passed:
            return False
        last, since = failing.last, failing.since
        others = [each for each in self.standings.values() if each is not failing]
        passed = (each for each in others if each.passed_since(since))
        if any(each.reads or last.reason not in MISREAD for each in passed):
            return False
        return any(each.failed_around(last.at) for each in others)

    def share(self, reason: Reason | None) -> bool:
        """Whether a probe of each model fails for a reason."""
        known = ((s.key.model, s.last) for s in self.standings.values())
        shared = {model for model, last in known if last and last.reason is reason}
        return self.models <= shared

    def of_target(self) -> Iterator[Standing]:
        """Yield the probes that ask no model."""
        return (each for each in self.standings.values() if not each.key.model)

    def of_model(self, model: str) -> Iterator[Standing]:
        """Yield the probes that ask a model."""
        return (each for each in self.standings.values() if each.key.model == model)

    @property
    def models(self) -> set[str]:
        """The models that are asked."""
        return {key.model for key in self.standings if key.model}
