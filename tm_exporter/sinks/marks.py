"""Marks of remembered runs as few bytes: there are forty of each probe."""

from dataclasses import dataclass
from datetime import UTC, datetime
from struct import Struct
from typing import Final

from tm_exporter.observation import Observation, Reason


_HEAD = Struct("<ddBH")  # when it ended, how long it took, why it failed, bytes of id
_REASONS: Final = tuple(Reason)
_PLACES: Final = {reason: place for place, reason in enumerate(_REASONS)}
_PASSED = 255
_ERRORS = "surrogatepass"  # half a character is no reason to lose a run


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


def written(observation: Observation) -> bytes:
    """Return the mark of a run as bytes."""
    verdict = observation.verdict
    place = _PASSED if verdict.reason is None else _PLACES[verdict.reason]
    name = observation.probe_id.encode(errors=_ERRORS)
    head = _HEAD.pack(observation.finished_at, observation.duration, place, len(name))
    return b"".join((head, name, verdict.detail.encode(errors=_ERRORS)))


def read(content: bytes) -> Mark:
    """Return the mark that was written."""
    ended, duration, place, length = _HEAD.unpack_from(content)
    detail = content[_HEAD.size + length :]
    return Mark(
        probe_id=probe_id(content),
        ended=datetime.fromtimestamp(ended, UTC),
        passed=place == _PASSED,
        duration_seconds=duration,
        reason=None if place == _PASSED else _REASONS[place].value,
        detail=detail.decode(errors=_ERRORS),
    )


def probe_id(content: bytes) -> str:
    """Return the id of the run whose mark was written."""
    *_, length = _HEAD.unpack_from(content)
    return content[_HEAD.size : _HEAD.size + length].decode(errors=_ERRORS)
