"""The server begins and ends cleanly, whatever it is answering."""

import asyncio
import logging
import signal
import socket
import time
from typing import Any

import httpx
import pytest

from tests.simulator.conftest import Post, reached
from tm_exporter.simulator.server import Simulator


STREAM: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Hi"}],
    "stream": True,
}


@pytest.mark.parametrize("scenario", ["hang", "stalled_stream", "slow"])
async def test_it_ends_within_a_second(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture, scenario: str
) -> None:
    """Whatever hangs is given up, without a word in the log."""
    with caplog.at_level(logging.WARNING):
        async with Simulator(scenario=scenario, first_token_seconds=0.1) as sim:
            headers = {"authorization": f"Bearer {sim.api_key}"}
            url = sim.serverless_url + "/v1/chat/completions"
            body = STREAM | {"model": sim.models[0]}
            asking = asyncio.create_task(client.post(url, headers=headers, json=body))
            await reached(lambda: sim.requests)
            began = time.monotonic()
        took = time.monotonic() - began

    with pytest.raises(httpx.TransportError):
        await asking
    assert took < 1
    assert caplog.messages == []


async def test_a_client_that_leaves_ends_its_stream(
    sim: Simulator, client: httpx.AsyncClient
) -> None:
    """What was generated until then is billed, and nothing goes on behind it."""
    sim.change(gap_seconds=0.01, stream="stalled")
    headers = {"authorization": f"Bearer {sim.api_key}"}
    url = sim.serverless_url + "/v1/chat/completions"
    before = sim.world.account.balance
    body = STREAM | {"model": sim.models[0]}

    with pytest.raises(httpx.ReadTimeout):
        await client.post(url, headers=headers, json=body, timeout=0.2)
    await reached(lambda: sim.requests[-1].finished)

    assert sim.world.account.balance < before


@pytest.mark.parametrize("scenario", ["cut_stream", "connection_reset"])
async def test_a_reset_leaves_no_word_in_the_log(
    sim: Simulator, post: Post, caplog: pytest.LogCaptureFixture, scenario: str
) -> None:
    """It is meant to happen."""
    sim.switch(scenario)

    with caplog.at_level(logging.WARNING), pytest.raises(httpx.ReadError):
        await post("/v1/chat/completions", STREAM)

    assert caplog.messages == []


async def test_signals_stay_with_the_program() -> None:
    """An embedded server must not take them."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    async with Simulator():
        during = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    assert during == before


async def test_two_run_side_by_side(client: httpx.AsyncClient) -> None:
    """They share nothing."""
    async with Simulator() as one, Simulator() as other:
        one.switch("outage")

        answers = [
            await client.get(sim.serverless_url + "/health") for sim in (one, other)
        ]

    assert [answer.status_code for answer in answers] == [503, 200]


async def test_its_port_is_free_again() -> None:
    """Right after it ended."""
    async with Simulator() as sim:
        port = int(sim.url.rpartition(":")[2])

    async with Simulator(port=port) as again:
        assert again.url == sim.url


async def test_a_taken_port_is_an_error() -> None:
    """It is the caller's to report."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        simulator = Simulator(port=taken.getsockname()[1])

        with pytest.raises(OSError, match="in use"):
            await simulator.__aenter__()


async def test_it_listens_on_ip6(client: httpx.AsyncClient) -> None:
    """Its address then has brackets."""
    async with Simulator(host="::1") as sim:
        answer = await client.get(sim.serverless_url + "/health")

    assert sim.url.startswith("http://[::1]:")
    assert answer.status_code == 200


async def test_a_client_that_leaves_before_its_body_is_forgotten(
    sim: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """There is nobody to answer, and nothing to log."""
    _, port = sim.url.removeprefix("http://").split(":")
    head = (
        b"POST /serverless/tokenize HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{"
    )

    with caplog.at_level(logging.WARNING):
        _, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(head)
        await writer.drain()
        await reached(lambda: sim.requests)
        writer.close()
        await writer.wait_closed()
        await reached(lambda: sim.requests[-1].finished)

    assert sim.requests[-1].status is None
    assert caplog.messages == []
