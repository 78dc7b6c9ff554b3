"""Hand every observation to every sink."""

from collections.abc import Iterable
from typing import Protocol

import structlog

from tm_exporter.observation import Observation


log = structlog.get_logger()


class Sink(Protocol):
    """Somewhere that observations go to. It must not block and cannot answer."""

    def __call__(self, observation: Observation, /) -> None:
        """Take one observation."""
        ...


def publish(observation: Observation, sinks: Iterable[Sink]) -> None:
    """
    Give the observation to every sink.

    A sink that raises costs a log line; the others still get the observation.
    """
    for sink in sinks:
        try:
            sink(observation)
        except Exception:
            log.exception(
                "sink_failed",
                sink=type(sink).__name__,
                target=observation.key.target,
                probe=observation.key.probe,
                probe_id=observation.probe_id,
            )
