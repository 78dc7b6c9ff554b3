"""From the request to the end of the header block of the final answer."""

from typing import Any

import httpx
import pytest

from tests.clients.asking import SECRET, ask, ask_server, make_transport, seen
from tests.scripted_server import (
    answer,
    any_bytes,
    head,
    pause,
    request,
    reset,
    send,
    send_for_ever,
    serving,
    silence,
)
from tm_exporter.clients.answer import Answer
from tm_exporter.clients.ended import Ended
from tm_exporter.clients.limits import Limits
from tm_exporter.exchange import FaultKind, Phase, Stage
from tm_exporter.observation import Reason


LOST = (Stage.HEAD, FaultKind.CLOSED, Reason.CONNECTION_LOST)
NOT_HTTP = (Stage.HEAD, FaultKind.PROTOCOL, Reason.PROTOCOL)
GOOD = (None, None, None)
HEADER = head("Content-Length: 2", "Content-Type: application/json")
CONTINUE = head(status="100 Continue")

ROWS: list[tuple[str, list[Any], Any]] = [
    ("good", [send(answer())], GOOD),
    ("good-in-tiny-pieces", [send(*(bytes([b]) for b in answer()))], GOOD),
    ("closed", [], LOST),
    ("reset", [reset], LOST),
    ("closed-after-100", [send(CONTINUE)], LOST),
    ("ssh", [send(b"SSH-2.0-OpenSSH_9.2\r\n"), silence], NOT_HTTP),
    ("smtp", [send(b"220 mail.test ESMTP\r\n"), silence], NOT_HTTP),
    ("tls-alert", [send(b"\x15\x03\x01\x00\x02\x02\x46"), silence], NOT_HTTP),
    ("zeroes", [send(b"\x00" * 64), silence], NOT_HTTP),
    ("html-only", [send(b"<html>hello</html>")], NOT_HTTP),
    ("one-wrong-byte", [send(b"X"), silence], NOT_HTTP),
    ("wrong-at-the-fifth-byte", [send(b"HTTPS"), silence], NOT_HTTP),
    ("status-without-number", [send(b"HTTP/1.1 OK\r\n\r\n"), silence], NOT_HTTP),
    ("status-of-two-digits", [send(head(status="20 OK")), silence], NOT_HTTP),
    ("header-without-colon", [send(head("Bad header")), silence], NOT_HTTP),
    ("header-with-a-null", [send(head("A: \x00")), silence], NOT_HTTP),
    ("two-lengths", [send(head("Content-Length: 1", "Content-Length: 2")), silence],
     NOT_HTTP),
    ("length-a-word", [send(head("Content-Length: two")), silence], NOT_HTTP),
    ("unheard-of-transfer-coding", [send(head("Transfer-Encoding: rot13")), silence],
     NOT_HTTP),
    ("one-huge-header", [send(head("X: " + "x" * 70_000)), silence], NOT_HTTP),
    ("many-headers", [send(head(*["X: " + "x" * 1000] * 70)), silence], NOT_HTTP),
    ("endless-header", [send(b"HTTP/1.1 200 OK\r\nX: "), send_for_ever(b"x" * 4096)],
     NOT_HTTP),
    ("large-interim-answers",
     [send(head("X: " + "x" * 9000, status="100 Continue") * 8 + answer()), silence],
     NOT_HTTP),
    ("endless-1xx", [send_for_ever(CONTINUE)], NOT_HTTP),
    ("17-interim-answers", [send(CONTINUE * 17 + answer())], NOT_HTTP),
    ("16-interim-answers", [send(CONTINUE * 16 + answer())], GOOD),
    ("100-continue", [send(CONTINUE, answer(), every=0.01)], GOOD),
    ("103-early-hints", [send(head("Link: <x>", status="103 Hints") + answer())], GOOD),
    ("101-not-asked-for", [send(head("Upgrade: x", status="101 Switch")), silence],
     NOT_HTTP),
    ("http-1.0", [send(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}")], GOOD),
    ("http-1.0-until-close", [send(b"HTTP/1.0 200 OK\r\n\r\n{}")], GOOD),
    ("no-reason-phrase", [send(b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\n{}")], GOOD),
    ("line-feeds-only", [send(b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}")], GOOD),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
async def test_an_answer_begins(steps: list[Any], expected: Any) -> None:
    """What is no answer is told from one that was lost."""
    assert seen(await ask_server(request, *steps)) == expected


@pytest.mark.parametrize(
    "beginning",
    [b"", b"HT", b"HTTP/1.1 200 OK\r\nX: ", CONTINUE],
    ids=["nothing", "two-letters", "half-a-header", "interim"],
)
async def test_nothing_more_in_time_is_a_timeout(beginning: bytes) -> None:
    """However far the header block had come."""
    exchange = await ask_server(request, send(beginning), silence, timeout=0.2)

    assert seen(exchange) == (Stage.HEAD, FaultKind.TIMEOUT, Reason.TIMEOUT)
    assert exchange.sent is not None
    assert exchange.status is None


@pytest.mark.parametrize("ending", [[], [reset]], ids=["closed", "reset"])
async def test_an_end_at_every_byte_of_the_header_is_a_lost_connection(
    ending: list[Any],
) -> None:
    """No byte of it is special."""
    for at in range(len(HEADER)):
        exchange = await ask_server(request, send(HEADER[:at]), *ending)

        assert seen(exchange) == LOST, HEADER[:at]
        assert exchange.status is None


async def test_headers_may_be_as_large_as_the_limit() -> None:
    """All that came before the final block is counted with it."""
    block = head("Content-Length: 0", "X: " + "x" * 900)
    for limit, expected in ((len(block), None), (800, Reason.PROTOCOL)):
        transport = make_transport(limits=Limits(head=limit))

        exchange = await ask_server(
            request, send(block, every=0.01), silence, transport=transport
        )

        assert (exchange.fault is None) is (expected is None)


async def test_an_answer_before_the_request_is_read_counts() -> None:
    """A service may refuse a large body unread, and close."""
    refusal = answer(status="413 Too Large")

    exchange = await ask_server(
        any_bytes, send(refusal), silence, content=b"x" * 4_000_000
    )

    assert (exchange.status, seen(exchange)[2]) == (413, Reason.BAD_REQUEST)
    assert exchange.phases[Phase.WAIT] >= 0


async def test_a_reset_while_the_request_is_written_is_a_lost_connection() -> None:
    """Nobody reads the rest, and no answer came."""
    exchange = await ask_server(any_bytes, reset, content=b"x" * 40_000_000)

    assert seen(exchange) == LOST


async def test_a_service_that_reads_nothing_is_a_timeout() -> None:
    """The request itself cannot be written."""
    exchange = await ask_server(pause(20), content=b"x" * 40_000_000, timeout=0.5)

    assert seen(exchange) == (Stage.HEAD, FaultKind.TIMEOUT, Reason.TIMEOUT)


async def test_a_request_is_sent_once() -> None:
    """A POST costs money, and a retry would hide what is looked for."""
    with serving(request) as server:
        exchange = await ask(server.url, content=b'{"a": 1}')

    assert seen(exchange) == LOST
    assert server.received.count(b"POST / HTTP/1.1") == 1
    assert server.received.endswith(b'\r\n\r\n{"a": 1}')


async def test_a_redirect_is_not_followed() -> None:
    """Not even to the same host: the server sees one request."""
    with serving(request, send(answer(b"", "Location: /", status="307 Go"))) as server:
        exchange = await ask(server.url)

    assert seen(exchange) == (None, None, Reason.REDIRECT)
    assert server.received.count(b"GET") == 1


async def test_headers_are_kept_in_order_and_lower_case() -> None:
    """A transcript shows what was sent; the first of several counts."""
    exchange = await ask_server(
        request, send(answer(b"{}", "X-Request-ID: 1", "x-request-id: 2"))
    )

    assert exchange.header("x-request-id") == "1"
    assert [name for name, _ in exchange.headers] == [
        "content-length",
        "x-request-id",
        "x-request-id",
        "content-type",
    ]


async def test_what_was_asked_is_kept_without_credentials() -> None:
    """Neither in the URL nor in a header."""
    with serving(request, send(answer())) as server:
        url = server.url.replace("http://", f"http://user:{SECRET}@")
        exchange = await ask(url, content=b"{}")

    assert SECRET.encode() in server.received
    assert SECRET not in repr(exchange)
    assert ("authorization", "<masked>") in exchange.request_headers
    assert ("content-length", "2") in exchange.request_headers
    assert exchange.url == server.url


async def test_a_header_that_cannot_be_written_is_our_own_fault() -> None:
    """The library's text would show the credential; ours does not."""
    headers = {"Authorization": f"Bearer {SECRET}\n"}
    with serving(request) as server:
        asked = httpx.Request("GET", server.url, headers=headers)
        exchange = await make_transport().exchange(asked, timeout=10)

    assert seen(exchange) == (Stage.PREPARE, FaultKind.FAILED, Reason.CONFIGURATION)
    assert SECRET not in repr(exchange)
    assert server.received == b""


LINES = b"".join(b"x%d: y\r\n" % number for number in range(Limits().headers))


def test_as_many_lines_as_there_may_be_are_read_in_pieces_of_any_size() -> None:
    """The first line and the last are no headers."""
    whole = b"HTTP/1.1 200 OK\r\n" + LINES + b"\r\n"
    for size in (1, 100, len(whole)):
        read = asked()

        for at in range(0, len(whole), size):
            read.feed_head(0.0, whole[at : at + size])

        assert len(read.headers) == Limits().headers


def test_of_more_lines_the_parser_is_told_nothing() -> None:
    """Each would be taken to pieces, a hundred bytes for a line of three."""
    read = asked()
    read.feed_head(0.0, b"HTTP/1.1 200 OK\r\n" + LINES)

    with pytest.raises(Ended, match="too many headers"):
        read.feed_head(0.0, b"x: y\r\nx: y\r\n")


def asked() -> Answer:
    """Return the answer to a request that was written."""
    made = Answer(Limits(), now=lambda: 0.0)
    made.request(httpx.Request("GET", "http://service.test/"))
    return made
