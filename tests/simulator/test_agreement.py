"""
The official client of OpenAI and the exporter read the same answers alike.

Both send the same request to the same simulator, which answers it in the same way.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import openai
import orjson
import pytest

from tests.clients_of import client_of
from tm_exporter.config.registry import KINDS
from tm_exporter.kinds import PROBES
from tm_exporter.observation import ProbeKey
from tm_exporter.probes.streaming import StreamProbe
from tm_exporter.probes.whole import WholeProbe
from tm_exporter.simulator.server import Simulator
from tm_exporter.wire.payloads import Completion, Usage


PLAIN = "openai/gpt-oss-20b"
REASONING = "MiniMaxAI/MiniMax-M2.5"
OTHER_REASONING = "deepseek-ai/DeepSeek-V4-Flash"
KINDS_AND_PATHS = {
    "chat": "chat.completions",
    "chat_stream": "chat.completions",
    "completions": "completions",
    "completions_stream": "completions",
    "responses": "responses",
    "responses_stream": "responses",
}


@dataclass(frozen=True, kw_only=True)
class Said:
    """What both are to agree on."""

    text: str
    reasoning: str
    calls: tuple[str, ...]
    finish: str | None
    model: str | None
    usage: Usage | None


@pytest.fixture
async def ai(sim: Simulator) -> AsyncIterator[openai.AsyncOpenAI]:
    """Open the official client for the serverless surface."""
    base = sim.serverless_url + "/v1"
    async with openai.AsyncOpenAI(
        base_url=base, api_key=sim.api_key, max_retries=0
    ) as client:
        yield client


def probe(sim: Simulator, kind: str, model: str, **keys: Any) -> Any:
    """Return a probe of a kind, configured as a file would."""
    section = KINDS[kind].model_validate(keys)
    key = ProbeKey("target", "serverless", kind, model)
    return PROBES[type(section)](section, key, client_of(sim, "serverless"), ())


async def by_us(probe: Any, request: dict[str, Any]) -> Said:
    """Return what the exporter makes of an answer."""
    if isinstance(probe, StreamProbe):
        answer = await probe.ask(request, 10.0)
        assert answer.judged.verdict.passed, answer.judged.verdict
        return of_completion(answer.record.completion)
    assert isinstance(probe, WholeProbe)
    exchange = await probe.client.post(probe.route.path, request, timeout=10.0)
    return of_completion(probe.route.read(orjson.loads(exchange.content)))


def of_completion(said: Completion) -> Said:
    """Return what the exporter read, as both are compared."""
    return Said(
        text=said.text,
        reasoning=said.reasoning,
        calls=said.tool_calls,
        finish=said.finish_reason,
        model=said.model,
        usage=said.usage,
    )


async def by_them(ai: openai.AsyncOpenAI, kind: str, request: dict[str, Any]) -> Said:
    """Return what the official client makes of an answer."""
    resource: Any = ai
    for name in KINDS_AND_PATHS[kind].split("."):
        resource = getattr(resource, name)
    answer = await resource.create(**request)
    if kind.startswith("responses"):
        return of_response([e async for e in answer] if "_" in kind else answer)
    if "_" in kind:
        return of_chunks([chunk async for chunk in answer])
    return of_choice(answer)


def of_choice(answer: Any) -> Said:
    """Return what a whole answer of chat or completions says."""
    choice = answer.choices[0]
    message = getattr(choice, "message", None)
    text = choice.text if message is None else message.content or ""
    return Said(
        text=text,
        reasoning=thoughts(message),
        calls=tuple(
            c.function.name for c in getattr(message, "tool_calls", None) or ()
        ),
        finish=choice.finish_reason,
        model=answer.model,
        usage=of_usage(answer.usage),
    )


def of_chunks(chunks: list[Any]) -> Said:
    """Return what the chunks of chat or completions say together."""
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    deltas = [getattr(choice, "delta", None) for choice in choices]
    texts = [
        choice.text if delta is None else delta.content or ""
        for choice, delta in zip(choices, deltas, strict=True)
    ]
    calls = [call for d in deltas for call in getattr(d, "tool_calls", None) or ()]
    return Said(
        text="".join(texts),
        reasoning="".join(map(thoughts, deltas)),
        calls=tuple(call.function.name for call in calls if call.function.name),
        finish=next(c.finish_reason for c in reversed(choices) if c.finish_reason),
        model=chunks[0].model,
        usage=of_usage(next((c.usage for c in reversed(chunks) if c.usage), None)),
    )


def of_response(answer: Any) -> Said:
    """Return what a response says; of a stream, its deltas and its last event."""
    whole = answer[-1].response if isinstance(answer, list) else answer
    texts, thought = [whole.output_text], []
    for item in whole.output:
        if item.type == "reasoning":
            thought += [part.text for part in item.content]
    if isinstance(answer, list):
        kinds = ("response.output_text.delta", "response.reasoning_text.delta")
        texts, thought = ([e.delta for e in answer if e.type == k] for k in kinds)
    cut = whole.status == "incomplete"
    return Said(
        text="".join(texts),
        reasoning="".join(thought),
        calls=tuple(i.name for i in whole.output if i.type == "function_call"),
        finish="length" if cut else "stop",
        model=whole.model,
        usage=of_usage(whole.usage),
    )


def thoughts(message: Any) -> str:
    """Return reasoning, which the official client knows by no name of its own."""
    extra = getattr(message, "model_extra", None) or {}
    return extra.get("reasoning") or extra.get("reasoning_content") or ""


def of_usage(usage: Any) -> Usage | None:
    """Return what the official client was told, under either of the names."""
    if usage is None:
        return None
    told = usage.model_dump(exclude_unset=True)
    given = told.get("prompt_tokens_details") or told.get("input_tokens_details") or {}
    made = (
        told.get("completion_tokens_details") or told.get("output_tokens_details") or {}
    )
    return Usage(
        input=told.get("prompt_tokens", told.get("input_tokens")),
        output=told.get("completion_tokens", told.get("output_tokens")),
        cached=given.get("cached_tokens"),
        reasoning=made.get("reasoning_tokens"),
    )


FUNCTION = {"name": "get_time", "parameters": {"type": "object", "properties": {}}}
TOOLS = {
    "chat": [{"type": "function", "function": FUNCTION}],
    "responses": [{"type": "function", **FUNCTION}],
}


@pytest.mark.parametrize("kind", KINDS_AND_PATHS)
@pytest.mark.parametrize(
    ("model", "tokens", "changes"),
    [
        pytest.param(PLAIN, 200, {}, id="said-to-its-end"),
        pytest.param(PLAIN, 7, {}, id="cut-at-its-limit"),
        pytest.param(PLAIN, 1, {}, id="one-token"),
        pytest.param(REASONING, 200, {}, id="reasoning-first"),
        pytest.param(REASONING, 7, {}, id="reasoning-only"),
        pytest.param(OTHER_REASONING, 200, {}, id="reasoning-by-another-name"),
        pytest.param(PLAIN, 200, {"usage": "finish_chunk"}, id="usage-merged"),
        pytest.param(PLAIN, 200, {"cache_details": "absent"}, id="no-details"),
        pytest.param(PLAIN, 200, {"cache_details": "null"}, id="details-null"),
        pytest.param(PLAIN, 200, {"responses_usage": "responses"}, id="its-spelling"),
        pytest.param(PLAIN, 7, {"responses_end": "incomplete"}, id="incomplete"),
        pytest.param(PLAIN, 200, {"opening": "absent"}, id="no-role"),
        pytest.param(PLAIN, 200, {"ping": True}, id="comment-first"),
        pytest.param(PLAIN, 200, {"stream": "buffered"}, id="in-one-burst"),
    ],
)
async def test_both_agree(
    sim: Simulator,
    ai: openai.AsyncOpenAI,
    kind: str,
    model: str,
    tokens: int,
    changes: dict[str, Any],
) -> None:
    """On content, reasoning, finish reason, model and usage."""
    sim.change(cache=False, **changes)
    canary = probe(sim, kind, model, max_tokens=tokens)
    request = canary.request("Count é, 日 and 😀.")

    ours, theirs = await by_us(canary, request), await by_them(ai, kind, request)

    assert ours == theirs
    assert ours.text or ours.reasoning
    assert ours.usage is not None
    assert ours.usage.output is not None
    assert ours.usage.output <= tokens


@pytest.mark.parametrize(
    "kind", ["chat", "chat_stream", "responses", "responses_stream"]
)
async def test_both_agree_on_calls(
    sim: Simulator, ai: openai.AsyncOpenAI, kind: str
) -> None:
    """Which function is called, and that this is why the answer ended."""
    sim.change(cache=False)
    tools = {"tools": TOOLS[kind.removesuffix("_stream")], "tool_choice": "auto"}
    canary = probe(sim, kind, PLAIN, max_tokens=50, body=tools)
    request = canary.request("What time is it?")

    ours, theirs = await by_us(canary, request), await by_them(ai, kind, request)

    assert ours == theirs
    assert ours.calls == ("get_time",)
