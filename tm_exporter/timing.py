"""
The times of one streamed answer, by the contract's definitions.

Source: contract section 4; the words are those of vLLM's and NVIDIA's tools.
"""

from dataclasses import dataclass
from itertools import pairwise

from tm_exporter.catalog.family import GAP_BUCKETS


LONG_GAP = GAP_BUCKETS[-1]
"""Seconds between two chunks above which the histogram of gaps cannot tell more."""

BURST_CHUNKS = 8
"""Chunks with content which a stream must have before it can be called buffered."""

BURST_SECONDS = 0.0005
"""Seconds for each chunk: no model writes 2,000 chunks a second, so whoever sends
them at that pace had kept them back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamTiming:
    """
    When the parts of one streamed answer arrived.

    Attributes:
        sent: Just before the first byte of the request was written.
        contents: When each chunk with content or reasoning arrived, in order; the
            chunk that has only the role is none. Seconds of the same clock.
        output_tokens: As the service counted them, None if it did not say.
    """

    sent: float
    contents: tuple[float, ...]
    output_tokens: int | None

    @property
    def time_to_first_token(self) -> float | None:
        """Seconds that a user waits before anything appears."""
        return self.contents[0] - self.sent if self.contents else None

    @property
    def inter_token_latency(self) -> float | None:
        """
        Mean seconds for each token after the first.

        None below two tokens, and with a single chunk: there is no interval then.
        """
        if self.output_tokens is None or self.output_tokens < 2:
            return None
        if len(self.contents) < 2:
            return None
        return (self.contents[-1] - self.contents[0]) / (self.output_tokens - 1)

    @property
    def output_tokens_per_second(self) -> float | None:
        """Tokens after the first for each second after the first."""
        latency = self.inter_token_latency
        return None if not latency else 1 / latency

    @property
    def gaps(self) -> tuple[float, ...]:
        """Seconds between neighbouring chunks with content."""
        return tuple(later - earlier for earlier, later in pairwise(self.contents))

    @property
    def has_long_gap(self) -> bool:
        """Whether a reader would think that the answer hangs."""
        return any(gap > LONG_GAP for gap in self.gaps)

    @property
    def is_buffered(self) -> bool:
        """Whether the stream came in one burst, as from a middlebox that keeps it."""
        if len(self.contents) < BURST_CHUNKS:
            return False
        span = self.contents[-1] - self.contents[0]
        return span < BURST_SECONDS * len(self.contents)
