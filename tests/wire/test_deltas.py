"""What one chunk adds to an answer, where several are asked for and on each route."""

from typing import Any

import pytest

from tm_exporter.wire.deltas import ReadDelta, read_chat_delta, read_completions_delta
from tm_exporter.wire.payloads import ShapeError, Usage, read_completion


def chunk(**choice: Any) -> dict[str, Any]:
    """Return a chunk with one choice."""
    return {"model": "tiny", "system_fingerprint": "fp", "choices": [choice]}


def test_a_text_completion_is_read_chunk_by_chunk() -> None:
    """Its text stands in the choice itself."""
    delta = read_completions_delta(chunk(text="a", finish_reason="stop"))

    assert (delta.text, delta.finish_reason) == ("a", "stop")
    assert (delta.model, delta.fingerprint) == ("tiny", "fp")
    assert delta.has_content


def test_its_usage_has_a_chunk_of_its_own() -> None:
    """As in chat."""
    delta = read_completions_delta({"choices": [], "usage": {"prompt_tokens": 1}})

    assert (delta.usage, delta.has_content) == (Usage(input=1), False)


@pytest.mark.parametrize("read", [read_chat_delta, read_completions_delta])
@pytest.mark.parametrize(
    "payload",
    [{}, {"choices": {}}, {"choices": [1]}, {"choices": [{"finish_reason": 1}]}],
    ids=["nothing", "object", "number", "strange-reason"],
)
def test_a_chunk_that_is_none_is_said_to_be(
    read: ReadDelta, payload: dict[str, Any]
) -> None:
    """Nothing of it is guessed."""
    with pytest.raises(ShapeError):
        read(payload)


def test_only_the_first_of_several_answers_counts() -> None:
    """A second one that goes on after the first has ended is no breach."""
    first = read_completions_delta(chunk(index=0, text="a", finish_reason="stop"))
    second = read_completions_delta(chunk(index=1, text="b"))

    assert (first.text, second.text, second.model) == ("a", "", "tiny")


def test_a_whole_text_completion_is_read() -> None:
    """All that later counts."""
    said = read_completion(
        {
            "model": "tiny",
            "choices": [{"text": "hello", "finish_reason": "length"}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2},
        }
    )

    assert (said.text, said.finish_reason, said.model) == ("hello", "length", "tiny")
    assert said.usage == Usage(1, 2)


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({"choices": []}, "choices is empty"),
        ({"choices": [{"message": {}}]}, r"choices\[0\] has no text"),
        ({"choices": [{"text": 1}]}, r"choices\[0\].text is not a string"),
    ],
)
def test_a_shape_error_says_where(payload: Any, sentence: str) -> None:
    """A chat answered on this route is not what it promises."""
    with pytest.raises(ShapeError, match=sentence):
        read_completion(payload)
