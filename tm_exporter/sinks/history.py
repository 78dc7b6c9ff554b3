"""
Remember the last runs of every probe, and the last failures for longer.

Texts are not kept: of a body only when its pieces arrived and how long they
were. So the memory that a probe takes is bounded, and an answer is nowhere.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from tm_exporter.logs.printable import encodable
from tm_exporter.observation import Observation, ProbeKey
from tm_exporter.sinks.packing import Packed, Packing
from tm_exporter.sinks.remembered import Run, remembered


MOST_BYTES: Final = 16 * 1024 * 1024
"""What all runs that are remembered may take; each probe has an equal share."""

LEAST_BYTES: Final = 20 * 1024
"""What those of one probe may take, however many there are."""

_SMALL = 4096  # bytes of a run that is not worth thinning
_MARK = 350  # bytes of a mark, its time, its id, and what refers to them


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


@dataclass(slots=True)
class Kept:
    """
    A run that is remembered.

    Attributes:
        mark: What a timeline shows of it.
        packed: All of it.
        is_thin: Whether only what is short was left.
    """

    mark: Mark
    packed: Packed
    is_thin: bool = False

    @property
    def size(self) -> int:
        """Bytes of memory that it takes, about."""
        return _MARK + len(self.mark.detail) + self.packed.size

    def open(self) -> Run:
        """Return the run."""
        return self.packed.open()


class Past:
    """
    What is remembered of one probe. Lists begin with the oldest.

    Args:
        limit: How many runs, and how many failures.
        packing: Makes few bytes of a run.

    Attributes:
        runs: The last ones.
        failures: The last of those.
        last: The newest of the runs, without what takes much room.
        since: When the first of the runs ended since which all passed, or all
            failed; None before the first.
        last_success: When the last run that passed ended, None if none did.
    """

    __slots__ = ("_packing", "failures", "last", "last_success", "runs", "since")

    def __init__(self, limit: int, packing: Packing) -> None:
        self._packing = packing
        self.runs: deque[Kept] = deque(maxlen=limit)
        self.failures: deque[Kept] = deque(maxlen=limit)
        self.last: Observation | None = None
        self.since: datetime | None = None
        self.last_success: datetime | None = None

    def add(self, run: Run, room: int) -> None:
        """Remember one more, and less of the oldest if all take too much room."""
        mark = _mark(run.observation)
        if not self.runs or self.runs[-1].mark.passed != mark.passed:
            self.since = mark.ended
        kept = Kept(mark, self._packing.pack(run))
        self.last = (run if run.size <= _SMALL else run.thinned()).observation
        self.runs.append(kept)
        if mark.passed:
            self.last_success = mark.ended
        else:
            self.failures.append(kept)
        self._make_room(room)

    def distinct(self) -> tuple[Kept, ...]:
        """Return each run that is remembered once, the oldest first."""
        recent = sum(not kept.mark.passed for kept in self.runs)
        return (*islice(self.failures, len(self.failures) - recent), *self.runs)

    def _make_room(self, room: int) -> None:
        """Thin the oldest runs, then let go of them, until there is room for all."""
        kept = self.distinct()
        older, newest = kept[:-1], kept[-1:]
        taken = sum(each.size for each in kept)
        for lessen, some in (
            (self._thin, older),
            (self._drop, older),
            (self._thin, newest),
        ):
            for each in some:
                if taken <= room:
                    return
                taken -= lessen(each)

    def _thin(self, kept: Kept) -> int:
        """Keep only what is short of a run, and return how many bytes that spared."""
        before = kept.size
        if not kept.is_thin:
            kept.packed = self._packing.pack(kept.open().thinned())
            kept.is_thin = True
        return before - kept.size

    def _drop(self, kept: Kept) -> int:
        """Let go of the oldest run, and return how many bytes it took."""
        for ring in (self.runs, self.failures):
            if ring and ring[0] is kept:
                ring.popleft()
        return kept.size


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
        self._packing = Packing()
        self._nothing = Past(0, self._packing)
        self._pasts: dict[ProbeKey, Past] = {}

    def __call__(self, observation: Observation) -> None:
        """Remember a run."""
        past = self._pasts.get(observation.key)
        if past is None:
            past = self._pasts[observation.key] = Past(self._limit, self._packing)
        room = max(LEAST_BYTES, MOST_BYTES // len(self._pasts))
        past.add(remembered(_without_secrets(observation, self._mask)), room)

    def past(self, key: ProbeKey) -> Past:
        """Return what is remembered of a probe."""
        return self._pasts.get(key, self._nothing)

    def find(self, probe_id: str) -> Run | None:
        """Return the run of this id, None if it is not remembered (any more)."""
        for past in self._pasts.values():
            for kept in past.distinct():
                if kept.mark.probe_id == probe_id:
                    return kept.open()
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
