"""Streams: their events, in each documented form and in each broken one."""

from itertools import pairwise
from typing import Any

import httpx
import orjson
import pytest

from tests.simulator.conftest import Post
from tm_exporter.simulator.server import Simulator


CHAT = "/v1/chat/completions"
BODY: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Hi"}],
    "max_tokens": 6,
    "stream": True,
    "stream_options": {"include_usage": True},
}


def data(answer: httpx.Response) -> list[Any]:
    """Return what each `data:` line holds; the terminator as text."""
    lines = [line for line in answer.text.split("\n") if line.startswith("data: ")]
    texts = [line.removeprefix("data: ") for line in lines]
    return [text if text == "[DONE]" else orjson.loads(text) for text in texts]


async def test_a_stream_has_role_tokens_finish_usage_and_end(post: Post) -> None:
    """One chunk for each token; usage in a chunk without choices."""
    answer = await post(CHAT, BODY)

    role, *tokens, finish, usage, done = data(answer)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert role["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert len(tokens) == usage["usage"]["completion_tokens"] == 6
    assert all(chunk["choices"][0]["delta"]["content"] for chunk in tokens)
    assert finish["choices"][0]["finish_reason"] == "length"
    assert (usage["choices"], done) == ([], "[DONE]")
    assert {chunk["object"] for chunk in (role, *tokens)} == {"chat.completion.chunk"}


async def test_a_stream_says_what_the_whole_answer_says(post: Post) -> None:
    """Both come from one generation."""
    whole = (await post(CHAT, {"messages": BODY["messages"]})).json()

    chunks = data(await post(CHAT, {"messages": BODY["messages"], "stream": True}))

    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    text = "".join(delta.get("content", "") for delta in deltas)
    assert text == whole["choices"][0]["message"]["content"]


async def test_usage_is_not_told_unasked(post: Post) -> None:
    """It needs `stream_options.include_usage`."""
    body = {name: value for name, value in BODY.items() if name != "stream_options"}

    chunks = data(await post(CHAT, body))

    assert not any("usage" in chunk for chunk in chunks[:-1])


async def test_usage_can_come_with_the_finish_reason(
    sim: Simulator, post: Post
) -> None:
    """The second documented form."""
    sim.change(usage="finish_chunk")

    *_, last, done = data(await post(CHAT, BODY))

    assert last["choices"][0]["finish_reason"] == "length"
    assert last["usage"]["completion_tokens"] == 6
    assert done == "[DONE]"


@pytest.mark.parametrize(
    ("opening", "first"),
    [
        pytest.param("with_first_token", "role", id="with the first token"),
        pytest.param("at_once", "role", id="at once"),
        pytest.param("absent", "content", id="absent"),
    ],
)
async def test_the_role_chunk_can_be_left_out(
    sim: Simulator, post: Post, opening: str, first: str
) -> None:
    """Then the first chunk has text."""
    sim.change(opening=opening)

    chunks = data(await post(CHAT, BODY))

    assert first in chunks[0]["choices"][0]["delta"]


async def test_a_comment_can_come_first(sim: Simulator, post: Post) -> None:
    """It is no event, but it is the first byte."""
    sim.change(ping=True)

    answer = await post(CHAT, BODY)

    assert answer.text.startswith(": ping\n\ndata: ")


async def test_reasoning_is_streamed_in_its_own_member(post: Post) -> None:
    """The names differ by model."""
    names = set()
    for model in ("MiniMaxAI/MiniMax-M2.5", "deepseek-ai/DeepSeek-V4-Flash"):
        chunks = data(await post(CHAT, BODY | {"model": model}))
        names |= set(chunks[1]["choices"][0]["delta"])

    assert names == {"reasoning", "reasoning_content"}


async def test_a_call_is_streamed_name_first(post: Post) -> None:
    """Then its arguments, token by token."""
    tools = [{"type": "function", "function": {"name": "get_time"}}]

    _, *chunks, _ = data(
        await post(CHAT, {"messages": BODY["messages"], "stream": True, "tools": tools})
    )

    calls = [c["choices"][0]["delta"]["tool_calls"][0] for c in chunks[:-1]]
    assert calls[0]["function"] == {"name": "get_time", "arguments": ""}
    assert "".join(call["function"]["arguments"] for call in calls) == "{}"
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("form", ["own_chunk", "finish_chunk"])
async def test_completions_are_streamed(sim: Simulator, post: Post, form: str) -> None:
    """Without a role, with usage in both forms."""
    sim.change(usage=form)
    body = {"prompt": "Hi", "stream": True, "stream_options": {"include_usage": True}}

    *chunks, done = data(await post("/v1/completions", body))

    text = "".join(c["choices"][0]["text"] for c in chunks if c["choices"])
    assert text.startswith("A simulated")
    assert chunks[-1]["usage"]["completion_tokens"] == 16
    assert done == "[DONE]"


async def test_responses_are_streamed_with_names(post: Post) -> None:
    """Each event's line names its type; the last one has the whole answer."""
    body = {"input": "Hi", "instructions": "Be brief.", "stream": True}

    answer = await post("/v1/responses", body)

    events = data(answer)
    lines = [line for line in answer.text.split("\n") if line.startswith("event: ")]
    names = [line.removeprefix("event: ") for line in lines]
    deltas = [e["delta"] for e in events if e["type"] == "response.output_text.delta"]
    whole = events[-1]["response"]
    assert names == [event["type"] for event in events]
    assert (names[0], names[-1]) == ("response.created", "response.completed")
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert "".join(deltas) == whole["output"][0]["content"][0]["text"]
    assert whole["usage"]["completion_tokens"] == len(deltas)


async def test_responses_stream_reasoning_and_calls_as_items(post: Post) -> None:
    """Each part begins and ends an item of its own."""
    tools = [{"type": "function", "name": "get_time", "strict": True}]
    body = {"input": "Hi", "stream": True, "tools": tools}

    events = data(
        await post("/v1/responses", body | {"model": "MiniMaxAI/MiniMax-M2.5"})
    )

    ended = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert [item["type"] for item in ended] == ["reasoning", "function_call"]
    assert ended == events[-1]["response"]["output"]
    assert ended[1]["name"] == "get_time"


ROUTES = [
    pytest.param(CHAT, BODY, id="chat"),
    pytest.param("/v1/completions", {"prompt": "Hi", "stream": True}, id="completions"),
    pytest.param("/v1/responses", {"input": "Hi", "stream": True}, id="responses"),
]


def terminated(events: list[Any]) -> bool:
    """Whether a stream said that it was all."""
    types = [each.get("type") for each in events if isinstance(each, dict)]
    return "[DONE]" in events or "response.completed" in types


@pytest.mark.parametrize(("path", "body"), ROUTES)
async def test_a_broken_stream_has_no_end(
    sim: Simulator, post: Post, path: str, body: dict[str, Any]
) -> None:
    """It stops in the middle: no finish reason, no terminator."""
    sim.switch("broken_stream")

    events = data(await post(path, body))

    assert not terminated(events)
    assert 'finish_reason":"' not in str(events)


@pytest.mark.parametrize(("path", "body"), ROUTES)
async def test_only_the_terminator_can_be_missing(
    sim: Simulator, post: Post, path: str, body: dict[str, Any]
) -> None:
    """All tokens came, and yet nobody can know that it was all."""
    sim.switch("missing_done")

    assert not terminated(data(await post(path, body)))


@pytest.mark.parametrize(("path", "body"), ROUTES[:2])
async def test_only_the_finish_reason_can_be_missing(
    sim: Simulator, post: Post, path: str, body: dict[str, Any]
) -> None:
    """The terminator alone does not make a stream complete."""
    sim.switch("missing_finish")

    *chunks, done = data(await post(path, body))

    reasons = [c["choices"][0]["finish_reason"] for c in chunks if c["choices"]]
    assert (set(reasons), done) == ({None}, "[DONE]")


@pytest.mark.parametrize(("path", "body"), ROUTES)
async def test_a_stream_can_turn_into_an_error(
    sim: Simulator, post: Post, path: str, body: dict[str, Any]
) -> None:
    """After a 200, in the middle of the tokens."""
    sim.switch("error_in_stream")

    answer = await post(path, body)

    events = [event for event in data(answer) if event != "[DONE]"]
    error = events[-1].get("response", events[-1])["error"]
    assert (answer.status_code, error["code"]) == (200, 500)


@pytest.mark.parametrize(("path", "body"), ROUTES)
async def test_a_stream_can_be_reset(
    sim: Simulator, post: Post, path: str, body: dict[str, Any]
) -> None:
    """The connection is gone before the body is."""
    sim.switch("cut_stream")

    with pytest.raises(httpx.ReadError):
        await post(path, body)


@pytest.mark.parametrize(("path", "body"), ROUTES)
async def test_a_stream_can_have_no_token(
    sim: Simulator, post: Post, path: str, body: dict[str, Any]
) -> None:
    """It is well formed and says nothing."""
    sim.switch("empty_output")

    events = data(await post(path, body))

    assert terminated(events)
    assert "simulated answer" not in str(events)


async def test_a_stream_can_be_kept_back_to_its_end(sim: Simulator, post: Post) -> None:
    """As a buffering middlebox does; what it says stays the same."""
    usual = data(await post(CHAT, BODY))
    sim.switch("buffered_stream")

    kept = data(await post(CHAT, BODY))

    assert len(kept) == len(usual)
    assert len(sim.requests[-1].sent) == 1


async def test_a_stream_can_pause_in_its_middle(sim: Simulator, post: Post) -> None:
    """Between two of its tokens, once."""
    sim.change(pause_seconds=0.2)

    await post(CHAT, BODY)

    sent = sim.requests[-1].sent
    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert [gap > 0.19 for gap in gaps].count(True) == 1


@pytest.mark.parametrize(
    ("end", "last", "status"),
    [
        ("completed", "response.completed", "incomplete"),
        ("incomplete", "response.incomplete", "incomplete"),
        ("done", "[DONE]", None),
    ],
)
async def test_responses_end_in_several_ways(
    sim: Simulator, post: Post, end: str, last: str, status: str | None
) -> None:
    """As vLLM ends one that is cut at its limit, as the reference does, and marked."""
    sim.change(responses_end=end)
    body = {"input": "Hi", "max_output_tokens": 3, "stream": True}

    event = data(await post("/v1/responses", body))[-1]

    assert (event if status is None else event["type"]) == last
    assert status is None or event["response"]["status"] == status
