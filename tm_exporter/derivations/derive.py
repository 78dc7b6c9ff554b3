"""Let every derivation add what it knows to an observation."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

import structlog

from tm_exporter.observation import Observation, ProbeKey


log = structlog.get_logger()


class Derivation(Protocol):
    """
    Something that compares what several runs saw, or judges what one measured.

    It returns the observation with samples more or less; the verdict stands.
    It must not block and knows no network.
    """

    def __call__(self, observation: Observation, /) -> Observation:
        """Return the observation with what follows from it."""
        ...


@runtime_checkable
class ForgetsProbes(Protocol):
    """Something that remembers probes, and can let go of one that is withdrawn."""

    def forget(self, key: ProbeKey) -> None:
        """Drop what is known of a probe."""
        ...


@runtime_checkable
class ForgetsTargets(Protocol):
    """Something that remembers targets, and can let go of one that is withdrawn."""

    def forget_target(self, target: str) -> None:
        """Drop what is known of a target."""
        ...


def derive(observation: Observation, derivations: Iterable[Derivation]) -> Observation:
    """
    Return the observation as all derivations, in order, leave it.

    One that raises costs a log line and its own samples.
    """
    for derivation in derivations:
        try:
            observation = derivation(observation)
        except Exception:
            log.exception(
                "derivation_failed",
                derivation=type(derivation).__name__,
                target=observation.key.target,
                probe=observation.key.probe,
                probe_id=observation.probe_id,
            )
    return observation
