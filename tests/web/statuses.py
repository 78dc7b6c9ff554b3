"""Made-up states of everything, for pages to show."""

from datetime import UTC, datetime
from typing import Any

from tm_exporter.views.board import state_of
from tm_exporter.views.status import (
    ModelStatus,
    NotWatched,
    ProbeStatus,
    Status,
    TargetStatus,
)


MOMENT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def model_status(**changes: Any) -> ModelStatus:
    """Return a probe that is doing well, but for the changes."""
    defaults: dict[str, Any] = {
        "model": "openai/gpt-oss-20b",
        "state": "ok",
        "since": MOMENT,
        "reason": None,
        "detail": "",
        "next_step": "",
        "probe_id": "run-1",
        "last_run": MOMENT,
        "last_success": MOMENT,
        "last_duration_seconds": 1.25,
        "phase_seconds": {"dns": 0.001},
        "ttft_seconds": 0.4,
        "consecutive_failures": 0,
        "interval_seconds": 60.0,
        "next_slot": None,
    }
    return ModelStatus(**defaults | changes)


def status(*models: ModelStatus, target: str = "eu", **changes: Any) -> Status:
    """Return the status of one target with these probes."""
    probes = (ProbeStatus("chat_stream", models),)
    defaults: dict[str, Any] = {
        "version": "1.2.3",
        "started": MOMENT,
        "ready": True,
        "targets": (
            TargetStatus(target, "serverless", probes, state=state_of(models)),
        ),
        "not_watched": (NotWatched("eu", "kv_cache", "not built yet"),),
    }
    return Status(**defaults | changes)
