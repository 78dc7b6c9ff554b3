"""One request whose answer is streamed, from the prompt to the outcome."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from tm_exporter.catalog import (
    CANARY_CHUNK_GAP_SECONDS,
    CANARY_ITL_SECONDS,
    CANARY_LAST_TTFT_SECONDS,
    CANARY_OUTPUT_TOKENS_PER_SECOND,
    CANARY_STREAM_VIOLATIONS,
    CANARY_TTFT_SECONDS,
)
from tm_exporter.exchange import EVENT_STREAM, Exchange
from tm_exporter.facts import ModelIdentity
from tm_exporter.observation import Outcome, Sample, Span, Tokens
from tm_exporter.probes.bounds import used
from tm_exporter.probes.counted import prompt_counted
from tm_exporter.probes.generation import (
    GenerationProbe,
    StreamSection,
    token_samples,
)
from tm_exporter.reasons import STREAMED
from tm_exporter.timing import StreamTiming
from tm_exporter.verdict import Judged, Promise, judge
from tm_exporter.wire.payloads import Completion
from tm_exporter.wire.streams import StreamReader, StreamRecord


StreamT = TypeVar("StreamT", bound=StreamSection)

VIOLATIONS = (
    *("content_type", "invalid_event", "error_event"),
    *("no_content", "no_finish_reason", "no_done"),
    *("content_after_finish", "data_after_done", "usage_missing"),
    *("long_gap", "buffered"),
)
"""Every kind of violation; those of the first two rows fail a run."""

BY_TIME = ("long_gap", "buffered")
"""Those which the stamps show, so that a late event loop can make them up."""

NO_VIOLATIONS = tuple(
    Sample(CANARY_STREAM_VIOLATIONS, 0, (kind,)) for kind in VIOLATIONS
)
"""The series of a probe that has not seen any yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """
    One streamed answer.

    Attributes:
        exchange: What was seen on the wire.
        record: What was read of the stream.
        judged: What was found on both.
        checking: Seconds that holding it against `expect` took.
    """

    exchange: Exchange
    record: StreamRecord
    judged: Judged[Completion]
    checking: float = 0.0

    @property
    def timing(self) -> StreamTiming | None:
        """When its parts came; None for a request that never left."""
        if self.exchange.sent is None:
            return None
        usage = self.record.completion.usage
        return StreamTiming(
            sent=self.exchange.sent,
            contents=self.record.content_times,
            output_tokens=usage.output if usage else None,
        )

    @property
    def used(self) -> Tokens | None:
        """The tokens that it is charged with; None where nobody knows."""
        usage = self.record.completion.usage
        return used(self.exchange, usage if self.record.usage_is_final else None)

    @property
    def violations(self) -> tuple[str, ...]:
        """The kinds of violation that it shows, each once."""
        return tuple(_violations(self.exchange, self.record, self.timing))


class StreamProbe(GenerationProbe[StreamT]):
    """The stream must be whole: content, a finish reason and its terminator."""

    reasons = STREAMED
    starts = NO_VIOLATIONS
    streamed = True

    async def run(self) -> Outcome:
        """
        Ask once; costs at most the prompt and `max_tokens` tokens.

        Returns:
            Time to first token, time between tokens and tokens per second, the
            histograms of runs that passed only; tokens and violations by kind.
        """
        answer = await self.ask(self.request(self.prompt()), self.section.timeout)
        passed = answer.judged.verdict.passed
        return Outcome(
            verdict=answer.judged.verdict,
            exchanges=(answer.exchange,),
            samples=(
                *token_samples(answer.record.completion.usage),
                *violation_samples(answer),
                *timing_samples(answer.timing, passed=passed),
            ),
            used=(answer.used,),
            facts=(
                *prompt_counted(self.section, answer.judged),
                *ModelIdentity.of(self.key.model, answer.record.completion),
            ),
            paused=answer.checking,
        )

    async def ask(
        self,
        request: Mapping[str, Any],
        timeout: float,  # noqa: ASYNC109 -- the client's own, from name to last byte
    ) -> Streamed:
        """Send a request once and judge what streams back."""
        reader = StreamReader(self.route.read_delta, self.section.idle_timeout)
        exchange = await self.client.post(
            self.route.path, request, timeout=timeout, reader=reader
        )
        record = reader.record()
        promise: Promise[Completion] = Promise(
            surface=self.key.surface, model=self.key.model
        )
        checked = await self.checked(judge(exchange, promise, record))
        return Streamed(
            exchange=exchange,
            record=record,
            judged=checked.judged,
            checking=checked.seconds,
        )


def violation_samples(answer: Streamed) -> Iterator[Sample]:
    """Yield each kind of violation that a stream shows, once."""
    for kind in answer.violations:
        times = answer.timing if kind in BY_TIME else None
        span = None if times is None else Span(times.contents[0], times.contents[-1])
        yield Sample(CANARY_STREAM_VIOLATIONS, 1, (kind,), span)


def timing_samples(timing: StreamTiming | None, *, passed: bool) -> Iterator[Sample]:
    """
    Yield what can be said of a stream's times; the rest is left out.

    The times between the chunks of a stream that came in one burst are those of
    whoever kept it back, not of the service.
    """
    if timing is None or timing.time_to_first_token is None:
        return
    yield Sample(CANARY_LAST_TTFT_SECONDS, timing.time_to_first_token)
    if not passed:
        return
    first, last = timing.contents[0], timing.contents[-1]
    until_first = Span(timing.sent, first)
    yield Sample(CANARY_TTFT_SECONDS, timing.time_to_first_token, span=until_first)
    if timing.is_buffered:
        return
    if timing.inter_token_latency is not None:
        after_first = Span(first, last)
        yield Sample(CANARY_ITL_SECONDS, timing.inter_token_latency, span=after_first)
    if timing.output_tokens_per_second is not None:
        yield Sample(CANARY_OUTPUT_TOKENS_PER_SECOND, timing.output_tokens_per_second)
    for start, end in pairwise(timing.contents):
        gap = Span(start, end)
        yield Sample(CANARY_CHUNK_GAP_SECONDS, end - start, span=gap)


def _violations(
    exchange: Exchange, record: StreamRecord, timing: StreamTiming | None
) -> Iterator[str]:
    """Yield what headers, events and times show, in this order."""
    answered = 200 <= (exchange.status or 0) < 300
    if answered and exchange.media_type not in (None, EVENT_STREAM):
        yield "content_type"
    yield from record.violations
    if timing is not None and timing.has_long_gap:
        yield "long_gap"
    if timing is not None and timing.is_buffered:
        yield "buffered"
