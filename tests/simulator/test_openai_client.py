"""The official client of OpenAI can talk to the simulator."""

from collections.abc import AsyncIterator

import openai
import pytest

from tm_exporter.simulator.server import Simulator


MODEL = "openai/gpt-oss-20b"


@pytest.fixture
async def ai(sim: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    """Open the official client for the serverless surface."""
    base = sim.serverless_url + "/v1"
    async with openai.AsyncOpenAI(
        base_url=base, api_key=sim.api_key, max_retries=0
    ) as client:
        yield client


async def test_it_lists_models(sim: Simulator, ai: openai.AsyncOpenAI) -> None:
    """All of them."""
    names = [model.id async for model in ai.models.list()]

    assert tuple(names) == sim.models


async def test_it_chats(ai: openai.AsyncOpenAI) -> None:
    """With an answer and its usage."""
    answer = await ai.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Hi"}], max_tokens=5
    )

    assert answer.choices[0].message.content
    assert answer.usage
    assert answer.usage.completion_tokens == 5


async def test_it_streams_a_chat_with_usage(ai: openai.AsyncOpenAI) -> None:
    """The text in pieces, usage in the last chunk."""
    stream = await ai.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "Hi"}],
        max_tokens=5,
        stream=True,
        stream_options={"include_usage": True},
    )

    chunks = [chunk async for chunk in stream]

    pieces = [c.choices[0].delta.content for c in chunks if c.choices]
    assert sum(bool(piece) for piece in pieces) == 5
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == 5


async def test_it_completes(ai: openai.AsyncOpenAI) -> None:
    """By the older route."""
    answer = await ai.completions.create(model=MODEL, prompt="Hi", max_tokens=5)

    assert answer.choices[0].text.startswith("A simulated")


async def test_it_responds(sim: Simulator, ai: openai.AsyncOpenAI) -> None:
    """With usage in the names it knows, if the service sends those."""
    sim.change(responses_usage="responses")

    answer = await ai.responses.create(model=MODEL, input="Hi")

    assert answer.output_text.startswith("A simulated")
    assert answer.usage
    assert answer.usage.output_tokens > 0


async def test_it_streams_a_response(ai: openai.AsyncOpenAI) -> None:
    """Event by event, up to the whole answer."""
    stream = await ai.responses.create(model=MODEL, input="Hi", stream=True)

    events = [event async for event in stream]

    deltas = [e.delta for e in events if e.type == "response.output_text.delta"]
    last = events[-1]
    assert last.type == "response.completed"
    assert last.response.output_text == "".join(deltas)


async def test_it_lets_a_tool_be_called(ai: openai.AsyncOpenAI) -> None:
    """The call has the name and arguments that can be parsed."""
    answer = await ai.chat.completions.create(
        model=MODEL,
        messages=[{"role": "user", "content": "What time is it?"}],
        tools=[{"type": "function", "function": {"name": "get_time"}}],
        tool_choice="auto",
    )

    calls = answer.choices[0].message.tool_calls
    assert calls
    assert calls[0].type == "function"
    assert (calls[0].function.name, calls[0].function.arguments) == ("get_time", "{}")


async def _ask(ai: openai.AsyncOpenAI, model: str = MODEL) -> None:
    await ai.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hi"}], max_tokens=1
    )


async def test_it_knows_an_unknown_model(ai: openai.AsyncOpenAI) -> None:
    """By its own exception."""
    with pytest.raises(openai.NotFoundError, match="`x` does not exist"):
        await _ask(ai, "x")


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        pytest.param("bad_key", openai.AuthenticationError, id="bad_key"),
        pytest.param("overloaded", openai.RateLimitError, id="overloaded"),
        pytest.param("outage", openai.InternalServerError, id="outage"),
        pytest.param("connection_reset", openai.APIConnectionError, id="reset"),
    ],
)
async def test_it_knows_other_errors(
    sim: Simulator,
    ai: openai.AsyncOpenAI,
    scenario: str,
    error: type[openai.APIError],
) -> None:
    """Each by its own exception."""
    sim.switch(scenario)

    with pytest.raises(error):
        await _ask(ai)


async def test_it_notices_an_error_in_a_stream(
    sim: Simulator, ai: openai.AsyncOpenAI
) -> None:
    """After some of the text."""
    sim.switch("error_in_stream")
    stream = await ai.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": "Hi"}], stream=True
    )

    with pytest.raises(openai.APIError, match="engine died"):
        assert [chunk async for chunk in stream] == []
