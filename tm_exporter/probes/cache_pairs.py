"""What the pairs of cold and warm requests tell of a KV cache, one and several."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Literal, Self

from tm_exporter.catalog import (
    CACHE_CANARY_CACHED_TOKEN_RATIO,
    CACHE_CANARY_DETAILS_AVAILABLE,
    CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO,
    CACHE_CANARY_TTFT_RATIO,
)
from tm_exporter.observation import PASSED, Reason, Sample, Verdict
from tm_exporter.probes.streaming import Streamed


Wanted = Literal["hit", "miss", "observe"]

PAIRS_JUDGED = 5
"""Pairs whose median the expectation is judged on."""

HIT_RATIO = 0.4
"""
A median from here on is a `hit`.

Caches keep whole blocks, of 16 to 448 tokens: of the shortest prefix, at least 896
tokens fit. This is about half of them, with what surrounds the prefix counted.
"""

MISS_RATIO = 0.1
"""A median up to here is a `miss`: what a chat template always begins with may hit."""


@dataclass(frozen=True, slots=True)
class Pair:
    """
    The numbers of two requests that passed.

    Attributes:
        cached_ratio: Cached tokens of the warm request over all of its prompt; None
            where the service does not tell.
        ttft_ratio: Its time to first token over that of the cold one; None where
            one of them showed nothing, such as a tool call alone.
    """

    cached_ratio: float | None
    ttft_ratio: float | None

    @classmethod
    def of(cls, cold: Streamed, warm: Streamed) -> Self:
        """Return the numbers of a cold and a warm answer."""
        before, after = ttft(cold), ttft(warm)
        ratio = after / before if before and after is not None else None
        return cls(cached_ratio(warm), ratio)

    def samples(self) -> Iterator[Sample]:
        """Yield what is known."""
        known = self.cached_ratio is not None
        yield Sample(CACHE_CANARY_DETAILS_AVAILABLE, known)
        if self.cached_ratio is not None:
            yield Sample(CACHE_CANARY_CACHED_TOKEN_RATIO, self.cached_ratio)
        if self.ttft_ratio is not None:
            yield Sample(CACHE_CANARY_TTFT_RATIO, self.ttft_ratio)


@dataclass(frozen=True, slots=True)
class Memory:
    """
    What earlier runs leave to later ones.

    Attributes:
        pairs: The last ones, as many as are judged.
        sent: Nonce and end, in monotonic seconds, of each pair that may be sent
            once more; in order.
    """

    pairs: deque[Pair] = field(default_factory=lambda: deque(maxlen=PAIRS_JUDGED))
    sent: deque[tuple[str, float]] = field(default_factory=deque)

    def take_sent_before(self, moment: float) -> str | None:
        """Return the last nonce sent before a moment, and forget all up to it."""
        found = None
        while self.sent and self.sent[0][1] <= moment:
            found, _ = self.sent.popleft()
        return found


def expected(pairs: Iterable[Pair], wanted: Wanted) -> Verdict:
    """Judge the last pairs, if there are enough and all of them are known."""
    known = [pair.cached_ratio for pair in pairs if pair.cached_ratio is not None]
    if wanted == "observe" or len(known) < PAIRS_JUDGED:
        return PASSED
    middle = median(known)
    met = middle >= HIT_RATIO if wanted == "hit" else middle <= MISS_RATIO
    if met:
        return PASSED
    detail = (
        f"cache expectation: {wanted}, but of the last {PAIRS_JUDGED} pairs "
        f"the median share of cached tokens is {middle:.2f}"
    )
    return Verdict(Reason.ASSERTION, detail)


def passed(answer: Streamed) -> bool:
    """Whether an answer was good."""
    return answer.judged.verdict.passed


def ttft(answer: Streamed) -> float | None:
    """Return the seconds to the first token of an answer, None if it showed none."""
    timing = answer.timing
    return None if timing is None else timing.time_to_first_token


def cached_ratio(answer: Streamed) -> float | None:
    """Return how much of a prompt came from the cache; None where nobody tells."""
    usage = answer.record.completion.usage
    if usage is None or usage.cached is None or not usage.input:
        return None
    return min(1.0, usage.cached / usage.input)


def persistence(again: Streamed | None) -> Iterator[Sample]:
    """Yield how much of an earlier prompt was still cached, where it is known."""
    ratio = None if again is None or not passed(again) else cached_ratio(again)
    if ratio is not None:
        yield Sample(CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO, ratio)
