"""The server's own behaviour: its socket, its bounds, its end."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.web.clients import connected, rest, until
from tm_exporter.web import listen
from tm_exporter.web.connection import BoundedConnection
from tm_exporter.web.listen import ListenError
from tm_exporter.web.server import WebServer


REQUEST = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"

Start = Callable[..., Awaitable[tuple[WebServer, int]]]


class Hasty(BoundedConnection):
    """A connection without any patience."""

    request_timeout = 0.05
    response_timeout = 0.05


def answering(size: int) -> ASGIApp:
    """Return an application that always answers with so many bytes."""

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * size})

    return app


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Return a function that starts a server and says on which port."""
    servers: list[WebServer] = []

    async def starter(
        app: ASGIApp | None = None, protocol: type[BoundedConnection] = Hasty
    ) -> tuple[WebServer, int]:
        app = app or answering(2)
        server = WebServer(app, "127.0.0.1:0", protocol=protocol)
        servers.append(server)
        url = await server.start()
        return server, int(url.rpartition(":")[2])

    yield starter
    for server in servers:
        await server.stop()


async def test_it_answers_where_it_says(start: Start) -> None:
    """Port 0 picks a free one."""
    _, port = await start()

    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (await rest(reader)).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_signals_stay_the_programs(start: Start) -> None:
    """The daemon has its own idea of an orderly end."""
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    await start()
    await asyncio.sleep(0)

    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="silent"),
        pytest.param(b"GET / HTTP/1.1\r\nhost: x\r\n", id="half-a-head"),
        pytest.param(
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab",
            id="half-a-body",
        ),
    ],
)
async def test_a_client_that_does_not_ask_is_cut_off(start: Start, sent: bytes) -> None:
    """A hundred of them would leave no connection for Prometheus."""
    _, port = await start()

    async with connected(port) as (reader, writer):
        writer.write(sent)
        await rest(reader)


async def test_a_second_request_is_bounded_like_the_first(start: Start) -> None:
    """Else one good request would buy the right to be slow."""
    _, port = await start()

    async with connected(port) as (reader, writer):
        writer.write(REQUEST)
        await reader.readuntil(b"0\r\n\r\n")
        writer.write(b"GET / HTTP/1.1\r\n")
        await rest(reader)


async def test_a_client_that_does_not_read_is_cut_off(start: Start) -> None:
    """Its page would stay in memory for ever."""
    server, port = await start(answering(20_000_000))
    connections = server._server.server_state.connections
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(REQUEST)

        await until(lambda: bool(connections))
        await until(lambda: not connections)


async def test_a_client_that_reads_gets_all_of_a_large_page(start: Start) -> None:
    """However often the server has to wait for it, as long as it goes on."""
    _, port = await start(answering(5_000_000), BoundedConnection)

    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (await rest(reader)).count(b"x" * 1000) >= 4990


async def test_a_kept_connection_outlives_the_bound_of_a_request(start: Start) -> None:
    """Between two scrapes Prometheus is silent, and that is fine."""
    _, port = await start()
    async with connected(port) as (reader, writer):
        writer.write(REQUEST)
        await reader.readuntil(b"0\r\n\r\n")

        await asyncio.sleep(3 * Hasty.request_timeout)
        writer.write(REQUEST)

        assert (await reader.readline()).startswith(b"HTTP/1.1 200")


async def test_an_endless_head_is_refused(start: Start) -> None:
    """Memory for one request is bounded."""
    _, port = await start(protocol=BoundedConnection)

    async with connected(port) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nx: " + b"a" * 40_000)
        assert (await reader.readline()).startswith(b"HTTP/1.1 400 ")


async def test_it_ends_at_once_whatever_clients_do(start: Start) -> None:
    """An idle client, a slow one and one that does not read cannot hold it."""
    server, port = await start(answering(20_000_000), BoundedConnection)
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
    clients[1].sendall(b"GET / HT")
    clients[2].sendall(REQUEST)
    await until(lambda: len(server._server.server_state.connections) == len(clients))

    began = time.monotonic()
    await server.stop()
    took = time.monotonic() - began

    for client in clients:
        client.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert took < 0.5


async def test_it_can_be_stopped_before_it_was_started() -> None:
    """And twice: an end is an end."""
    server = WebServer(answering(2), "127.0.0.1:0")

    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    """Somebody reads it in a terminal."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"

        with pytest.raises(ListenError) as caught:
            await WebServer(answering(2), address).start()

    assert str(caught.value) == (
        f"cannot listen on {address}: address already in use:"
        " end what listens there, or choose another address"
    )


async def test_a_host_that_is_not_ours_is_one_sentence() -> None:
    """An address of the block for documentation is nobody's."""
    with pytest.raises(ListenError, match=r"^cannot listen on 192\.0\.2\.1:0: cannot "):
        await WebServer(answering(2), "192.0.2.1:0").start()


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        pytest.param("[::1%nosuch]:0", "name or service not known", id="interface"),
        pytest.param("a..b:0", "this is no host name", id="no-name"),
    ],
)
async def test_a_host_that_is_unknown_is_one_sentence(address: str, cause: str) -> None:
    """Whatever the resolver's words for it are."""
    with pytest.raises(ListenError) as caught:
        await WebServer(answering(2), address).start()

    assert str(caught.value) == f"cannot listen on {address}: {cause}"


async def test_six_works_in_brackets() -> None:
    """The address it gives can be used as it is."""
    server = WebServer(answering(2), "[::1]:0")

    url = await server.start()

    await server.stop()
    assert url.startswith("http://[::1]:")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("127.0.0.1:9877", ("127.0.0.1", 9877), id="four"),
        pytest.param("[::]:80", ("::", 80), id="six"),
        pytest.param("localhost:0", ("localhost", 0), id="name"),
        pytest.param(":9877", ("0.0.0.0", 9877), id="port-alone"),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    """Host and port, as they are usually written."""
    assert listen.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["", "9877", "host", "::1:80", "host:", "host:65536", "host:-1", "[]:1"]
)
def test_what_is_no_address(text: str) -> None:
    """Each is refused with the form that is expected."""
    with pytest.raises(ListenError, match="write HOST:PORT"):
        listen.parse(text)
