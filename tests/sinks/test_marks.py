"""Marks as few bytes, and back again."""

from datetime import UTC, datetime

import pytest

from tests.sinks.observations import STARTED_AT, observation
from tm_exporter.observation import Reason
from tm_exporter.sinks import marks
from tm_exporter.sinks.marks import Mark


def test_a_mark_says_what_the_run_did() -> None:
    """When, for how long, and which it was."""
    seen = observation(probe_id="4f6b", started_at=STARTED_AT, duration=0.25)

    content = marks.written(seen)

    ended = datetime.fromtimestamp(STARTED_AT + 0.25, UTC)
    assert marks.read(content) == Mark("4f6b", ended, True, 0.25, None, "")
    assert marks.probe_id(content) == "4f6b"


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_is_told(reason: Reason) -> None:
    """With its detail, be it in whichever letters."""
    detail = "ключ, half a character: \udcff"

    mark = marks.read(marks.written(observation(reason=reason, detail=detail)))

    assert (mark.passed, mark.reason, mark.detail) == (False, reason.value, detail)


def test_a_mark_is_small() -> None:
    """There are forty of each probe."""
    assert len(marks.written(observation(probe_id="x" * 32))) < 60
