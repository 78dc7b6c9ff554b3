"""Ask a model for a short answer, streamed: POST /v1/chat/completions."""

from typing import Literal

from tm_exporter.probes.generation import MaxTokens, StreamSection
from tm_exporter.probes.streaming import StreamProbe
from tm_exporter.section import Duration


class ChatStreamSection(StreamSection):
    """A chat completion that is streamed, so that its first token can be timed."""

    kind: Literal["chat_stream"] = "chat_stream"
    interval: Duration = 120.0
    max_tokens: MaxTokens = 32


class ChatStreamProbe(StreamProbe[ChatStreamSection]):
    """The stream must be whole: content, a finish reason and its terminator."""
