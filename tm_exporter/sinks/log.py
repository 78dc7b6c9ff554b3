"""Log every run: loudly when a probe's state changes, else for debugging."""

import logging
from collections.abc import Callable
from typing import Any

import structlog

from tm_exporter.exchange import Exchange
from tm_exporter.observation import Observation, ProbeKey, Reason


log = structlog.get_logger()

NextStep = Callable[[ProbeKey, Reason, Exchange | None], str]


class LogSink:
    """
    Writes one line for each run.

    A probe that fails for an hour costs one warning and one recovery; only
    another reason is another warning.

    Args:
        next_step: Says what to do about a failure.
        diagnosis: Returns whose fault it is that a model of a target fails, None if
            that is not known; the model is empty for the target as a whole.
    """

    def __init__(
        self,
        next_step: NextStep,
        diagnosis: Callable[[str, str], str | None] = lambda _target, _model: None,
    ) -> None:
        self._next_step = next_step
        self._diagnosis = diagnosis
        self._reasons: dict[ProbeKey, Reason | None] = {}

    def __call__(self, observation: Observation) -> None:
        """Warn of a failure that is new, tell a recovery, else whisper."""
        key, reason = observation.key, observation.verdict.reason
        before = self._reasons.get(key)
        self._reasons[key] = reason
        changed = before is not reason
        if not changed and not log.is_enabled_for(logging.DEBUG):
            return  # as nearly always: nothing is put together that nobody reads
        fields = _fields(observation)
        if reason is None:
            level = log.info if changed else log.debug
            level("probe_recovered" if changed else "probe_passed", **fields)
            return
        if (diagnosis := self._diagnosis(key.target, key.model)) is not None:
            fields["diagnosis"] = diagnosis
        fields["next_step"] = self._next_step(key, reason, observation.exchange)
        level = log.warning if changed else log.debug
        level("probe_failing" if changed else "probe_failed", **fields)

    def forget(self, key: ProbeKey) -> None:
        """Drop the state of a probe that is no longer configured."""
        self._reasons.pop(key, None)


def _fields(observation: Observation) -> dict[str, Any]:
    """Return what every line about a run says; what is unknown is left out."""
    key, verdict, exchange = observation.key, observation.verdict, observation.exchange
    fields = {
        "target": key.target,
        "surface": key.surface,
        "probe": key.probe,
        "model": key.model,
        "probe_id": observation.probe_id,
        "success": verdict.passed,
        "reason": None if verdict.reason is None else verdict.reason.value,
        "detail": verdict.detail or None,
        "duration_seconds": round(observation.duration, 6),
        "http_status_code": exchange.status if exchange else None,
        "peer_address": exchange.peer_address if exchange else None,
    }
    return {name: value for name, value in fields.items() if value is not None}
