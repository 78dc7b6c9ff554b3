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
from tm_exporter.sinks import marks
from tm_exporter.sinks.marks import Mark
from tm_exporter.sinks.packing import Packed, Packing
from tm_exporter.sinks.remembered import Run, remembered


MOST_BYTES: Final = 12 * 1024 * 1024
"""What all runs that are remembered may take; each probe has an equal share."""

LEAST_BYTES: Final = 12 * 1024
"""What those of one probe may take, however many there are."""

_OVERHEAD = 170  # bytes of what is kept of a run besides its contents


@dataclass(slots=True)
class Kept:
    """
    A run that is remembered: three objects, since there are thousands of them.

    Attributes:
        passed: Whether it did.
        content: All of it, packed.
        like: What it is packed by.
        is_thin: Whether only what is short was left.
    """

    passed: bool
    content: bytes
    like: bytes
    _mark: bytes
    is_thin: bool = False

    @property
    def mark(self) -> Mark:
        """What a timeline shows of it."""
        return marks.read(self._mark)

    @property
    def probe_id(self) -> str:
        """What its transcript goes by."""
        return marks.probe_id(self._mark)

    @property
    def size(self) -> int:
        """Bytes of memory that it takes, about."""
        return _OVERHEAD + len(self._mark) + len(self.content)

    def open(self) -> Run:
        """Return the run."""
        return Packed(self.content, self.like).open()


class Past:
    """
    What is remembered of one probe. Lists begin with the oldest.

    Args:
        limit: How many runs, and how many failures.
        packing: Makes few bytes of a run.

    Attributes:
        runs: The last ones.
        failures: The last of those.
        last: The newest of the runs, as pages show it.
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
        seen, packed = run.observation, self._packing.pack(run)
        passed = seen.verdict.passed
        ended = datetime.fromtimestamp(seen.finished_at, UTC)
        if not self.runs or self.runs[-1].passed != passed:
            self.since = ended
        kept = Kept(passed, packed.content, packed.like, marks.written(seen))
        self.last = run.at_a_glance()
        self.runs.append(kept)
        if passed:
            self.last_success = ended
        else:
            self.failures.append(kept)
        self._make_room(room)

    def distinct(self) -> tuple[Kept, ...]:
        """Return each run that is remembered once, the oldest first."""
        recent = sum(not kept.passed for kept in self.runs)
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
            packed = self._packing.pack(kept.open().thinned())
            kept.content, kept.like, kept.is_thin = packed.content, packed.like, True
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
                if kept.probe_id == probe_id:
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
