"""
Ask a model twice with one long prompt, to see whether its KV cache works.

The prompt begins with letters that were never sent before, so the first request is
cold. The second, after a time for the cache to settle, should find the prompt there.
Costs two prompts of about `prefix_tokens` a run, and a third one where
`warm_again_after` is set.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from tm_exporter.facts import ModelIdentity
from tm_exporter.observation import PASSED, Demand, Outcome, Sample, Verdict
from tm_exporter.probes.bounds import PROMPT
from tm_exporter.probes.cache_pairs import (
    Memory,
    Pair,
    Wanted,
    expected,
    passed,
    persistence,
)
from tm_exporter.probes.generation import MaxTokens, StreamSection, token_samples
from tm_exporter.probes.prompts import filler, nonce
from tm_exporter.probes.streaming import Streamed, StreamProbe, violation_samples
from tm_exporter.section import Duration


WARM_SHARE = 0.1
"""Part of the timeout which a request leaves to the next one at least."""

_PAIR = 2


class KvCacheSection(StreamSection):
    """A pair of equal requests, of which the second should find its prefix cached."""

    shows_first_token: ClassVar[bool] = False  # two different ones, in no histogram
    kind: Literal["kv_cache"] = "kv_cache"
    interval: Duration = 3600.0
    timeout: Duration = 60.0
    max_tokens: MaxTokens = 8

    expectation: Wanted = "observe"
    """What the second request must find; `observe` judges nothing."""

    prefix_tokens: int = Field(default=1024, ge=1024, le=1_000_000)
    """Length of the prompt which both requests begin with, about."""

    settle: Duration = 2.0
    """Wait between the two, not part of the run's duration."""

    warm_again_after: Duration | None = None
    """Send an earlier run's prompt once more after this time; costs a third prompt."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.prompt_tokens is not None:
            raise ValueError("takes `prefix_tokens` in place of `prompt_tokens`")
        if self.route.prompt in self.body:
            raise ValueError(
                f"`body` must not set `{self.route.prompt}`: "
                "the prompt must begin anew in every run"
            )
        if self.settle > self.timeout / 2 and "settle" in self.model_fields_set:
            raise ValueError(
                f"settle ({self.settle:g}s) exceeds half of timeout ({self.timeout:g}s)"
            )
        fits = _fitting(self.settle, self.timeout)
        object.__setattr__(self, "settle", fits)  # which is still not written
        return self

    def every(self, interval: float) -> Self:
        """Return the section with another interval, and what must fit into it."""
        made = super().every(interval)
        fits = _fitting(made.settle, made.timeout)
        return made.model_copy(update={"settle": fits})


def _fitting(settle: float, timeout: float) -> float:
    """Return a pause that leaves the requests the most of the time."""
    return settle if settle <= timeout / 2 else timeout / 4


@dataclass(frozen=True)
class KvCacheProbe(StreamProbe[KvCacheSection]):
    """
    A run is one pair: it passes if both answers do, and the expectation is met. An
    earlier prompt that is sent again measures, and decides nothing.

    The histograms of other streams stay empty: with cold and warm answers in one
    of them it would tell nothing about either.

    Attributes:
        clock: Monotonic seconds.
        memory: Of earlier runs.
    """

    clock: Callable[[], float] = field(default=time.monotonic, compare=False)
    memory: Memory = field(default_factory=Memory, compare=False)

    @cached_property
    def demands(self) -> Sequence[Demand]:
        """The cold and the warm request, and the one that warms again, if any."""
        requests = 2 if self.section.warm_again_after is None else 3
        return (self.demand(self._prompt("")),) * requests

    async def run(self) -> Outcome:
        """
        Send the pair; the first request that fails ends the run.

        Returns:
            Ratio of the times to first token, share of the prompt that was cached,
            and whether the service tells; tokens and violations by kind.
        """
        section = self.section
        deadline = self.clock() + section.timeout
        prefix = nonce()
        kept = section.settle + WARM_SHARE * section.timeout
        cold = await self._send(prefix, deadline - kept)
        if not passed(cold):
            return self._outcome(cold)
        paused = await self._settle()
        warm = await self._send(prefix, deadline)
        if not passed(warm):
            return self._outcome(cold, warm, paused=paused)
        pair = Pair.of(cold, warm)
        self.memory.pairs.append(pair)
        again = await self._send_again(deadline, prefix)
        answers = (cold, warm) if again is None else (cold, warm, again)
        samples = [*pair.samples(), *persistence(again)]
        verdict = expected(self.memory.pairs, section.expectation)
        return self._outcome(
            *answers, samples=samples, otherwise=verdict, paused=paused
        )

    async def _send(self, prefix: str, deadline: float) -> Streamed:
        """Send a prompt once, with what is left of the time."""
        left = max(0.0, deadline - self.clock())
        return await self.ask(self.request(self._prompt(prefix)), left)

    async def _send_again(self, deadline: float, prefix: str) -> Streamed | None:
        """
        Send an earlier run's prompt, if one has waited long enough; keep ours.

        With hardly any time left it waits for the next run.
        """
        after = self.section.warm_again_after
        if after is None:
            return None
        earlier = None
        if deadline - self.clock() >= WARM_SHARE * self.section.timeout:
            earlier = self.memory.take_sent_before(self.clock() - after)
        self.memory.sent.append((prefix, self.clock()))
        return None if earlier is None else await self._send(earlier, deadline)

    async def _settle(self) -> float:
        """Wait until the cache may have taken the prompt; return for how long."""
        start = self.clock()
        await asyncio.sleep(self.section.settle)
        return self.clock() - start

    def _prompt(self, prefix: str) -> str:
        return f"{filler(self.section.prefix_tokens, prefix)}\n{PROMPT}"

    def _outcome(
        self,
        *answers: Streamed,
        samples: Sequence[Sample] = (),
        otherwise: Verdict = PASSED,
        paused: float = 0.0,
    ) -> Outcome:
        """Return the outcome of a run; of its pair, the last answer decides if bad."""
        decisive = answers[:_PAIR][-1]
        last = decisive.judged.verdict
        streamed = [
            sample
            for answer in answers
            for sample in (
                *token_samples(answer.record.completion.usage),
                *violation_samples(answer),
            )
        ]
        return Outcome(
            verdict=otherwise if last.passed else last,
            exchanges=tuple(answer.exchange for answer in answers),
            samples=(*streamed, *samples),
            used=tuple(answer.used for answer in answers),
            facts=ModelIdentity.of(self.key.model, decisive.record.completion),
            paused=paused + sum(answer.checking for answer in answers),
        )
