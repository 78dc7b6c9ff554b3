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

from tm_exporter.exchange import Exchange
from tm_exporter.logs.printable import encodable
from tm_exporter.observation import Observation, Outcome, ProbeKey, Sample, Verdict
from tm_exporter.sinks.labels import MAX_LENGTH, fit
from tm_exporter.sinks.shapes import BodyShape, shape_of


@dataclass(frozen=True, slots=True)
class Run:
    """
    A run as it is remembered.

    Attributes:
        observation: Without bodies, facts and pulled samples.
        bodies: The shape of each exchange's body, in order of the exchanges.
        size: Bytes that it takes, about.
    """

    observation: Observation
    bodies: tuple[BodyShape, ...]
    size: int = 0

    def thinned(self) -> "Run":
        """Return the run without what takes the most room."""
        outcome = self.observation.outcome
        last = replace(outcome, exchanges=tuple(map(_bare, outcome.exchanges[-1:])))
        bodies = tuple(BodyShape(each.size, ()) for each in self.bodies[-1:])
        return Run(replace(self.observation, outcome=last), bodies)


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

    def add(self, run: Run, room: int) -> None:
        """Remember one more, and less of the oldest if all take too much room."""
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
        self._thin(room)

    def _thin(self, room: int) -> None:
        """Keep the newest runs whole, as far as there is room."""
        if sum(run.size for run in (*self.failures, *self.runs)) <= room:
            return
        kept = {id(run): run for run in (*self.failures, *self.runs)}
        newest_first = sorted(
            kept.values(), key=lambda run: -run.observation.finished_at
        )
        thin: dict[int, Run] = {}
        for run in newest_first:
            room -= run.size
            if room < 0 and run.size:
                thin[id(run)] = run.thinned()
        for ring in (self.runs, self.failures) if thin else ():
            for at, run in enumerate(ring):
                ring[at] = thin.get(id(run), run)


_NOTHING = Past(0)
_OVERHEAD = 150  # bytes of a small object and what refers to it
_LONGEST_ID = 200
_IDS = 4


MOST_BYTES = 10 * 1024 * 1024
"""What all runs that are remembered may take, about; each probe has an equal share."""

LEAST_BYTES = 4 * 1024
"""What those of one probe may take, however many there are."""

MOST_EXCHANGES = 16
"""Of one run that are remembered: the last ones."""

MOST_HEADERS = 64
"""Of one answer that are remembered: the first ones."""

LONGEST_HEADER = 8192
"""Characters of a header that are remembered."""

MOST_SAMPLES = 100
"""Of one run that are remembered."""

LONGEST_DETAIL = 500
"""Characters of what went wrong that are remembered."""


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
        room = max(LEAST_BYTES, MOST_BYTES // len(self._pasts))
        past.add(_remembered(_without_secrets(observation, self._mask)), room)

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
    exchanges = outcome.exchanges[-MOST_EXCHANGES:]
    shapes = tuple(map(shape_of, exchanges))
    own = (each for each in outcome.samples if each.family.lifetime == "last_run")
    kept = replace(
        outcome,
        verdict=_short(outcome.verdict),
        exchanges=tuple(map(_shortened, exchanges)),
        samples=tuple(map(_labelled, islice(own, MOST_SAMPLES))),
        facts=(),
    )
    seen = replace(observation, outcome=kept)
    return Run(seen, shapes, _size(kept, shapes))


def _short(verdict: Verdict) -> Verdict:
    """Return a verdict that says no more than is read."""
    if len(verdict.detail) <= LONGEST_DETAIL:
        return verdict
    return replace(verdict, detail=verdict.detail[:LONGEST_DETAIL])


def _labelled(sample: Sample) -> Sample:
    """Return a sample with labels that are no longer than they are shown."""
    if all(len(text) <= MAX_LENGTH for text in sample.labels):
        return sample
    return replace(sample, labels=tuple(map(fit, sample.labels)))


def _shortened(exchange: Exchange) -> Exchange:
    """Return an exchange without its body, and with as many headers as are read."""
    headers = tuple(
        (name[:LONGEST_HEADER], value[:LONGEST_HEADER])
        for name, value in exchange.headers[:MOST_HEADERS]
    )
    return replace(exchange, body=(), headers=headers)


def _bare(exchange: Exchange) -> Exchange:
    """Return an exchange with nothing but what names it to the service."""
    headers = tuple(
        (name, value[:_LONGEST_ID])
        for name, value in exchange.headers
        if name in ("date", "retry-after") or name.endswith("request-id")
    )
    return replace(exchange, headers=headers[:_IDS], request_headers=())


def _size(outcome: Outcome, shapes: tuple[BodyShape, ...]) -> int:
    """Return how many bytes a run takes, about."""
    parts = sum(len(shape.pieces) + len(shape.events) for shape in shapes)
    texts = sum(
        _OVERHEAD + len(name) + len(value)
        for exchange in outcome.exchanges
        for name, value in (*exchange.headers, *exchange.request_headers)
    )
    return _OVERHEAD * (parts + 8 * len(shapes) + len(outcome.samples)) + texts


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
