"""Made-up runs, and a sink that watches their probes."""

from typing import Any

from tests.doubles import FakeClock
from tm_exporter.exchange import Certificate, Exchange, Phase
from tm_exporter.observation import (
    PASSED,
    Observation,
    Outcome,
    ProbeKey,
    Reason,
    Sample,
    Skip,
    Verdict,
)
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.series import Shape


HEALTH = ProbeKey("eu", "serverless", "health")
CHAT = ProbeKey("eu", "serverless", "chat_stream", "openai/gpt-oss-20b")
BALANCE = ProbeKey("account", "control_plane", "balance")

STARTED_AT = 1_790_000_000.0


def exchange(**changes: Any) -> Exchange:
    """Return an answer that was good, but for the changes."""
    defaults: dict[str, Any] = {
        "method": "GET",
        "url": "https://eu.example/health",
        "sent": 1000.0,
        "phases": {Phase.DNS: 0.001, Phase.CONNECT: 0.002, Phase.WAIT: 0.03},
        "peer_address": "192.0.2.1:443",
        "status": 200,
    }
    return Exchange(**defaults | changes)


def certificate(fingerprint: str = "aa", issuer: str = "Example CA") -> Certificate:
    """Return what a server showed."""
    return Certificate(STARTED_AT + 86400, issuer, fingerprint, verified=True)


def observation(
    key: ProbeKey = HEALTH,
    *samples: Sample,
    reason: Reason | None = None,
    detail: str = "",
    exchanges: tuple[Exchange, ...] | None = None,
    retry_after: float | None = None,
    probe_id: str = "run-1",
    started_at: float = STARTED_AT,
    duration: float = 0.25,
) -> Observation:
    """Return a finished run: it passed unless a reason is given."""
    outcome = Outcome(
        verdict=PASSED if reason is None else Verdict(reason, detail),
        exchanges=(exchange(),) if exchanges is None else exchanges,
        samples=samples,
        retry_after=retry_after,
    )
    return Observation(
        key=key,
        probe_id=probe_id,
        started_at=started_at,
        duration=duration,
        outcome=outcome,
    )


def watching(
    clock: FakeClock, *keys: ProbeKey, interval: float = 60.0, limit: int = 1000
) -> MetricsSink:
    """Return a sink that watches these probes."""
    sink = MetricsSink(clock, shape=Shape(limit))
    for key in keys:
        sink.watch(
            key,
            interval=interval,
            reasons=(Reason.TIMEOUT, Reason.THROTTLED),
            skips=(Skip.OVERLAP, Skip.MISSED),
        )
    return sink


def next_step(key: ProbeKey, reason: Reason, exchange: Exchange | None) -> str:
    """Return an advice that shows what it was made from."""
    status = exchange.status if exchange else None
    return f"look at {key.probe}: {reason.value}, {status}"
