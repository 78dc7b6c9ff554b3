"""One run of a probe: clock, identity and the boundary for our own faults."""

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

import structlog

from tm_exporter.clients.space import kept_until_the_end
from tm_exporter.observation import (
    Observation,
    Outcome,
    Probe,
    Reason,
    Span,
    Verdict,
)
from tm_exporter.wire.retry_after import seconds_to_wait


log = structlog.get_logger()

GRACE = 20.0
"""
Seconds over its timeout after which a run is taken for stuck.

Before an exchange begins, its token may have to be fetched (10 s), and while it goes
on, memory may have to be waited for (5 s).
"""


def new_probe_id() -> str:
    """Return an id that no other run has."""
    return secrets.token_hex(8)


async def run(
    probe: Probe,
    *,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    new_id: Callable[[], str] = new_probe_id,
) -> Observation:
    """
    Run a probe once.

    The only place that catches an unexpected exception, so that a bug in one probe
    is a failed run of that probe, with a traceback in the log, and stops no other.

    Returns:
        The observation, whatever happened. Only cancellation escapes.
    """
    probe_id = new_id()
    started_at, start = now(), clock()
    try:
        async with asyncio.timeout(probe.section.timeout + GRACE):
            with kept_until_the_end():
                outcome = await probe.run()
    except Exception as error:
        log.exception("probe_crashed", probe_id=probe_id, **probe_labels(probe))
        detail = f"the exporter failed: {type(error).__name__}"
        outcome = Outcome(verdict=Verdict(Reason.INTERNAL, detail))
    span = Span(start, clock())
    return Observation(
        key=probe.key,
        probe_id=probe_id,
        started_at=started_at,
        duration=max(0.0, span.end - span.start - outcome.paused),
        outcome=_with_wait(outcome, probe.section.interval, now()),
        span=span,
    )


def probe_labels(probe: Probe) -> dict[str, str]:
    """Return the labels of a probe's series as keys of a log line."""
    key = probe.key
    return {
        "target": key.target,
        "surface": key.surface,
        "probe": key.probe,
        "model": key.model,
    }


def _with_wait(outcome: Outcome, interval: float, now: float) -> Outcome:
    """Add how long the service asks to wait, where it throttled the run and says."""
    if outcome.verdict.reason is not Reason.THROTTLED or not outcome.exchanges:
        return outcome
    told = outcome.exchanges[-1].header("retry-after")
    if told is None:
        return outcome
    wait = seconds_to_wait(told, now=now, otherwise=interval)
    return replace(outcome, retry_after=wait)
