"""
Tell when a model takes less context than before.

Prompts that fitted are refused from then on. A list may come from any of several
servers, so a shorter context is told on the second poll in a row that has it.
"""

from collections.abc import Mapping
from typing import Any

import structlog

from tm_exporter.derivations.remembered import OriginOf, Remembered
from tm_exporter.facts import ModelsServed
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, ProbeKey


log = structlog.get_logger()

MOST_MODELS = 1000
"""Models of a target whose context is remembered."""


class Contexts:
    """
    Logs `model_context_shrunk`, and adds no samples.

    Args:
        memory: Keeps the lengths over a restart.
        origin_of: Where a target is.
    """

    def __init__(self, memory: Memory, origin_of: OriginOf) -> None:
        self._known = Remembered(memory, "contexts", origin_of)
        self._shorter: dict[str, frozenset[str]] = {}

    def __call__(self, observation: Observation) -> Observation:
        """Return the observation as it is, after a look at its model list."""
        served = observation.fact(ModelsServed)
        if served is not None:
            self._compare(observation.key, served)
        return observation

    def forget_target(self, target: str) -> None:
        """Drop what waits for a second poll of a target that is gone."""
        self._shorter.pop(target, None)

    def _compare(self, key: ProbeKey, served: ModelsServed) -> None:
        """Tell what shrank, and remember what is not waiting for a second poll."""
        before = _lengths(self._known.of(key.target))
        now = {
            model.name: model.max_model_len
            for model in served.models
            if model.max_model_len is not None
        }
        shorter = {name for name, length in now.items() if length < before.get(name, 0)}
        confirmed = shorter & self._shorter.get(key.target, frozenset())
        for name in sorted(confirmed):
            self._tell(key, name, before[name], now[name])
        self._shorter[key.target] = frozenset(shorter - confirmed)
        sure = {n: length for n, length in now.items() if n not in shorter - confirmed}
        lengths = [*sure.items(), *(b for b in before.items() if b[0] not in sure)]
        self._known.put(key.target, dict(lengths[:MOST_MODELS]))

    @staticmethod
    def _tell(key: ProbeKey, model: str, old: int, new: int) -> None:
        log.warning(
            "model_context_shrunk",
            target=key.target,
            surface=key.surface,
            model=model,
            old=old,
            new=new,
        )


def _lengths(values: Mapping[str, Any]) -> dict[str, int]:
    """Return the lengths by model, whatever became of the file."""
    return {name: length for name, length in values.items() if isinstance(length, int)}
