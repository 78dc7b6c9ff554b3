"""
Compare what a chat is billed for its prompt with what the tokenizer counts.

Both count the same messages. A difference that appears is a tokenizer or a chat
template which changed silently, and with it what every request costs.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tm_exporter.catalog import TOKENIZER_PROMPT_TOKENS_DELTA
from tm_exporter.facts import ModelsServed, PromptCounted, VersionNamed
from tm_exporter.observation import Observation, ProbeKey, Sample
from tm_exporter.wire.payloads import ServedModel


STALE_AFTER = 3
"""Intervals of the chat after which its count is no longer compared."""


@dataclass(frozen=True, slots=True)
class _Used:
    """
    How many tokens a chat was billed for the built-in prompt.

    Attributes:
        key: Of the probe that was billed.
        at: Monotonic seconds.
    """

    key: ProbeKey
    tokens: int
    at: float


class TokenizerDelta:
    """
    Adds the difference to the runs of the tokenizer.

    It is there where both counts are known for the same target and model, the
    usage is not too old, and no change of what is served was seen since.

    Args:
        interval_of: Returns the interval in force of a probe, None if it has none.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        interval_of: Callable[[ProbeKey], float | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval_of = interval_of
        self._clock = clock
        self._used: dict[tuple[str, str], _Used] = {}
        self._versions: dict[str, str] = {}
        self._served: dict[str, dict[str, ServedModel]] = {}

    def __call__(self, observation: Observation) -> Observation:
        """Take note of what a run learned; return it with the difference, if any."""
        key = observation.key
        if (named := observation.fact(VersionNamed)) is not None:
            self._note_version(key.target, named.version)
        if (listed := observation.fact(ModelsServed)) is not None:
            self._note_models(key.target, listed.models)
        counted = observation.fact(PromptCounted)
        if counted is None:
            return observation
        if counted.by == "usage":
            used = _Used(key, counted.tokens, self._clock())
            self._used[key.target, key.model] = used
            return observation
        return self._compared(observation, counted.tokens)

    def forget(self, key: ProbeKey) -> None:
        """Drop what a probe was billed that is no longer configured."""
        used = self._used.get((key.target, key.model))
        if used is not None and used.key == key:
            del self._used[key.target, key.model]

    def forget_target(self, target: str) -> None:
        """Drop what is known of a target that is no longer configured."""
        self._versions.pop(target, None)
        self._served.pop(target, None)

    def _compared(self, observation: Observation, tokens: int) -> Observation:
        """Return a run of the tokenizer with the difference, where it is known."""
        key = observation.key
        used = self._used.get((key.target, key.model))
        if used is None or not self._is_recent(used):
            return observation
        delta = used.tokens - tokens
        return observation.plus([Sample(TOKENIZER_PROMPT_TOKENS_DELTA, delta)])

    def _is_recent(self, used: _Used) -> bool:
        interval = self._interval_of(used.key)
        age = self._clock() - used.at
        return interval is not None and age <= STALE_AFTER * interval

    def _note_version(self, target: str, version: str) -> None:
        """Forget what another version counted."""
        if self._versions.get(target, version) != version:
            for model in [model for known, model in self._used if known == target]:
                del self._used[target, model]
        self._versions[target] = version

    def _note_models(self, target: str, models: tuple[ServedModel, ...]) -> None:
        """Forget what was counted by models that are others now, or gone."""
        served = {model.name: model for model in models}
        before = self._served.get(target, {})
        for name, model in before.items():
            if served.get(name) != model:
                self._used.pop((target, name), None)
        self._served[target] = served
