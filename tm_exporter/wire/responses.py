"""
What `POST /v1/responses` answers, whole or as a stream of typed events.

Source: OpenAI's reference of the route and its streaming events. vLLM ends a
stream that reached `max_output_tokens` with `response.completed` around a response
whose status is `incomplete`; the reference has `response.incomplete` for that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tm_exporter.wire.deltas import Delta
from tm_exporter.wire.payloads import (
    Completion,
    ShapeError,
    list_of,
    name_of,
    object_of,
    read_fingerprint,
    read_usage,
    text_of,
)


ENDS = frozenset(("response.completed", "response.incomplete"))
"""Events that end a stream; they stand for terminator and finish reason."""

_TEXT = frozenset(("response.output_text.delta", "response.refusal.delta"))
_REASONING = frozenset(
    (
        "response.reasoning.delta",  # vLLM's, before it took over the name below
        "response.reasoning_text.delta",
        "response.reasoning_summary_text.delta",
    )
)
_FINISH = {"max_output_tokens": "length"}


def read_response(payload: Any) -> Completion:
    """Return what a whole `POST /v1/responses` says."""
    answer = object_of(payload, "the answer")
    items = list_of(answer.get("output"), "output")
    rows = [object_of(item, f"output[{at}]") for at, item in enumerate(items)]
    return Completion(
        text="".join(part for row in rows for part in _texts(row)),
        reasoning="".join(part for row in rows for part in _thoughts(row)),
        tool_calls=tuple(name for row in rows for name in _calls(row)),
        finish_reason=_finish_reason(answer),
        model=name_of(answer.get("model"), "model"),
        fingerprint=read_fingerprint(answer),
        usage=read_usage(answer.get("usage")),
    )


def read_responses_delta(payload: Mapping[str, Any]) -> Delta:
    """Read one event of a streamed `POST /v1/responses`; unknown types say nothing."""
    kind = name_of(payload.get("type"), "type")
    if kind is None:
        raise ShapeError("an event has no type")
    if kind in ENDS:
        return _read_end(kind, payload)
    if kind in _TEXT:
        return Delta(text=text_of(payload.get("delta"), "delta"))
    if kind in _REASONING:
        return Delta(reasoning=text_of(payload.get("delta"), "delta"))
    if kind == "response.output_item.added":
        item = object_of(payload.get("item"), "item")
        return Delta(tool_calls=tuple(_calls(item)))
    response = payload.get("response")
    if response is None:
        return Delta()
    begun = object_of(response, "response")
    return Delta(
        model=name_of(begun.get("model"), "response.model"),
        fingerprint=read_fingerprint(begun),
        usage=read_usage(begun.get("usage")),
    )


def _read_end(kind: str, payload: Mapping[str, Any]) -> Delta:
    """Read the event that ends a stream; it has the whole response again."""
    response = object_of(payload.get("response"), "response")
    whole = read_response({"output": [], **response})
    otherwise = "stop" if kind == "response.completed" else "length"
    return Delta(
        finish_reason=whole.finish_reason or otherwise,
        model=whole.model,
        fingerprint=whole.fingerprint,
        usage=whole.usage or read_usage(payload.get("usage")),
        ends=True,
        whole=whole,
    )


def _finish_reason(answer: Mapping[str, Any]) -> str | None:
    """Return in the words of chat why a response ended; None if it does not say."""
    status = name_of(answer.get("status"), "status")
    if status == "failed" or answer.get("error") is not None:
        return "error"
    if status == "cancelled":
        return "abort"
    if status != "incomplete":
        return "stop" if status == "completed" else status
    details = answer.get("incomplete_details")
    reason = details.get("reason") if isinstance(details, dict) else None
    return _FINISH.get(reason, reason) if isinstance(reason, str) else "length"


def _texts(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of a message, what it refuses included."""
    if item.get("type") == "message":
        for part in _parts(item, "content"):
            yield text_of(part.get("text"), "content.text")
            yield text_of(part.get("refusal"), "content.refusal")


def _thoughts(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts of a reasoning item: what was thought, else its summary."""
    if item.get("type") == "reasoning":
        for part in _parts(item, "content") or _parts(item, "summary"):
            yield text_of(part.get("text"), "reasoning.text")


def _calls(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the name of the function that an item calls."""
    if item.get("type") == "function_call":
        yield text_of(item.get("name"), "name")


def _parts(item: Mapping[str, Any], member: str) -> list[Mapping[str, Any]]:
    """Return the parts of an item; one that is missing has none."""
    parts = item.get(member)
    rows = [] if parts is None else list_of(parts, member)
    return [object_of(row, f"{member}[{at}]") for at, row in enumerate(rows)]
