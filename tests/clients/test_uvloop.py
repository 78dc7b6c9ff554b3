"""The transport on uvloop: what it sees is what it sees on the loop of Python."""

import asyncio
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvloop

from tests.clients.asking import Seen, ask, make_transport, seen, stream_from
from tests.clients.test_stream import UNTIL_CLOSE
from tests.scripted_server import (
    Peer,
    answer,
    deaf_port,
    free_port,
    handshake,
    request,
    reset,
    send,
    serving,
    silence,
)
from tests.verdict.answers import GOOD
from tm_exporter.clients.connection import Connection
from tm_exporter.clients.stamps import Stamps
from tm_exporter.clients.trust import TrustSet
from tm_exporter.exchange import Exchange, FaultKind, Stage
from tm_exporter.observation import Reason
from tm_exporter.process.event_loop import run


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> None:
    """Stand in for the check of the same name, which looks into Python's loop."""


CLOSED = (Stage.HEAD, FaultKind.CLOSED, Reason.CONNECTION_LOST)
SILENT = (Stage.HEAD, FaultKind.TIMEOUT, Reason.TIMEOUT)
TLS = (Stage.TLS, FaultKind.FAILED, Reason.TLS)


async def on_uvloop(url: str, **options: Any) -> Exchange:
    """Return what was seen of one request, and make sure of the loop."""
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop)
    return await ask(url, timeout=0.5, **options)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([request, send(answer())], (None, None, None), id="good"),
        pytest.param([request], CLOSED, id="closed"),
        pytest.param([request, reset], CLOSED, id="reset"),
        pytest.param([request, silence], SILENT, id="silent"),
    ],
)
def test_an_answer(steps: list[Any], expected: Seen) -> None:
    """Whole, or not."""
    with serving(*steps) as server:
        exchange = run(on_uvloop(server.url))

    assert seen(exchange) == expected


def test_a_long_request_and_a_long_answer() -> None:
    """Longer than a socket takes, or gives, at once."""
    long = b"[" + b" " * 900_000 + b"]"
    with serving(request, send(answer(long))) as server:
        exchange = run(on_uvloop(server.url, content=b"x" * 3_000_000))

    assert exchange.content == long
    assert len(server.received) > 3_000_000


@pytest.mark.parametrize("size", [10, 40_000])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_reset_right_behind_the_last_bytes(
    loop: Callable[[], asyncio.AbstractEventLoop], size: int
) -> None:
    """The bytes are read, and then it is told, and not waited for."""
    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(bytes_before_a_reset(size)) == size


async def bytes_before_a_reset(size: int) -> int:
    """Return how many bytes come before a reset that is there as soon as they are."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = socket.AF_INET, listener.getsockname()
        connection = await Connection.open(where, time.monotonic, Stamps())
        sock, _ = listener.accept()
        sock.sendall(bytes(size))
        reset(Peer(sock))  # the loop has not turned since it was connected
        received = bytearray()
        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(read_to_the_end(connection, received), 5)
        connection.close()
    return len(received)


async def read_to_the_end(connection: Connection, received: bytearray) -> None:
    """Add what comes, until nothing more does."""
    while data := (await connection.receive())[1]:
        received += data


def test_addresses_where_nobody_answers() -> None:
    """One that refuses, and one that is silent."""
    refused = run(on_uvloop(f"http://127.0.0.1:{free_port()}"))
    with deaf_port() as port:
        deaf = run(on_uvloop(f"http://127.0.0.1:{port}"))

    assert seen(refused)[2] is Reason.CONNECT_REFUSED
    assert seen(deaf)[2] is Reason.CONNECT_TIMEOUT


def test_tls(server_tls: ssl.SSLContext, ca_bundle: Path) -> None:
    """Of an authority that is known, and of one that is not."""
    trusting = make_transport(trust=TrustSet(ca_bundle=ca_bundle))
    with serving(handshake(server_tls), request, send(answer())) as server:
        good = run(on_uvloop(server.address("https"), transport=trusting))
        refused = run(on_uvloop(server.address("https")))

    assert seen(good) == (None, None, None)
    assert seen(refused) == TLS
    assert good.certificate is not None
    assert refused.certificate == replace(good.certificate, verified=False)


def test_a_stream_is_stamped_by_the_kernel() -> None:
    """As on any loop, for the sockets are our own."""
    stamps = Stamps()
    steps = request, send(UNTIL_CLOSE, *(bytes([byte]) for byte in GOOD))

    _, record, reason = run(
        stream_from(*steps, transport=make_transport(stamps=stamps))
    )

    assert reason is None
    assert record.content_times
    assert stamps.counts["kernel"] > 0


_CONNECTING = """
import os, socket, sys, time
from tm_exporter.clients.connection import Connection
from tm_exporter.clients.stamps import Stamps
from tm_exporter.process.event_loop import run

async def connect():
    where = socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))
    connection = await Connection.open(where, time.monotonic, Stamps())
    connection.close()

run(connect())
sys.exit(len(os.listdir("/proc/self/task")))
"""


def test_to_connect_takes_no_thread() -> None:
    """Where there is none left, the loop's own pool would abort the process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = subprocess.run(  # noqa: S603 -- written above
            [sys.executable, "-c", _CONNECTING, port], check=False
        )

    assert done.returncode == 1
