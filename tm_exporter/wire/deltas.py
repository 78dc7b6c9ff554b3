"""
What one event of a streamed answer adds to it, by the route that it came from.

Source: the OpenAI-compatible API as vLLM and Tensormesh speak it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tm_exporter.wire.payloads import (
    Completion,
    Usage,
    list_of,
    name_of,
    object_of,
    read_fingerprint,
    read_reasoning,
    read_tool_calls,
    read_usage,
    text_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta(Completion):
    """
    What one event adds to an answer, as a completion of its own.

    Attributes:
        ends: The event itself is the stream's terminator.
        whole: The answer from its beginning, where the event repeats it; it counts
            as far as no event before has told it.
    """

    ends: bool = False
    whole: Completion | None = None

    @property
    def has_content(self) -> bool:
        """Whether something appears on the user's screen, thoughts included."""
        return bool(self.text or self.reasoning)


ReadDelta = Callable[[Mapping[str, Any]], Delta]
"""Reads the JSON of one event of a route; raises ShapeError."""


def read_chat_delta(payload: Mapping[str, Any]) -> Delta:
    """
    Read one chunk of a streamed `POST /v1/chat/completions`.

    The usage chunk has `choices: []`, or comes merged with the last one.
    """
    usage = read_usage(payload.get("usage"))
    choice = _first_choice(payload, usage)
    delta = choice.get("delta")
    said = {} if delta is None else object_of(delta, "choices[0].delta")
    return Delta(
        text=text_of(said.get("content"), "delta.content"),
        reasoning=read_reasoning(said, "delta"),
        tool_calls=read_tool_calls(said, "delta", in_parts=True),
        finish_reason=name_of(choice.get("finish_reason"), "finish_reason"),
        model=name_of(payload.get("model"), "model"),
        fingerprint=read_fingerprint(payload),
        usage=usage,
    )


def read_completions_delta(payload: Mapping[str, Any]) -> Delta:
    """Read one chunk of a streamed `POST /v1/completions`; usage as in chat."""
    usage = read_usage(payload.get("usage"))
    choice = _first_choice(payload, usage)
    return Delta(
        text=text_of(choice.get("text"), "choices[0].text"),
        finish_reason=name_of(choice.get("finish_reason"), "finish_reason"),
        model=name_of(payload.get("model"), "model"),
        fingerprint=read_fingerprint(payload),
        usage=usage,
    )


def _first_choice(payload: Mapping[str, Any], usage: Usage | None) -> Mapping[str, Any]:
    """Return what a chunk says for the first of the answers that were asked for."""
    choices = payload.get("choices")
    if choices is None and usage is not None:
        return {}
    for at, row in enumerate(list_of(choices, "choices")):
        choice = object_of(row, f"choices[{at}]")
        index = choice.get("index")
        if not isinstance(index, int) or index <= 0:
            return choice
    return {}
