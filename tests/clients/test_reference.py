"""The reference URL: any HTTP answer counts, and nothing else does."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from structlog.testing import capture_logs

from tests.clients.asking import make_transport
from tests.scripted_server import (
    Server,
    Step,
    answer,
    free_port,
    head,
    request,
    reset,
    send,
    serving,
    silence,
)
from tm_exporter.clients.proxy import Proxy
from tm_exporter.clients.reference import Reference
from tm_exporter.clients.transport import Transport
from tm_exporter.observation import Reason


@contextmanager
def asked(
    *steps: Step, transport: Transport | None = None
) -> Iterator[tuple[Reference, list[Reason | None], Server]]:
    """Give a reference URL at a server, what was told of it, and the server."""
    told: list[Reason | None] = []
    with serving(*steps) as server:
        url, way = server.url, transport or make_transport()
        yield Reference(url, way, told.append), told, server


@pytest.mark.parametrize(
    "status", ["200 OK", "204 No Content", "301 Moved", "404 No", "503 Busy"]
)
async def test_any_status_is_an_answer(status: str) -> None:
    """The network is what is asked for, and not the page."""
    with asked(request, send(answer(b"", status=status))) as (reference, told, server):
        assert await reference.ask() is None

    assert told == [None]
    assert reference.rows() == {(): 1.0}
    assert server.received.startswith(b"HEAD / HTTP/1.1\r\n")
    assert b"authorization" not in server.received.lower()


async def test_an_answer_to_head_has_a_length_and_no_body() -> None:
    """Waiting for what the length promises would end in a timeout."""
    page = head("Content-Length: 1000000")
    with asked(request, send(page)) as (reference, _, _):
        async with asyncio.timeout(2):
            assert await reference.ask() is None


async def test_silence_is_none() -> None:
    """And why is told."""
    with asked(request, reset) as (reference, told, _):
        reason = await reference.ask()

    assert reason is Reason.CONNECTION_LOST
    assert told == [reason]
    assert reference.rows() == {(): 0.0}


async def test_it_goes_through_the_proxy_of_the_targets() -> None:
    """A proxy that died takes it along, as it takes the targets."""
    dead = Proxy(httpx.URL(f"http://127.0.0.1:{free_port()}"))
    with asked(send(answer()), transport=make_transport(proxy=dead)) as (reference, *_):
        assert await reference.ask() is Reason.PROXY


async def test_nothing_is_known_before_the_first_answer() -> None:
    """Unknown is absent."""
    with asked() as (reference, *_):
        assert reference.rows() == {}


async def test_only_a_change_is_a_line_in_the_log() -> None:
    """Falling silent, and answering again."""
    transport = make_transport()
    reference = Reference(f"http://127.0.0.1:{free_port()}", transport, lambda _: None)
    with capture_logs() as lines:
        await reference.ask()
        await reference.ask()
        with serving(request, send(answer())) as server:
            reference._url = server.url
            await reference.ask()
            await reference.ask()

    assert [line["event"] for line in lines] == [
        "reference_silent",
        "reference_answers",
    ]
    assert lines[0]["reason"] == "connect_refused"


async def test_it_is_asked_again_as_soon_as_that_is_wanted() -> None:
    """Not thirty seconds later."""
    with asked(request, send(answer())) as (reference, told, _):
        reference.start()
        try:
            async with asyncio.timeout(10):
                while not told:
                    await asyncio.sleep(0.01)
                reference.hurry()
                while len(told) < 2:
                    await asyncio.sleep(0.01)
        finally:
            await reference.stop()

    assert told == [None, None]


async def test_it_ends_at_once() -> None:
    """Whether it was begun or not."""
    with asked(silence) as (reference, *_):
        await reference.stop()
        reference.start()
        async with asyncio.timeout(2):
            await asyncio.sleep(0)
            await reference.stop()
