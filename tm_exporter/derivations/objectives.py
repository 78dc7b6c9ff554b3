"""
Judge times to first token by the objective of their probe.

Only runs that passed have one in their observation, and only those that the event
loop did not spoil: `validity` comes first. A first token that comes exactly at the
threshold is in time, as in the histogram's bucket of that bound.
"""

from collections.abc import Iterator

from tm_exporter.catalog import (
    CANARY_TTFT_OBJECTIVE_EVALUATED,
    CANARY_TTFT_OBJECTIVE_MISSED,
    CANARY_TTFT_OBJECTIVE_SECONDS,
    CANARY_TTFT_SECONDS,
    SLO_OBJECTIVE,
)
from tm_exporter.observation import Observation, Probe, ProbeKey, Sample


class Objectives:
    """Counts the runs whose first token was evaluated, and those that missed."""

    def __init__(self) -> None:
        self._thresholds: dict[ProbeKey, float] = {}

    def watch(self, probe: Probe) -> tuple[Sample, ...]:
        """
        Take a probe's objectives in place of those it had.

        Returns:
            The series that tell them, and the counters of exactly the probes
            that have one to be judged by, which begin at zero.
        """
        self.forget(probe.key)
        slo, shows_token = probe.section.slo, probe.section.shows_first_token
        if slo is not None and slo.ttft is not None and shows_token:
            self._thresholds[probe.key] = slo.ttft.threshold
        return tuple(_starts(probe))

    def forget(self, key: ProbeKey) -> None:
        """Drop the objective of a probe that is no longer configured."""
        self._thresholds.pop(key, None)

    def __call__(self, observation: Observation) -> Observation:
        """Add whether the first token came in time, where there is an objective."""
        threshold = self._thresholds.get(observation.key)
        times = [
            sample.value
            for sample in observation.outcome.samples
            if sample.family is CANARY_TTFT_SECONDS
        ]
        if threshold is None or not times or not observation.verdict.passed:
            return observation
        missed = sum(seconds > threshold for seconds in times)
        return observation.plus(
            (
                Sample(CANARY_TTFT_OBJECTIVE_EVALUATED, len(times)),
                Sample(CANARY_TTFT_OBJECTIVE_MISSED, missed),
            )
        )


def _starts(probe: Probe) -> Iterator[Sample]:
    """Yield what is there from the beginning, for each objective that is in force."""
    slo = probe.section.slo
    if slo is None:
        return
    if slo.availability is not None:
        yield Sample(SLO_OBJECTIVE, slo.availability, ("availability",))
    if slo.ttft is not None and probe.section.shows_first_token:
        yield Sample(SLO_OBJECTIVE, slo.ttft.objective, ("ttft",))
        yield Sample(CANARY_TTFT_OBJECTIVE_SECONDS, slo.ttft.threshold)
        yield Sample(CANARY_TTFT_OBJECTIVE_EVALUATED, 0.0)
        yield Sample(CANARY_TTFT_OBJECTIVE_MISSED, 0.0)
