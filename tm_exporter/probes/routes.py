"""The routes that let a model generate: how each is asked, and how it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tm_exporter.wire.deltas import ReadDelta, read_chat_delta, read_completions_delta
from tm_exporter.wire.payloads import Completion, read_chat, read_completion
from tm_exporter.wire.responses import read_response, read_responses_delta


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    One route.

    Attributes:
        path: From the root of the surface.
        prompt: The member of a request that holds what is asked.
        limits: Members that bound what is generated: the one that probes set, then
            those that count in its place.
        template: Tokens which a chat template usually adds to a prompt.
        streamed: Members which ask for a stream that tells its usage.
        read: Reads a whole answer; raises ShapeError.
        read_delta: Reads the JSON of one event of a stream; raises ShapeError.
    """

    path: str
    prompt: Literal["messages", "prompt", "input"]
    limits: tuple[str, ...]
    template: int
    streamed: Mapping[str, Any]
    read: Callable[[Any], Completion]
    read_delta: ReadDelta

    def request(self, model: str, prompt: str, max_tokens: int) -> dict[str, Any]:
        """Return the JSON of a request whose answer is wanted whole."""
        return {
            "model": model,
            self.prompt: messages(prompt) if self.prompt == "messages" else prompt,
            self.limits[0]: max_tokens,
            "temperature": 0,
        }


def messages(prompt: str) -> list[dict[str, str]]:
    """Return a prompt as the messages of a chat."""
    return [{"role": "user", "content": prompt}]


_STREAM = {"stream": True}
_STREAM_WITH_USAGE = {**_STREAM, "stream_options": {"include_usage": True}}

CHAT = Route(
    path="/v1/chat/completions",
    prompt="messages",
    limits=("max_tokens", "max_completion_tokens"),
    template=12,
    streamed=_STREAM_WITH_USAGE,
    read=read_chat,
    read_delta=read_chat_delta,
)
COMPLETIONS = Route(
    path="/v1/completions",
    prompt="prompt",
    limits=("max_tokens",),
    template=1,
    streamed=_STREAM_WITH_USAGE,
    read=read_completion,
    read_delta=read_completions_delta,
)
RESPONSES = Route(
    path="/v1/responses",
    prompt="input",
    limits=("max_output_tokens",),
    template=12,
    streamed=_STREAM,
    read=read_response,
    read_delta=read_responses_delta,
)
