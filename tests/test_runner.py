"""One run: the clock, the identity and the boundary."""

from dataclasses import replace

import pytest
import structlog

from tests.doubles import FakeClock, ScriptedProbe
from tm_exporter.exchange import Exchange
from tm_exporter.observation import PASSED, Outcome, Reason, Verdict
from tm_exporter.runner import run


async def test_a_run_is_timed_by_the_clock_that_is_handed_in() -> None:
    """Duration is monotonic; only the start is wall-clock time."""
    clock = FakeClock(5.0)
    probe = ScriptedProbe(before=lambda: clock.advance(0.25))

    seen = await run(probe, clock=clock, now=lambda: 1e9, new_id=lambda: "one")

    assert (seen.duration, seen.started_at, seen.probe_id) == (0.25, 1e9, "one")
    assert seen.verdict.passed


async def test_a_bug_is_a_failed_run_with_a_traceback_in_the_log() -> None:
    """One probe's bug must stop neither the others nor the daemon."""

    def crash() -> None:
        raise ZeroDivisionError("by secret")

    with structlog.testing.capture_logs() as lines:
        seen = await run(ScriptedProbe(before=crash))

    assert seen.verdict.reason is Reason.INTERNAL
    assert "secret" not in seen.verdict.detail
    assert [line["event"] for line in lines] == ["probe_crashed"]
    assert lines[0]["exc_info"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param("86400", 300.0, id="at-most-five-minutes"),
        pytest.param(None, None, id="not-asked"),
        pytest.param("soon", 60.0, id="one-interval-where-unreadable"),
        pytest.param("Sun, 09 Sep 2001 01:46:52 GMT", 12.0, id="date"),
        pytest.param("Sun, 09 Sep 2001 01:46:30 GMT", 0.0, id="date-that-passed"),
    ],
)
async def test_a_throttled_run_says_how_long_to_wait(
    header: str | None, expected: float | None
) -> None:
    """Only the runner knows the interval that stands in for a missing header."""
    headers = () if header is None else (("retry-after", header),)
    exchange = Exchange(method="GET", url="http://x", status=429, headers=headers)
    outcome = Outcome(verdict=Verdict(Reason.THROTTLED), exchanges=(exchange,))

    seen = await run(ScriptedProbe(outcome=outcome), now=lambda: 1e9)

    assert seen.outcome.retry_after == expected


async def test_another_failure_asks_nobody_to_wait() -> None:
    """A 503 with Retry-After is an outage that is to be watched, not waited out."""
    exchange = Exchange(
        method="GET", url="http://x", status=503, headers=(("retry-after", "7"),)
    )
    outcome = Outcome(verdict=Verdict(Reason.OVERLOADED), exchanges=(exchange,))

    seen = await run(ScriptedProbe(outcome=replace(outcome)))

    assert seen.outcome.retry_after is None


async def test_a_pause_made_on_purpose_is_no_part_of_the_duration() -> None:
    """The run ended after it all the same."""
    clock = FakeClock()
    outcome = Outcome(verdict=PASSED, paused=2.0)
    probe = ScriptedProbe(outcome=outcome, before=lambda: clock.advance(5.0))

    seen = await run(probe, clock=clock, now=lambda: 1e9)

    assert (seen.duration, seen.finished_at) == (3.0, 1e9 + 5.0)
