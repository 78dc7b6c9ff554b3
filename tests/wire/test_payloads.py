"""The shapes of answers, read out of JSON that may be anything."""

from typing import Any

import pytest

from tm_exporter.wire.payloads import (
    MOST_TOKENS,
    Completion,
    ServedModel,
    ShapeError,
    Usage,
    read_chat,
    read_models,
    read_tokens,
    read_usage,
    read_version,
)


def test_a_model_list_is_read_with_its_lengths() -> None:
    """A length that is no count is not known, and what else is there is ignored."""
    rows = [
        {"id": "a", "max_model_len": 4096, "owned_by": "x"},
        {"id": "b", "max_model_len": "4096"},
        {"id": "c"},
        {"id": "d", "max_model_len": -1},
        {"id": "e", "max_model_len": True},
    ]

    assert read_models({"object": "list", "data": rows}) == (
        ServedModel("a", 4096),
        ServedModel("b", None),
        ServedModel("c", None),
        ServedModel("d", None),
        ServedModel("e", None),
    )


@pytest.mark.parametrize(
    ("payload", "version"),
    [({"version": "0.9"}, "0.9"), ({"version": ""}, None), ({}, None)],
)
def test_a_version_that_is_not_named_is_unknown(
    payload: Any, version: str | None
) -> None:
    """Unknown, and not an empty name."""
    assert read_version(payload) == version


def test_tokens_are_whole_numbers() -> None:
    """In the order of the text."""
    assert read_tokens({"count": 2, "tokens": [3, 1]}) == (3, 1)


def test_a_chat_is_read() -> None:
    """All that later counts, of the first choice."""
    message = {
        "role": "assistant",
        "content": "hello",
        "reasoning_content": "hm",
        "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}],
    }

    said = read_chat(
        {
            "model": "tiny",
            "system_fingerprint": "fp",
            "choices": [{"message": message, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2},
        }
    )

    assert said == Completion(
        text="hello",
        reasoning="hm",
        tool_calls=("f",),
        finish_reason="length",
        model="tiny",
        fingerprint="fp",
        usage=Usage(input=1, output=2),
    )


@pytest.mark.parametrize(
    ("value", "usage"),
    [
        pytest.param(None, None, id="none"),
        pytest.param([], None, id="a-list"),
        pytest.param({}, Usage(), id="empty"),
        pytest.param({"prompt_tokens": "9"}, Usage(), id="text"),
        pytest.param({"prompt_tokens": -1}, Usage(), id="negative"),
        pytest.param({"prompt_tokens": 1.5}, Usage(), id="fraction"),
        pytest.param({"prompt_tokens": True}, Usage(), id="truth"),
        pytest.param({"prompt_tokens": 0}, Usage(input=0), id="zero-is-known"),
        pytest.param(
            {"prompt_tokens": MOST_TOKENS, "completion_tokens": MOST_TOKENS + 1},
            Usage(input=MOST_TOKENS),
            id="more-than-any-model-takes",
        ),
        pytest.param(
            {"prompt_tokens": 2, "completion_tokens": 2**64 - 1},
            Usage(input=2),
            id="minus-one-without-a-sign",
        ),
        pytest.param(
            {"prompt_tokens": 1, "prompt_tokens_details": None},
            Usage(input=1),
            id="details-null",
        ),
        pytest.param({"prompt_tokens_details": [1]}, Usage(), id="details-a-list"),
        pytest.param(
            {
                "input_tokens": 5,
                "output_tokens": 4,
                "input_tokens_details": {"cached_tokens": 3},
                "output_tokens_details": {"reasoning_tokens": 2},
            },
            Usage(input=5, output=4, cached=3, reasoning=2),
            id="responses-spelling",
        ),
    ],
)
def test_usage_is_what_can_be_read_of_it(value: Any, usage: Usage | None) -> None:
    """What cannot be read was not reported, and is not 0."""
    assert read_usage(value) == usage


@pytest.mark.parametrize(
    ("reader", "payload", "sentence"),
    [
        (read_version, [], "the answer is not an object"),
        (read_models, {"data": {}}, "data is not a list"),
        (read_models, {"data": [{"id": "a"}, 1]}, r"data\[1\] is not an object"),
        (read_models, {"data": [{}]}, r"data\[0\] has no id"),
        (read_tokens, {"tokens": [1.0]}, "tokens are not all whole numbers"),
        (read_chat, {"choices": []}, "choices is empty"),
        (read_chat, {"choices": [{}]}, r"choices\[0\].message is not an object"),
        (
            read_chat,
            {"choices": [{"message": {"tool_calls": [{}]}}]},
            r"tool_calls\[0\].function is not an object",
        ),
    ],
)
def test_a_shape_error_says_where(reader: Any, payload: Any, sentence: str) -> None:
    """The sentence names the place, and repeats nothing of the answer."""
    with pytest.raises(ShapeError, match=sentence):
        reader(payload)
