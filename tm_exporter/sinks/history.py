"""
Remember the last runs of every probe, and the last failures for longer.

Texts are not kept: of a body only when its pieces arrived and how long they
were. So the memory that a probe takes is bounded, and an answer is nowhere.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tm_exporter.observation import Observation, ProbeKey
from tm_exporter.printable import encodable
from tm_exporter.sinks.shapes import BodyShape, shape_of


@dataclass(frozen=True, slots=True)
class Run:
    """
    A run as it is remembered.

    Attributes:
        observation: Without bodies, facts and pulled samples.
        bodies: The shape of each exchange's body, in order of the exchanges.
    """

    observation: Observation
    bodies: tuple[BodyShape, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """
    What a timeline shows of a run.

    Attributes:
        probe_id: Of the run; its transcript goes by it.
        ended: When it ended.
        passed: Whether it did.
        duration_seconds: How long it took.
        reason: Why it failed.
        detail: The same for people, in one line.
    """

    probe_id: str
    ended: datetime
    passed: bool
    duration_seconds: float
    reason: str | None
    detail: str


class Past:
    """
    What is remembered of one probe. Lists begin with the oldest.

    Attributes:
        runs: The last ones.
        failures: The last of those.
        marks: The same as `runs`, in short.
        failure_marks: The same as `failures`, in short.
        since: When the first of the runs ended since which all passed, or all
            failed; None before the first.
        last_success: When the last run that passed ended, None if none did.
    """

    __slots__ = (
        *("failure_marks", "failures", "last_success", "marks", "runs", "since"),
    )

    def __init__(self, limit: int) -> None:
        self.runs: deque[Run] = deque(maxlen=limit)
        self.failures: deque[Run] = deque(maxlen=limit)
        self.marks: deque[Mark] = deque(maxlen=limit)
        self.failure_marks: deque[Mark] = deque(maxlen=limit)
        self.since: datetime | None = None
        self.last_success: datetime | None = None

    def add(self, run: Run) -> None:
        """Remember one more."""
        mark = _mark(run.observation)
        if not self.marks or self.marks[-1].passed != mark.passed:
            self.since = mark.ended
        self.runs.append(run)
        self.marks.append(mark)
        if mark.passed:
            self.last_success = mark.ended
        else:
            self.failures.append(run)
            self.failure_marks.append(mark)


_NOTHING = Past(0)


class History:
    """
    The last runs of each probe, and in a ring of their own the last failures.

    So runs that pass do not push out the one that somebody wants to understand.

    Args:
        limit: How many of each.
        mask: Returns a text without the secrets that are known: a service may quote
            a credential in its error.
    """

    def __init__(
        self, limit: int = 20, *, mask: Callable[[str], str] = lambda text: text
    ) -> None:
        self._limit = limit
        self._mask = mask
        self._pasts: dict[ProbeKey, Past] = {}

    def __call__(self, observation: Observation) -> None:
        """Remember a run."""
        past = self._pasts.setdefault(observation.key, Past(self._limit))
        past.add(_remembered(_without_secrets(observation, self._mask)))

    def past(self, key: ProbeKey) -> Past:
        """Return what is remembered of a probe."""
        return self._pasts.get(key, _NOTHING)

    def find(self, probe_id: str) -> Run | None:
        """Return the run of this id, None if it is not remembered (any more)."""
        for past in self._pasts.values():
            for run in (*past.runs, *past.failures):
                if run.observation.probe_id == probe_id:
                    return run
        return None

    def forget(self, key: ProbeKey) -> None:
        """Drop the runs of a probe that is no longer configured."""
        self._pasts.pop(key, None)


def _without_secrets(
    observation: Observation, mask: Callable[[str], str]
) -> Observation:
    """Return the run with a detail that quotes no secret."""
    verdict = observation.verdict
    if verdict.passed or not verdict.detail:
        return observation
    outcome = observation.outcome
    masked = replace(verdict, detail=encodable(mask(verdict.detail)))
    return replace(observation, outcome=replace(outcome, verdict=masked))


def _remembered(observation: Observation) -> Run:
    """Return the run without what is long or private."""
    outcome = observation.outcome
    shapes = tuple(map(shape_of, outcome.exchanges))
    own = tuple(each for each in outcome.samples if each.family.lifetime != "pulled")
    bare = tuple(replace(exchange, body=()) for exchange in outcome.exchanges)
    kept = replace(outcome, exchanges=bare, samples=own, facts=())
    return Run(replace(observation, outcome=kept), shapes)


def _mark(observation: Observation) -> Mark:
    """Return the run in short."""
    verdict = observation.verdict
    return Mark(
        probe_id=observation.probe_id,
        ended=datetime.fromtimestamp(observation.finished_at, UTC),
        passed=verdict.passed,
        duration_seconds=observation.duration,
        reason=None if verdict.reason is None else verdict.reason.value,
        detail=verdict.detail,
    )
