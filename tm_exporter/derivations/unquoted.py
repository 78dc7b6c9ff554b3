"""Take out of an observation the secrets that a service quotes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tm_exporter.observation import Observation


Masking = Callable[[Any], Any]
"""Returns data without the secrets that are known; the same object if it has none."""


def unquoted(observation: Observation, masking: Masking) -> Observation:
    """
    Return what a run saw, without a secret in anything that may be shown or kept.

    A service may repeat a key as the name of a model, of a version, of anything: so
    it would come to labels, to the memory on disk and to pages. The exchanges are
    left as they are: whoever shows one masks it.

    Args:
        observation: As the probe made it.
        masking: Knows the secrets.
    """
    outcome = observation.outcome
    if not (outcome.verdict.detail or outcome.samples or outcome.facts):
        return observation
    labels = tuple(sample.labels for sample in outcome.samples)
    said = outcome.verdict.detail, labels, outcome.facts
    masked = masking(said)
    if masked is said:
        return observation
    detail, labels, facts = masked
    pairs = zip(outcome.samples, labels, strict=True)
    outcome = replace(
        outcome,
        verdict=replace(outcome.verdict, detail=detail),
        samples=tuple(replace(sample, labels=own) for sample, own in pairs),
        facts=facts,
    )
    return replace(observation, outcome=outcome)
