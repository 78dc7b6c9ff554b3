"""
Leave out of the histograms what was measured while we were late ourselves.

A stamp is taken when the loop comes round to it, or tells when the last of what came
meanwhile did, so a time is only as good as the loop was punctual. What a late loop
measured says something of the exporter and not of the service; so does what came while
a body was not read, for want of memory. The verdict does not depend on it and stands,
and so do the gauges of the last run, which are replaced soon.

Source: issue B, "Measurement validity".
"""

from collections.abc import Callable
from dataclasses import replace

from tm_exporter.catalog import (
    CANARY_CHUNK_GAP_SECONDS,
    CANARY_ITL_SECONDS,
    CANARY_TTFT_SECONDS,
    EXPORTER_MEASUREMENTS_DISCARDED,
    PROBE_DURATION_SECONDS,
)
from tm_exporter.observation import Observation, Sample, Span


LOOP_LAG = "loop_lag"
"""The label value for what a late loop measured."""

MEMORY = "memory"
"""The label value for what was measured while a body had to wait for memory."""

LEAST = 0.02
"""Seconds of lag that spoil nothing, however short the time that was measured."""

SHARE = 0.05
"""Share of the time measured that may be lag."""

TIMED = frozenset((CANARY_TTFT_SECONDS, CANARY_ITL_SECONDS, CANARY_CHUNK_GAP_SECONDS))
"""Histograms that a probe fills by its own samples; that of durations comes later."""


class Validity:
    """
    Takes spoilt times out of observations, and counts them.

    Args:
        worst: By how many seconds a stamp between two monotonic moments may be late.
    """

    def __init__(self, worst: Callable[[float, float], float]) -> None:
        self._worst = worst

    def __call__(self, observation: Observation) -> Observation:
        """Return the observation without what was measured too late."""
        span = observation.span
        held = sum(each.held_back for each in observation.outcome.exchanges)
        if span is None or self._worst(*span) + held <= LEAST:
            return observation
        kept: list[Sample] = []
        spoilt: list[Sample] = []
        for sample in observation.outcome.samples:
            (spoilt if self._is_late(sample, span, held) else kept).append(sample)
        duration = observation.duration
        if observation.verdict.passed and self._spoils(duration, span, held):
            spoilt.append(Sample(PROBE_DURATION_SECONDS, duration))
        if not spoilt:
            return observation
        reason = MEMORY if held > LEAST else LOOP_LAG
        kept.append(Sample(EXPORTER_MEASUREMENTS_DISCARDED, len(spoilt), (reason,)))
        return replace(
            observation,
            outcome=replace(observation.outcome, samples=tuple(kept)),
            discarded=frozenset(sample.family for sample in spoilt),
        )

    def _is_late(self, sample: Sample, run: Span, held: float) -> bool:
        """Whether a sample came from stamps, and these from a late loop."""
        if sample.family in TIMED:
            return self._spoils(sample.value, sample.span or run, held)
        # What only stamps show, such as a stream that seems to come in one burst.
        return sample.span is not None and self._spoils(0.0, sample.span, held)

    def _spoils(self, seconds: float, span: Span, held: float) -> bool:
        """Whether the lag is too much for a time that was measured meanwhile."""
        return self._worst(*span) + held > max(LEAST, SHARE * seconds)
