"""What the responses route says, whole and event by event."""

from typing import Any

import pytest

from tm_exporter.wire.payloads import Completion, ShapeError, Usage
from tm_exporter.wire.responses import read_response, read_responses_delta


def text(*texts: str) -> dict[str, Any]:
    """Return an output item that says something."""
    parts = [{"type": "output_text", "text": text} for text in texts]
    return {"type": "message", "role": "assistant", "content": parts}


def response(*output: Any, **fields: Any) -> dict[str, Any]:
    """Return a response that is complete, but for what is given."""
    frame = {"object": "response", "model": "tiny", "status": "completed"}
    return {**frame, "output": list(output), **fields}


def test_a_response_is_read() -> None:
    """All that later counts, of every item."""
    said = read_response(
        response(
            {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "h"}]},
            text("he", "llo"),
            {"type": "function_call", "name": "f", "arguments": "{}"},
            {"type": "web_search_call"},
            text("!"),
            usage={"prompt_tokens": 1, "completion_tokens": 2},
            system_fingerprint="fp",
        )
    )

    assert said == Completion(
        text="hello!",
        reasoning="h",
        tool_calls=("f",),
        finish_reason="stop",
        model="tiny",
        fingerprint="fp",
        usage=Usage(input=1, output=2),
    )


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(
            {"prompt_tokens": 5, "completion_tokens": 4}, Usage(5, 4), id="as-in-chat"
        ),
        pytest.param(
            {"input_tokens": 5, "output_tokens": 4}, Usage(5, 4), id="its-own"
        ),
        pytest.param(None, None, id="none"),
    ],
)
def test_usage_may_be_spelled_both_ways(usage: Any, expected: Usage | None) -> None:
    """Tensormesh answers with the names of chat; others with those of the route."""
    assert read_response(response(usage=usage)).usage == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({}, "stop", id="completed"),
        pytest.param(
            {
                "status": "incomplete",
                "incomplete_details": {"reason": "max_output_tokens"},
            },
            "length",
            id="out-of-tokens",
        ),
        pytest.param(
            {
                "status": "incomplete",
                "incomplete_details": {"reason": "content_filter"},
            },
            "content_filter",
            id="filtered",
        ),
        pytest.param({"status": "incomplete"}, "length", id="incomplete"),
        pytest.param({"status": "failed"}, "error", id="failed"),
        pytest.param({"error": {"code": "x"}}, "error", id="error"),
        pytest.param({"status": "cancelled"}, "abort", id="cancelled"),
        pytest.param({"status": None}, None, id="not-said"),
    ],
)
def test_a_status_is_a_finish_reason(
    fields: dict[str, Any], reason: str | None
) -> None:
    """In the words of the other routes, so that they can be judged alike."""
    assert read_response(response(**fields)).finish_reason == reason


@pytest.mark.parametrize(
    ("item", "thought"),
    [
        pytest.param({"summary": [{"text": "s"}]}, "s", id="summary-only"),
        pytest.param(
            {"summary": [{"text": "s"}], "content": [{"text": "c"}]}, "c", id="both"
        ),
        pytest.param({"summary": []}, "", id="kept-back"),
        pytest.param({}, "", id="nothing"),
    ],
)
def test_a_summary_counts_where_thoughts_are_not_told(
    item: dict[str, Any], thought: str
) -> None:
    """It is of the same thoughts, so that both together would count twice."""
    said = read_response(response({"type": "reasoning", **item}))

    assert said.reasoning == thought


def test_a_refusal_is_an_answer() -> None:
    """A user reads it."""
    part = {"type": "refusal", "refusal": "no"}

    said = read_response(response({"type": "message", "content": [part]}))

    assert said.text == "no"


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ([], "the answer is not an object"),
        ({}, "output is not a list"),
        ({"output": [1]}, r"output\[0\] is not an object"),
        ({"output": [{"type": "message", "content": [1]}]}, "is not an object"),
        ({"output": [{"type": "message", "content": [{"text": 1}]}]}, "not a string"),
        ({"output": [], "status": 1}, "status is not a string"),
    ],
)
def test_a_shape_error_says_where(payload: Any, sentence: str) -> None:
    """The sentence names the place, and repeats nothing of the answer."""
    with pytest.raises(ShapeError, match=sentence):
        read_response(payload)


EVENTS: list[tuple[dict[str, Any], Completion]] = [
    (
        {"type": "response.created", "response": response(status="in_progress")},
        Completion(model="tiny"),
    ),
    ({"type": "response.in_progress"}, Completion()),
    (
        {"type": "response.output_item.added", "item": {"type": "message"}},
        Completion(),
    ),
    (
        {
            "type": "response.output_item.added",
            "item": {"type": "function_call", "name": "f", "arguments": ""},
        },
        Completion(tool_calls=("f",)),
    ),
    ({"type": "response.function_call_arguments.delta", "delta": "{"}, Completion()),
    ({"type": "response.output_text.delta", "delta": "a"}, Completion(text="a")),
    ({"type": "response.output_text.done", "text": "a"}, Completion()),
    ({"type": "response.refusal.delta", "delta": "a"}, Completion(text="a")),
    (
        {"type": "response.reasoning_text.delta", "delta": "a"},
        Completion(reasoning="a"),
    ),
    (
        {"type": "response.reasoning_summary_text.delta", "delta": "a"},
        Completion(reasoning="a"),
    ),
    ({"type": "response.reasoning.delta", "delta": "a"}, Completion(reasoning="a")),
    ({"type": "response.of_the_future", "delta": {"a": 1}}, Completion()),
]


@pytest.mark.parametrize(
    ("event", "expected"), EVENTS, ids=lambda value: getattr(value, "get", str)("type")
)
def test_an_event_adds(event: dict[str, Any], expected: Completion) -> None:
    """Its delta, and nothing that a delta said before."""
    delta = read_responses_delta(event)

    shown = {name: getattr(delta, name) for name in Completion.__slots__}
    assert Completion(**shown) == expected
    assert not delta.ends


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("response.completed", "completed", "stop"),
        ("response.completed", "incomplete", "length"),  # vLLM's
        ("response.completed", None, "stop"),
        ("response.incomplete", "incomplete", "length"),
        ("response.incomplete", None, "length"),
        ("response.completed", "failed", "error"),
    ],
)
def test_the_last_event_ends_a_stream(
    kind: str, status: str | None, reason: str
) -> None:
    """It stands for terminator and finish reason, and repeats the whole answer."""
    usage = {"input_tokens": 3, "output_tokens": 2}
    whole = response(text("hello"), status=status, usage=usage)

    delta = read_responses_delta({"type": kind, "response": whole})

    assert (delta.ends, delta.finish_reason) == (True, reason)
    assert (delta.model, delta.usage) == ("tiny", Usage(3, 2))
    assert not delta.has_content
    assert delta.whole is not None
    assert delta.whole.text == "hello"


def test_the_last_event_may_be_short() -> None:
    """A gateway need not repeat the output, and may put usage beside the response."""
    delta = read_responses_delta(
        {"type": "response.completed", "response": {}, "usage": {"input_tokens": 3}}
    )

    assert (delta.ends, delta.finish_reason) == (True, "stop")
    assert delta.usage == Usage(input=3)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": 1},
        {"type": "response.completed"},
        {"type": "response.output_text.delta", "delta": 1},
        {"type": "response.created", "response": []},
        {"type": "response.output_item.added"},
    ],
)
def test_an_event_that_is_none_is_said_to_be(event: dict[str, Any]) -> None:
    """Nothing of it is guessed."""
    with pytest.raises(ShapeError):
        read_responses_delta(event)
