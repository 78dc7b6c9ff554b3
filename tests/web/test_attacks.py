"""Clients that mean no good, while others go on scraping."""

import asyncio
import socket
from contextlib import AsyncExitStack

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.web.clients import connected, rest, until
from tests.web.served import client, client_tls, hashed, port_of, served, server_tls
from tm_exporter.web.connection import BoundedConnection
from tm_exporter.web.door import MOST_CONNECTIONS
from tm_exporter.web.protection import Protection
from tm_exporter.web.server import WebServer


HELLO = PlainTextResponse("hello")


async def _drip(port: int) -> None:
    """Send one header after the other, for ever."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET / HTTP/1.1\r\n")
        while not reader.at_eof():
            writer.write(b"x: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)
    except OSError:
        pass
    finally:
        writer.close()


@pytest.mark.parametrize("is_tls", [False, True])
async def test_dripping_clients_do_not_keep_scrapes_out(*, is_tls: bool) -> None:
    """Fifty that drip headers, and more that only come than there is room for."""
    protection = Protection(context=server_tls() if is_tls else None)
    async with served(HELLO, lambda: protection) as url, AsyncExitStack() as stack:
        port = port_of(url)
        dripping = [asyncio.ensure_future(_drip(port)) for _ in range(50)]
        for _ in range(MOST_CONNECTIONS + 20):
            one = socket.create_connection(("127.0.0.1", port))
            stack.callback(one.close)
            await asyncio.sleep(0)

        for _ in range(5):
            async with (
                client(client_tls() if is_tls else None) as asks,
                asyncio.timeout(2),
            ):
                assert (await asks.get(url)).text == "hello"

        for task in dripping:
            task.cancel()
        await asyncio.gather(*dripping, return_exceptions=True)


async def test_who_waits_longest_gives_way() -> None:
    """There are never more connections than there is room for."""
    async with served(HELLO) as url, AsyncExitStack() as stack:
        first, writer = await asyncio.open_connection("127.0.0.1", port_of(url))
        await asyncio.sleep(0.05)
        for _ in range(MOST_CONNECTIONS):
            one = socket.create_connection(("127.0.0.1", port_of(url)))
            stack.callback(one.close)
            await asyncio.sleep(0)

        async with asyncio.timeout(5):
            assert await rest(first) == b""
        writer.close()


async def test_who_was_let_in_before_is_not_driven_out_by_strangers() -> None:
    """A scraper keeps its connection through any flood of others."""
    protection = Protection(users={b"a": hashed(b"b")})
    async with (
        served(HELLO, lambda: protection) as url,
        client(user=("a", "b")) as asks,
        AsyncExitStack() as stack,
    ):
        own = _local_address(await asks.get(url))
        for _ in range(3 * MOST_CONNECTIONS):
            one = socket.create_connection(("127.0.0.1", port_of(url)))
            stack.callback(one.close)
            one.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await asyncio.sleep(0)
        after = await asks.get(url)

        assert _local_address(after) == own

    assert after.text == "hello"


def _local_address(answer: httpx.Response) -> object:
    """Return the client's end of the connection that brought an answer."""
    return answer.extensions["network_stream"].get_extra_info("client_addr")


@pytest.mark.parametrize("is_tls", [False, True])
async def test_no_more_than_there_is_room_for_are_in(*, is_tls: bool) -> None:
    """In handshakes or after: each costs a descriptor, and memory."""
    protection = Protection(context=server_tls() if is_tls else None)
    server = WebServer(HELLO, "127.0.0.1:0", protection=lambda: protection)
    port = port_of(await server.start())
    most = 0
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.stop)
        for _ in range(3 * MOST_CONNECTIONS):
            one = socket.create_connection(("127.0.0.1", port))
            stack.callback(one.close)
            await asyncio.sleep(0)
            inside = len(server._server.server_state.connections)
            coming = sum(len(door._coming) for door in server._server._doors)
            most = max(most, inside + coming)

    assert MOST_CONNECTIONS // 2 < most <= MOST_CONNECTIONS


async def test_requests_that_come_before_their_answers_are_answered_in_order() -> None:
    """As many as are sent in one go."""

    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(f"<{scope['path']}>")(scope, receive, send)

    many = b"".join(
        b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % number for number in range(50)
    )
    async with served(echo) as url, connected(port_of(url)) as (reader, writer):
        writer.write(
            many + b"GET /end HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        said = await rest(reader)

    found = [part.partition(b">")[0] for part in said.split(b"</")[1:]]
    assert found == [*(b"%d" % number for number in range(50)), b"end"]


async def test_a_client_that_only_listens_any_more_gets_its_answer() -> None:
    """As `printf ... | nc` does: it closes its half and waits."""

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.05)
        await HELLO(scope, receive, send)

    async with served(slow) as url, connected(port_of(url)) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        writer.write_eof()

        assert (await rest(reader)).endswith(b"hello")


class Brief(BoundedConnection):
    """A connection that soon takes a client that closed its half for gone."""

    last_answer_timeout = 0.05


async def test_a_client_that_is_gone_is_noticed() -> None:
    """What takes long for it can be called off."""
    gone = asyncio.Event()

    async def long(_: Scope, receive: Receive, __: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()

    async with served(long, protocol=Brief) as url:
        async with connected(port_of(url)) as (_, writer):
            writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            await writer.drain()
        async with asyncio.timeout(5):
            await gone.wait()


async def test_a_client_of_the_first_version_gets_its_answer() -> None:
    """And the end of the connection as the end of the answer."""
    async with served(HELLO) as url, connected(port_of(url)) as (reader, writer):
        writer.write(b"GET / HTTP/1.0\r\n\r\n")

        assert (await rest(reader)).endswith(b"hello")


class Hasty(BoundedConnection):
    """A connection that does not wait for its answer to be taken."""

    response_timeout = 0.1


async def test_the_last_part_of_an_answer_must_be_taken_as_well() -> None:
    """Though it is too small for the server to stop writing."""
    small = PlainTextResponse("x" * 40_000)
    connections: set[BoundedConnection] = set()

    class Seen(Hasty):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
            connections.add(self)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            connections.discard(self)

    async with served(small, protocol=Seen) as url:
        with socket.socket() as taking_nothing:
            taking_nothing.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            taking_nothing.connect(("127.0.0.1", port_of(url)))
            taking_nothing.sendall(
                b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            )
            await until(lambda: bool(connections))
            await until(lambda: not connections)


async def test_rubbish_after_a_request_ends_the_connection() -> None:
    """The answer that was asked for comes, and no fault of ours."""
    async with served(HELLO) as url, connected(port_of(url)) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n\x00\x01rubbish\r\n\r\n")
        said = await rest(reader)

    assert said.count(b"HTTP/1.1 200") == 1
    assert said.count(b"HTTP/1.1 400") == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_a_body_that_breaks_off_into_rubbish_is_no_fault_of_ours(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    """There is one answer, and nobody can fill our log with tracebacks."""
    async with served(HELLO) as url, connected(port_of(url)) as (reader, writer):
        writer.write(f"{method} / HTTP/1.1\r\nhost: x\r\n".encode())
        writer.write(b"transfer-encoding: chunked\r\n\r\nrubbish\r\n")
        said = await rest(reader)

    assert said.startswith(b"HTTP/1.1 413 ")
    assert said.count(b"HTTP/1.1") == 1
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
