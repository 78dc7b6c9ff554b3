"""Tokens come when they are due: the truth against which others are measured."""

import time
from collections.abc import AsyncIterator
from statistics import median
from typing import Any

import httpx
import pytest

from tests.simulator.conftest import Post
from tm_exporter.simulator.server import Simulator


CHAT = "/v1/chat/completions"
FIRST, GAP, TOKENS = 0.1, 0.01, 20
BODY: dict[str, Any] = {
    "messages": [{"role": "user", "content": "word " * 40}],
    "max_tokens": TOKENS,
}
STREAM = BODY | {"stream": True}


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """Run a simulator that takes its time."""
    async with Simulator(first_token_seconds=FIRST, gap_seconds=GAP) as simulator:
        yield simulator


async def arrivals(sim: Simulator, client: httpx.AsyncClient) -> list[float]:
    """Return when each part of a stream came, in monotonic seconds."""
    headers = {"authorization": f"Bearer {sim.api_key}"}
    url, body = sim.serverless_url + CHAT, STREAM | {"model": sim.models[0]}
    async with client.stream("POST", url, headers=headers, json=body) as answer:
        return [time.monotonic() async for _ in answer.aiter_raw()]


async def test_tokens_leave_when_they_are_due(sim: Simulator, post: Post) -> None:
    """Never early, hardly late, and not later at the end than at the beginning."""
    await post(CHAT, STREAM)

    record = sim.requests[-1]
    tokens = record.sent[1 : TOKENS + 1]
    late = [
        sent - record.started - FIRST - index * GAP for index, sent in enumerate(tokens)
    ]
    assert min(late) > -0.001
    assert median(late) < 0.005
    assert median(late[TOKENS // 2 :]) < 0.005


async def test_the_role_leaves_with_the_first_token(sim: Simulator, post: Post) -> None:
    """A real server sends it after the prefill; at once only if it is told to."""
    await post(CHAT, STREAM)
    sim.change(opening="at_once", cache=False)
    await post(CHAT, STREAM)

    with_token, at_once = (r.sent[0] - r.started for r in sim.requests)
    assert with_token >= FIRST - 0.001
    assert at_once < FIRST / 2


async def test_events_arrive_one_by_one(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """Each is handed to the socket alone, and nothing holds it back on the way."""
    arrived = await arrivals(sim, client)

    record = sim.requests[-1]
    delays = [seen - min(record.sent, key=lambda s: abs(s - seen)) for seen in arrived]
    assert len(arrived) >= TOKENS
    assert median(delays) < 0.005


async def test_a_whole_answer_takes_as_long_as_a_stream(
    sim: Simulator, post: Post
) -> None:
    """It comes when the last token is due."""
    await post(CHAT, BODY)

    record = sim.requests[-1]
    took = record.sent[0] - record.started
    due = FIRST + (TOKENS - 1) * GAP
    assert due - 0.001 <= took < due + 0.05


async def test_a_cached_prompt_is_faster(sim: Simulator, post: Post) -> None:
    """The first token takes the share of it that was not cached."""
    cold = (await post(CHAT, BODY | {"max_tokens": 1})).json()["usage"]

    warm = (await post(CHAT, BODY | {"max_tokens": 1})).json()["usage"]

    cached = warm["prompt_tokens_details"]["cached_tokens"]
    share = 1 - cached / cold["prompt_tokens"]
    cold_took, warm_took = (r.sent[0] - r.started for r in sim.requests)
    assert cold_took >= FIRST - 0.001
    assert FIRST * share - 0.001 <= warm_took < FIRST / 2


async def test_a_stalled_stream_falls_silent(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """Half of the tokens come, then nothing, and the connection stays open."""
    sim.switch("stalled_stream")
    headers = {"authorization": f"Bearer {sim.api_key}"}
    url, body = sim.serverless_url + CHAT, STREAM | {"model": sim.models[0]}

    with pytest.raises(httpx.ReadTimeout):
        await client.post(url, headers=headers, json=body, timeout=0.3)

    assert len(sim.requests[-1].sent) == 1 + TOKENS // 2
