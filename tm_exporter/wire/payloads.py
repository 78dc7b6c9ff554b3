"""
The shapes which the routes promise, read out of JSON that may be anything.

Every reader takes a decoded JSON value and returns a frozen value, or raises
`ShapeError` with what is wrong and where. Unknown fields are ignored.

Source: the OpenAI-compatible API as vLLM and Tensormesh speak it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


LONGEST_NAME = 1000
"""Characters of a name that are read: some are remembered, of each target and run."""

MOST_TOKENS = 100_000_000
"""Tokens that one request may have used: ten times the largest context of any model."""

_WHOLE = re.compile(r"[+-]?\d{1,20}", re.ASCII)


class ShapeError(ValueError):
    """A value is not what the route promises; the text says which and how."""


@dataclass(frozen=True, slots=True)
class Usage:
    """
    Tokens of one request as the service counted them; None where it did not say.

    Attributes:
        input: Of the prompt.
        output: Generated, reasoning included.
        cached: Of the prompt, found in the KV cache.
        reasoning: Of the output, not shown as content.
    """

    input: int | None = None
    output: int | None = None
    cached: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """
    What a model said, in one piece or put together from a stream.

    Attributes:
        text: The content.
        reasoning: What it thought aloud.
        tool_calls: Names of the functions it called, in order.
        finish_reason: None where the answer does not say.
        model: The name that the answer gives; None where it does not.
        fingerprint: `system_fingerprint`, None where there is none.
        usage: None where nothing was reported.
    """

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[str, ...] = ()
    finish_reason: str | None = None
    model: str | None = None
    fingerprint: str | None = None
    usage: Usage | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is no token at all: no content, reasoning or tool call."""
        return not (self.text or self.reasoning or self.tool_calls)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """
    An entry of a model list.

    Attributes:
        name: Its id.
        max_model_len: Tokens of its context; None where the list does not say.
    """

    name: str
    max_model_len: int | None


def object_of(value: Any, what: str) -> Mapping[str, Any]:
    """Return `value` if it is a JSON object."""
    if not isinstance(value, dict):
        raise ShapeError(f"{what} is not an object")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """Return `value` if it is a JSON array."""
    if not isinstance(value, list):
        raise ShapeError(f"{what} is not a list")
    return value


def text_of(value: Any, what: str) -> str:
    """Return `value` if it is a string, an empty one for null or nothing."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ShapeError(f"{what} is not a string")
    return value


def name_of(value: Any, what: str) -> str | None:
    """Return `value` if it is a string with something in it, None for null."""
    return text_of(value, what)[:LONGEST_NAME] or None


def read_version(payload: Any) -> str | None:
    """Return the version that `GET /version` names, None if it names none."""
    return name_of(object_of(payload, "the answer").get("version"), "version")


def read_models(payload: Any) -> tuple[ServedModel, ...]:
    """Return the entries of an inference surface's `GET /v1/models`."""
    rows = list_of(object_of(payload, "the answer").get("data"), "data")
    return tuple(_served_model(row, f"data[{at}]") for at, row in enumerate(rows))


def _served_model(row: Any, where: str) -> ServedModel:
    entry = object_of(row, where)
    name = name_of(entry.get("id"), f"{where}.id")
    if name is None:
        raise ShapeError(f"{where} has no id")
    return ServedModel(name, count_of(entry.get("max_model_len")))


def read_tokens(payload: Any) -> tuple[int, ...]:
    """Return the token ids that `POST /tokenize` answers."""
    tokens = list_of(object_of(payload, "the answer").get("tokens"), "tokens")
    if not all(
        isinstance(token, int) and not isinstance(token, bool) for token in tokens
    ):
        raise ShapeError("tokens are not all whole numbers")
    return tuple(tokens)


def read_chat(payload: Any) -> Completion:
    """Return what a whole `POST /v1/chat/completions` says."""
    answer = object_of(payload, "the answer")
    choices = list_of(answer.get("choices"), "choices")
    if not choices:
        raise ShapeError("choices is empty")
    choice = object_of(choices[0], "choices[0]")
    message = object_of(choice.get("message"), "choices[0].message")
    return Completion(
        text=text_of(message.get("content"), "message.content"),
        reasoning=read_reasoning(message, "message"),
        tool_calls=read_tool_calls(message, "message"),
        finish_reason=name_of(choice.get("finish_reason"), "finish_reason"),
        model=name_of(answer.get("model"), "model"),
        fingerprint=read_fingerprint(answer),
        usage=read_usage(answer.get("usage")),
    )


def read_completion(payload: Any) -> Completion:
    """Return what a whole `POST /v1/completions` says."""
    answer = object_of(payload, "the answer")
    choices = list_of(answer.get("choices"), "choices")
    if not choices:
        raise ShapeError("choices is empty")
    choice = object_of(choices[0], "choices[0]")
    if "text" not in choice:
        raise ShapeError("choices[0] has no text")
    return Completion(
        text=text_of(choice["text"], "choices[0].text"),
        finish_reason=name_of(choice.get("finish_reason"), "finish_reason"),
        model=name_of(answer.get("model"), "model"),
        fingerprint=read_fingerprint(answer),
        usage=read_usage(answer.get("usage")),
    )


def read_reasoning(message: Mapping[str, Any], what: str) -> str:
    """Return what a message or a delta thinks aloud, under either of its names."""
    return text_of(message.get("reasoning"), f"{what}.reasoning") or text_of(
        message.get("reasoning_content"), f"{what}.reasoning_content"
    )


def read_tool_calls(
    message: Mapping[str, Any], what: str, *, in_parts: bool = False
) -> tuple[str, ...]:
    """
    Return the names of the functions called; empty for later parts of a call.

    Args:
        message: A message, or what an event adds to one. Its `function_call` is how
            a call was told before there could be several.
        what: What it is, for people.
        in_parts: A part of a call may be without its function.
    """
    calls, old = message.get("tool_calls"), message.get("function_call")
    names = []
    for at, row in enumerate(
        list_of([] if calls is None else calls, f"{what}.tool_calls")
    ):
        where = f"{what}.tool_calls[{at}]"
        called = object_of(row, where).get("function")
        if called is not None or not in_parts:
            names.append(_function_name(called, f"{where}.function"))
    if old is not None:
        names.append(_function_name(old, f"{what}.function_call"))
    return tuple(names)


def _function_name(function: Any, what: str) -> str:
    """Return the name of a function that is called, empty if it is not given."""
    return text_of(object_of(function, what).get("name"), f"{what}.name")


def read_fingerprint(answer: Mapping[str, Any]) -> str | None:
    """Return `system_fingerprint`; a strange one is information lost, not a fault."""
    value = answer.get("system_fingerprint")
    return value[:LONGEST_NAME] if isinstance(value, str) and value else None


def read_usage(value: Any) -> Usage | None:
    """
    Return the token counts, in the chat or the responses spelling.

    What cannot be read counts as not reported: usage is never judged. So does what no
    request can have used: believed, a -1 that was written without a sign would take
    the canary budget of a month.
    """
    if not isinstance(value, dict):
        return None
    given = value.get("prompt_tokens_details") or value.get("input_tokens_details")
    made = value.get("completion_tokens_details") or value.get("output_tokens_details")
    return Usage(
        input=_first_count(value, "prompt_tokens", "input_tokens"),
        output=_first_count(value, "completion_tokens", "output_tokens"),
        cached=_first_count(given, "cached_tokens"),
        reasoning=_first_count(made, "reasoning_tokens"),
    )


def count_of(value: Any) -> int | None:
    """Return a whole number that is not negative, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return None
    return value


def integer_of(value: Any, what: str, *, least: int, most: int) -> int:
    """
    Return a whole number that came as a number or as a string; 0 for nothing.

    Protobuf's JSON form writes 64-bit integers as strings and leaves out zeros.

    Raises:
        ShapeError: It is none, or not within the bounds.
    """
    if value is None or value == "":
        value = 0
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ShapeError(f"{what} is not a whole number")
    if not least <= value <= most:
        raise ShapeError(f"{what} is beyond all bounds")
    return value


def enum_of(value: Any, what: str) -> str:
    """
    Return an enumeration's value as text; empty where it is left out.

    Protobuf's JSON form writes the name, or the number of one without a name.

    Raises:
        ShapeError: It is neither.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text_of(value, what)


def flag_of(value: Any, what: str) -> bool:
    """
    Return a truth value; false where it is left out, as protobuf leaves it out.

    Raises:
        ShapeError: It is there, and is neither true nor false.
    """
    if value is None:
        return False
    if not isinstance(value, bool):
        raise ShapeError(f"{what} is neither true nor false")
    return value


def _first_count(value: Any, *names: str) -> int | None:
    """Return the first of the named counts that is there, None if it is absurd."""
    if not isinstance(value, dict):
        return None
    counts = (count_of(value.get(name)) for name in names)
    found = next((count for count in counts if count is not None), None)
    return None if found is None or found > MOST_TOKENS else found
