"""The transport under httpx's interface, and the official client over it."""

import gzip
from typing import Any

import httpx
import orjson
import pytest
from openai import APIConnectionError, AsyncOpenAI, RateLimitError

from tests.clients.asking import SECRET, make_transport
from tests.scripted_server import answer, request, send, serving, silence
from tests.verdict.answers import GOOD, MODEL, chat, error
from tm_exporter.clients.transport import Unanswered
from tm_exporter.exchange import FaultKind, Phase, Stage


async def test_httpx_gets_and_posts_over_it() -> None:
    """The client's own features work: addresses, parameters, JSON."""
    with serving(request, send(answer(b'{"a": 1}', "X-Id: 7"))) as server:
        async with httpx.AsyncClient(
            transport=make_transport(), base_url=server.url
        ) as client:
            got = await client.get("/path", params={"q": "x y"})
            posted = await client.post("/path", json={"b": 2})

    assert (got.status_code, got.json(), got.headers["x-id"]) == (200, {"a": 1}, "7")
    assert posted.json() == {"a": 1}
    assert len(server.peers) == 2
    assert server.received.startswith(b"GET /path?q=x+y HTTP/1.1\r\n")
    assert server.received.endswith(b'{"b":2}')


async def test_the_exchange_comes_with_the_response() -> None:
    """So that a pull is timed like a probe."""
    with serving(request, send(answer(b"no", status="404 No"))) as server:
        async with httpx.AsyncClient(transport=make_transport()) as client:
            response = await client.get(server.url)

    exchange = response.extensions["exchange"]
    assert (response.status_code, exchange.status) == (404, 404)
    assert Phase.WAIT in exchange.phases


async def test_a_zipped_answer_is_unpacked_once() -> None:
    """What the content is made of is no header of the content."""
    body = gzip.compress(b'{"a": 1}')
    with serving(request, send(answer(body, "Content-Encoding: gzip"))) as server:
        async with httpx.AsyncClient(transport=make_transport()) as client:
            response = await client.get(server.url)

    assert response.json() == {"a": 1}
    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == "8"


async def test_a_header_may_have_any_letter() -> None:
    """It comes out as it came in, byte by byte."""
    with serving(request, send(answer(b"{}", "X-Id: Zürich"))) as server:
        async with httpx.AsyncClient(transport=make_transport()) as client:
            response = await client.get(server.url)

    assert (b"x-id", "Zürich".encode()) in response.headers.raw


async def test_a_fault_is_an_error_of_httpx() -> None:
    """It carries the exchange, which tells more than any exception."""
    with serving(request) as server:
        async with httpx.AsyncClient(transport=make_transport()) as client:
            with pytest.raises(Unanswered, match="closed before") as raised:
                await client.get(server.url)

    assert isinstance(raised.value, httpx.TransportError)
    assert raised.value.request.url == server.url
    assert raised.value.exchange.fault is not None
    assert raised.value.exchange.fault.stage is Stage.HEAD


async def test_the_clients_timeout_is_kept() -> None:
    """It bounds the whole exchange."""
    with serving(request, silence) as server:
        async with httpx.AsyncClient(transport=make_transport()) as client:
            with pytest.raises(Unanswered, match=r"within 0\.2s") as raised:
                await client.get(server.url, timeout=0.2)

    assert raised.value.exchange.fault is not None
    assert raised.value.exchange.fault.kind is FaultKind.TIMEOUT


def official(url: str, http: Any) -> AsyncOpenAI:
    """
    Return the official client over a client of httpx.

    Its types may name a continuation of httpx that has the same interface.
    """
    return AsyncOpenAI(
        api_key=SECRET, base_url=f"{url}v1", http_client=http, max_retries=0
    )


async def test_the_official_client_chats_over_it() -> None:
    """Faithful enough for a client that nobody here wrote."""
    with serving(request, send(answer(chat()))) as server:
        async with httpx.AsyncClient(transport=make_transport()) as http:
            said = await official(server.url, http).chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": "hi"}]
            )

    head, _, body = server.received.partition(b"\r\n\r\n")
    assert said.choices[0].message.content == "hello"
    assert head.startswith(b"POST /v1/chat/completions HTTP/1.1\r\n")
    assert f"authorization: bearer {SECRET}".encode() in head.lower()
    assert orjson.loads(body)["model"] == MODEL


async def test_the_official_client_streams_over_it() -> None:
    """Its own reader of events finds what the service said."""
    with serving(request, send(answer(GOOD, media="text/event-stream"))) as server:
        async with httpx.AsyncClient(transport=make_transport()) as http:
            stream = await official(server.url, http).chat.completions.create(
                model=MODEL, messages=[{"role": "user", "content": "hi"}], stream=True
            )
            said = [
                chunk.choices[0].delta.content or ""
                async for chunk in stream
                if chunk.choices
            ]

    assert "".join(said) == "hello"


async def test_the_official_client_sees_refusals_and_faults() -> None:
    """A status is its own error, a fault one of the connection."""
    busy = answer(error(message="slow down"), status="429 Slow")
    with serving(request, send(busy)) as server, serving(request) as closing:
        async with httpx.AsyncClient(transport=make_transport()) as http:
            with pytest.raises(RateLimitError):
                await official(server.url, http).models.list()
            with pytest.raises(APIConnectionError):
                await official(closing.url, http).models.list()
