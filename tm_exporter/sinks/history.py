"""
Remember the last runs of every probe, and the last failures for longer.

Texts are not kept: of a body only when its pieces arrived and how long they
were. So the memory that a probe takes is bounded, and an answer is nowhere.
"""

from collections import deque
from dataclasses import dataclass, replace

from tm_exporter.observation import Observation, ProbeKey


KEPT_PIECES = 200


@dataclass(frozen=True, slots=True)
class BodyShape:
    """
    What is kept of a body.

    Attributes:
        size: Bytes, all in all.
        pieces: Seconds by the monotonic clock and bytes of each of the first
            `KEPT_PIECES` pieces, in order of arrival.
    """

    size: int
    pieces: tuple[tuple[float, int], ...]


@dataclass(frozen=True, slots=True)
class Run:
    """
    A run as it is remembered.

    Attributes:
        observation: Without bodies, and without pulled samples.
        bodies: The shape of each exchange's body, in order of the exchanges.
    """

    observation: Observation
    bodies: tuple[BodyShape, ...]


class _Memory:
    """The runs of one probe."""

    def __init__(self, limit: int) -> None:
        self.runs: deque[Run] = deque(maxlen=limit)
        self.failures: deque[Run] = deque(maxlen=limit)
        self.last_success: float | None = None
        self.since = 0.0


class History:
    """
    The last runs of each probe, and in a ring of their own the last failures.

    So runs that pass do not push out the one that somebody wants to understand.
    """

    def __init__(self, limit: int = 20) -> None:
        self._limit = limit
        self._memories: dict[ProbeKey, _Memory] = {}

    def __call__(self, observation: Observation) -> None:
        """Remember a run."""
        key, passed = observation.key, observation.verdict.passed
        memory = self._memories.setdefault(key, _Memory(self._limit))
        if not memory.runs or _passed(memory.runs[-1]) != passed:
            memory.since = observation.finished_at
        run = _remembered(observation)
        memory.runs.append(run)
        if passed:
            memory.last_success = observation.finished_at
        else:
            memory.failures.append(run)

    def latest(self, key: ProbeKey) -> Run | None:
        """Return the last run of a probe, None before the first."""
        memory = self._memories.get(key)
        return memory.runs[-1] if memory else None

    def since(self, key: ProbeKey) -> float | None:
        """Return since when all runs passed, or all failed: seconds of the epoch."""
        memory = self._memories.get(key)
        return memory.since if memory else None

    def last_success(self, key: ProbeKey) -> float | None:
        """Return when the last run that passed ended: seconds of the epoch."""
        memory = self._memories.get(key)
        return memory.last_success if memory else None

    def runs(self, key: ProbeKey) -> tuple[Run, ...]:
        """Return the runs that are remembered, the oldest first."""
        memory = self._memories.get(key)
        return tuple(memory.runs) if memory else ()

    def failures(self, key: ProbeKey) -> tuple[Run, ...]:
        """Return the failures that are remembered, the oldest first."""
        memory = self._memories.get(key)
        return tuple(memory.failures) if memory else ()

    def find(self, probe_id: str) -> Run | None:
        """Return the run of this id, None if it is not remembered (any more)."""
        for memory in self._memories.values():
            for run in (*memory.runs, *memory.failures):
                if run.observation.probe_id == probe_id:
                    return run
        return None

    def forget(self, key: ProbeKey) -> None:
        """Drop the runs of a probe that is no longer configured."""
        self._memories.pop(key, None)


def _passed(run: Run) -> bool:
    return run.observation.verdict.passed


def _remembered(observation: Observation) -> Run:
    """Return the run without what is long or private."""
    outcome = observation.outcome
    shapes = []
    for exchange in outcome.exchanges:
        pieces = tuple((each.arrived, len(each.data)) for each in exchange.body)
        size = sum(length for _, length in pieces)
        shapes.append(BodyShape(size, pieces[:KEPT_PIECES]))
    own = tuple(each for each in outcome.samples if each.family.lifetime != "pulled")
    bare = tuple(replace(exchange, body=()) for exchange in outcome.exchanges)
    kept = replace(outcome, exchanges=bare, samples=own)
    return Run(replace(observation, outcome=kept), tuple(shapes))
