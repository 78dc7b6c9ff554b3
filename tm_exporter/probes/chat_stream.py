"""Ask a model for a short answer, streamed: POST /v1/chat/completions."""

from collections.abc import Iterator
from typing import Literal

from tm_exporter.catalog import (
    CANARY_CHUNK_GAP_SECONDS,
    CANARY_ITL_SECONDS,
    CANARY_LAST_TTFT_SECONDS,
    CANARY_OUTPUT_TOKENS_PER_SECOND,
    CANARY_STREAM_VIOLATIONS,
    CANARY_TTFT_SECONDS,
)
from tm_exporter.exchange import EVENT_STREAM, Exchange
from tm_exporter.observation import Outcome, Sample
from tm_exporter.payloads import Completion
from tm_exporter.probes.generation import (
    GenerationProbe,
    MaxTokens,
    StreamSection,
    merged,
    token_samples,
)
from tm_exporter.reasons import STREAMED
from tm_exporter.section import Duration
from tm_exporter.streams import StreamReader, StreamRecord, read_chat_delta
from tm_exporter.timing import StreamTiming
from tm_exporter.verdict import Judged, Promise, judge


class ChatStreamSection(StreamSection):
    """A chat completion that is streamed, so that its first token can be timed."""

    kind: Literal["chat_stream"] = "chat_stream"
    interval: Duration = 120.0
    max_tokens: MaxTokens = 32


class ChatStreamProbe(GenerationProbe[ChatStreamSection]):
    """The stream must be whole: content, a finish reason and its terminator."""

    reasons = STREAMED

    async def run(self) -> Outcome:
        """
        Ask once; costs at most the prompt and `max_tokens` tokens.

        Returns:
            Time to first token, time between tokens and tokens per second, the
            histograms of runs that passed only; tokens and violations by kind.
        """
        request = self.chat_request() | {
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        reader = StreamReader(read_chat_delta, self.section.idle_timeout)
        exchange = await self.client.post(
            "/v1/chat/completions",
            merged(request, self.section.body),
            timeout=self.section.timeout,
            reader=reader,
        )
        record = reader.record()
        promise = Promise(
            surface=self.key.surface, model=self.key.model, check=self.unmet
        )
        judged: Judged[Completion] = judge(exchange, promise, record)
        samples = list(token_samples(record.completion.usage))
        samples += violation_samples(exchange, record)
        if exchange.sent is not None:
            usage = record.completion.usage
            timing = StreamTiming(
                sent=exchange.sent,
                contents=record.content_times,
                output_tokens=usage.output if usage else None,
            )
            samples += timing_samples(timing, passed=judged.verdict.passed)
        return Outcome(
            verdict=judged.verdict, exchanges=(exchange,), samples=tuple(samples)
        )


def violation_samples(exchange: Exchange, record: StreamRecord) -> Iterator[Sample]:
    """Yield each kind of violation that a stream shows, once."""
    if exchange.status == 200 and exchange.media_type not in (None, EVENT_STREAM):
        yield Sample(CANARY_STREAM_VIOLATIONS, 1, ("content_type",))
    for kind in record.violations:
        yield Sample(CANARY_STREAM_VIOLATIONS, 1, (kind,))


def timing_samples(timing: StreamTiming, *, passed: bool) -> Iterator[Sample]:
    """Yield what can be said of a stream's times; the rest is left out."""
    if timing.time_to_first_token is not None:
        yield Sample(CANARY_LAST_TTFT_SECONDS, timing.time_to_first_token)
    if not passed:
        return
    if timing.time_to_first_token is not None:
        yield Sample(CANARY_TTFT_SECONDS, timing.time_to_first_token)
    if timing.inter_token_latency is not None:
        yield Sample(CANARY_ITL_SECONDS, timing.inter_token_latency)
    if timing.output_tokens_per_second is not None:
        yield Sample(CANARY_OUTPUT_TOKENS_PER_SECOND, timing.output_tokens_per_second)
    for gap in timing.gaps:
        yield Sample(CANARY_CHUNK_GAP_SECONDS, gap)
