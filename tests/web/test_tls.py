"""TLS of the pages: whom it lets in, and whom it waits for."""

import asyncio
import socket
import ssl

import httpx
import pytest
from starlette.responses import PlainTextResponse

from tests.web.clients import connected, rest, until
from tests.web.served import authority, client, client_tls, port_of, served, server_tls
from tm_exporter.web.connection import BoundedConnection, may_come
from tm_exporter.web.guard import guarded
from tm_exporter.web.protection import Protection
from tm_exporter.web.server import WebServer


HELLO = PlainTextResponse("hello")


async def test_it_answers_over_tls_and_says_so() -> None:
    """With a certificate that clients can verify."""
    protection = Protection(context=server_tls())

    async with served(HELLO, lambda: protection) as url, client(client_tls()) as asks:
        answer = await asks.get(url)

    assert url.startswith("https://")
    assert answer.text == "hello"


async def test_the_certificate_of_the_moment_is_shown() -> None:
    """One that was renewed counts for the next connection; the old ones go on."""
    contexts = [server_tls(), server_tls()]
    protection = Protection(context=contexts[0])

    async with served(HELLO, lambda: protection) as url:
        shown = [await _certificate(url)]
        protection = Protection(context=contexts[1])
        shown.append(await _certificate(url))

    assert shown[0] != shown[1]


async def _certificate(url: str) -> bytes:
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port_of(url), ssl=client_tls()
    )
    shown: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    assert reader.at_eof() or not reader.exception()
    return shown


@pytest.mark.parametrize(
    ("names", "allowed", "is_let_in"),
    [
        pytest.param((), None, False, id="no-certificate"),
        pytest.param(("prometheus",), None, True, id="any-name"),
        pytest.param(("prometheus",), {"prometheus"}, True, id="right-name"),
        pytest.param(("grafana",), {"prometheus"}, False, id="other-name"),
        pytest.param(("grafana",), set(), False, id="no-name-will-do"),
        pytest.param(("::1",), {"::1"}, True, id="address"),
        pytest.param(("a@b.example",), {"a@b.example"}, True, id="e-mail"),
    ],
)
async def test_clients_with_the_right_certificate_come_in(
    names: tuple[str, ...], allowed: set[str] | None, *, is_let_in: bool
) -> None:
    """And no others: the connection ends before anything is answered."""
    protection = Protection(
        context=server_tls(asks_clients=ssl.CERT_REQUIRED),
        allowed_names=None if allowed is None else frozenset(allowed),
    )

    async with (
        served(HELLO, lambda: protection) as url,
        client(client_tls(*names)) as asks,
    ):
        try:
            got_in = (await asks.get(url)).text == "hello"
        except httpx.TransportError:
            got_in = False

    assert got_in is is_let_in


def test_a_certificate_that_was_not_asked_for_needs_no_name() -> None:
    """With VerifyClientCertIfGiven, who shows none comes in."""
    assert may_come(None, frozenset({"a"}))
    assert may_come({}, frozenset({"a"}))


async def test_a_stranger_with_a_certificate_of_another_authority() -> None:
    """Is refused in the handshake."""
    stranger = ssl.create_default_context()
    authority().configure_trust(stranger)
    type(authority())().issue_cert("prometheus").configure_cert(stranger)
    protection = Protection(context=server_tls(asks_clients=ssl.CERT_OPTIONAL))

    async with served(HELLO, lambda: protection) as url, client(stranger) as asks:
        with pytest.raises(httpx.TransportError):
            await asks.get(url)


class Hasty(BoundedConnection):
    """A connection without patience for handshakes."""

    handshake_timeout = 0.3


async def test_a_handshake_that_stalls_is_cut_off() -> None:
    """While others come in."""
    protection = Protection(context=server_tls())

    async with (
        served(HELLO, lambda: protection, Hasty) as url,
        connected(port_of(url)) as (stalling, writer),
        client(client_tls()) as asks,
    ):
        writer.write(b"\x16\x03\x01")
        assert (await asks.get(url)).status_code == 200
        assert await rest(stalling) == b""


async def test_plain_http_on_a_port_with_tls_gets_no_answer() -> None:
    """And costs nothing."""
    protection = Protection(context=server_tls())

    async with (
        served(HELLO, lambda: protection) as url,
        connected(port_of(url)) as (reader, writer),
    ):
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        assert b"hello" not in await rest(reader)


async def test_an_old_version_is_refused() -> None:
    """TLS 1.2 is the oldest, by default."""
    context = server_tls()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    old = client_tls()
    old.maximum_version = ssl.TLSVersion.TLSv1_2

    async with (
        served(HELLO, lambda: Protection(context=context)) as url,
        client(old) as asks,
    ):
        with pytest.raises(httpx.TransportError):
            await asks.get(url)


async def test_it_ends_at_once_in_the_middle_of_handshakes() -> None:
    """Who has not come in is not waited for."""
    protection = Protection(context=server_tls())
    server = WebServer(guarded(HELLO), "127.0.0.1:0", protection=lambda: protection)
    port = port_of(await server.start())
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.sendall(b"\x16\x03")
        await until(lambda: any(each._coming for each in server._server._doors))

        async with asyncio.timeout(0.5):
            await server.stop()

        one.settimeout(5)
        assert one.recv(1) == b""
