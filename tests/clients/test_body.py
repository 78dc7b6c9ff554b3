"""From the end of the header to the end of a body that was asked for whole."""

import gzip
import time
import zlib
from typing import Any

import pytest

from tests.clients.asking import ask, ask_server, make_transport, seen
from tests.scripted_server import (
    answer,
    chunked,
    head,
    pause,
    request,
    reset,
    send,
    send_for_ever,
    serving,
    silence,
)
from tm_exporter.clients.limits import Limits
from tm_exporter.exchange import FaultKind, Phase, Stage
from tm_exporter.observation import Reason


LIMIT = Limits().body
GOOD = (None, None, None)
LATE = (Stage.BODY, FaultKind.TIMEOUT, Reason.TIMEOUT)
LOST = (Stage.BODY, FaultKind.CLOSED, Reason.CONNECTION_LOST)
BROKEN = (Stage.BODY, FaultKind.PROTOCOL, Reason.PROTOCOL)
HUGE = (Stage.BODY, FaultKind.TOO_LARGE, Reason.TOO_LARGE)
WRONG = (None, None, Reason.BAD_PAYLOAD)

JSON = "Content-Type: application/json"
IN_CHUNKS = head(JSON, "Transfer-Encoding: chunked")
UNTIL_CLOSE = head(JSON)
IN_PIECES = b"02;a=b\r\n{}\r\n0\r\nA-B: c\r\n\r\n"
TEXT = b'{"text": "' + b"hello " * 50 + b'"}'
ZIPPED = gzip.compress(TEXT)
DEFLATED = zlib.compress(TEXT)
BARE = zlib.compress(TEXT, wbits=-15)


def sized(size: int) -> bytes:
    """Return an object of so many bytes."""
    return b'{"x": "' + b"x" * (size - 9) + b'"}'


def coded(body: bytes, coding: str) -> Any:
    """Return the step that sends a body in a coding."""
    return send(answer(body, f"Content-Encoding: {coding}"))


def bare_in_pieces() -> Any:
    """Return the step that sends a bare deflate stream, its first byte alone."""
    whole = answer(BARE, "Content-Encoding: deflate")
    cut = len(whole) - len(BARE) + 1
    return send(whole[:cut], whole[cut : cut + 1], whole[cut + 1 :], every=0.02)


ROWS: list[tuple[str, list[Any], Any]] = [
    # framing by length
    ("length", [send(answer(TEXT))], GOOD),
    ("too-short", [send(answer(TEXT, length=len(TEXT) + 1))], LOST),
    ("too-short-and-reset", [send(answer(TEXT, length=len(TEXT) + 1)), reset], LOST),
    ("nothing-of-it", [send(answer(b"", length=5))], LOST),
    ("more-than-said", [send(answer(TEXT) + b"HTTP/1.1 500 No\r\n\r\n")], GOOD),
    ("more-for-ever", [send(answer(TEXT)), send_for_ever(b"x" * 999)], GOOD),
    # framing by chunks
    ("chunks", [send(IN_CHUNKS + chunked(TEXT[:9], TEXT[9:]))], GOOD),
    ("chunk-extension", [send(IN_CHUNKS + b"2;a=b\r\n{}\r\n0\r\n\r\n")], GOOD),
    ("trailers", [send(IN_CHUNKS + b"2\r\n{}\r\n0\r\nA: b\r\n\r\n")], GOOD),
    ("chunks-closed", [send(IN_CHUNKS + b"2\r\n{}\r\n")], LOST),
    ("chunks-reset", [send(IN_CHUNKS + b"2\r\n{}\r\n"), reset], LOST),
    ("chunk-cut", [send(IN_CHUNKS + b"9\r\n{}")], LOST),
    ("chunk-size-cut", [send(IN_CHUNKS + b"2")], LOST),
    ("chunk-size-a-word", [send(IN_CHUNKS + b"two\r\n{}\r\n"), silence], BROKEN),
    ("chunk-size-negative", [send(IN_CHUNKS + b"-2\r\n{}\r\n"), silence], BROKEN),
    ("chunk-size-huge", [send(IN_CHUNKS + b"f" * 21 + b"\r\n"), silence], BROKEN),
    ("chunk-too-long", [send(IN_CHUNKS + b"2\r\n{}}\r\n0\r\n\r\n"), silence], BROKEN),
    ("no-chunks-at-all", [send(IN_CHUNKS + TEXT), silence], BROKEN),
    ("no-chunk-after-one", [send(IN_CHUNKS + b"1\r\n{\r\n<html>"), silence], BROKEN),
    ("no-chunk-but-a-word", [send(IN_CHUNKS + b"5hello")], BROKEN),
    ("trailer-cut", [send(IN_CHUNKS + b"2\r\n{}\r\n0\r\nA-B: c")], LOST),
    ("chunk-sizes-and-trailers-in-pieces",
     [send(IN_CHUNKS, *(b"%c" % each for each in IN_PIECES), every=0.001)], GOOD),
    ("tiny-chunks", [send(IN_CHUNKS + chunked(*(bytes([b]) for b in TEXT)))], GOOD),
    # framing by the close
    ("until-close", [send(UNTIL_CLOSE + TEXT)], GOOD),
    ("until-close-cut", [send(UNTIL_CLOSE + TEXT[:-1])],
     (None, None, Reason.CONNECTION_LOST)),
    ("until-close-empty", [send(UNTIL_CLOSE)], (None, None, Reason.CONNECTION_LOST)),
    ("until-close-garbage", [send(UNTIL_CLOSE + b"<html>")], WRONG),
    (
        "until-reset",
        [send(UNTIL_CLOSE + TEXT), pause(0.05), reset],
        (Stage.BODY, FaultKind.CLOSED, None),
    ),
    ("until-reset-cut", [send(UNTIL_CLOSE + TEXT[:-1]), pause(0.05), reset], LOST),
    ("204", [send(head(status="204 No"))], WRONG),
    # codings
    ("gzip", [coded(ZIPPED, "gzip")], GOOD),
    ("x-gzip", [coded(ZIPPED, "x-gzip")], GOOD),
    ("gzip-in-capitals", [coded(ZIPPED, "GZIP")], GOOD),
    ("identity", [coded(TEXT, "identity")], GOOD),
    ("deflate", [coded(DEFLATED, "deflate")], GOOD),
    ("deflate-bare", [coded(BARE, "deflate")], GOOD),
    ("deflate-bare-in-pieces", [bare_in_pieces()], GOOD),
    ("both", [coded(gzip.compress(DEFLATED), "deflate, gzip")], GOOD),
    ("gzip-empty", [coded(b"", "gzip")], WRONG),
    ("gzip-not-at-all", [coded(TEXT, "gzip")], BROKEN),
    ("gzip-broken", [coded(ZIPPED[:30] + b"\xff" * 30, "gzip")], BROKEN),
    ("gzip-checksum", [coded(ZIPPED[:-8] + b"\x00" * 8, "gzip")], BROKEN),
    ("gzip-cut", [coded(ZIPPED[:-1], "gzip")], BROKEN),
    ("gzip-then-more", [coded(ZIPPED + b"more", "gzip")], GOOD),
    ("gzip-called-deflate", [coded(ZIPPED, "deflate")], BROKEN),
    ("deflate-not-at-all", [coded(b"\xff" * 30, "deflate")], BROKEN),
    ("deflate-cut", [coded(DEFLATED[:-1], "deflate")], BROKEN),
    ("gzip-until-close-cut",
     [send(head(JSON, "Content-Encoding: gzip") + ZIPPED[:-1])], LOST),
    ("gzip-in-chunks", [send(head(JSON, "Content-Encoding: gzip",
     "Transfer-Encoding: chunked") + chunked(ZIPPED[:1], ZIPPED[1:]))], GOOD),
    ("gzip-then-more-chunks", [send(head(JSON, "Content-Encoding: gzip",
     "Transfer-Encoding: chunked") + chunked(ZIPPED, b"more"))], GOOD),
    ("brotli", [coded(TEXT, "br")], BROKEN),
    ("unheard-of", [coded(TEXT, "gzip, rot13")], BROKEN),
    # limits
    ("at-the-limit", [send(answer(sized(LIMIT)))], GOOD),
    ("over-the-limit", [send(answer(sized(LIMIT + 1)))], HUGE),
    ("at-the-limit-in-chunks",
     [send(IN_CHUNKS + chunked(sized(LIMIT)[:9], sized(LIMIT)[9:]))], GOOD),
    ("over-the-limit-in-chunks",
     [send(IN_CHUNKS + chunked(sized(LIMIT + 1)))], HUGE),
    ("at-the-limit-zipped", [coded(gzip.compress(sized(LIMIT)), "gzip")], GOOD),
    ("over-the-limit-zipped", [coded(gzip.compress(sized(LIMIT + 1)), "gzip")], HUGE),
    ("bomb", [coded(gzip.compress(b" " * 5_000_000, 1), "gzip")], HUGE),
    ("bomb-in-a-bomb",
     [coded(gzip.compress(gzip.compress(b" " * 5_000_000, 1)), "gzip, gzip")], HUGE),
    ("endless", [send(UNTIL_CLOSE), send_for_ever(b"x" * 65536)], HUGE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
async def test_a_body(steps: list[Any], expected: Any) -> None:
    """Complete, lost, broken or too large, told by what came last."""
    exchange = await ask_server(request, *steps)

    assert seen(exchange) == expected
    assert sum(len(piece.data) for piece in exchange.body) <= LIMIT


@pytest.mark.parametrize(
    ("steps", "pieces"),
    [
        pytest.param([send(answer(b"{", length=2)), silence], 1, id="length"),
        pytest.param([send(IN_CHUNKS + b"1\r\n{\r\n"), silence], 1, id="chunks"),
        pytest.param([send(UNTIL_CLOSE), silence], 0, id="until-close"),
        pytest.param(
            [send(answer(b"", length=9999)), send_for_ever(b" ", every=0.05)],
            2,
            id="drip",
        ),
    ],
)
async def test_a_body_that_is_not_complete_in_time(
    steps: list[Any], pieces: int
) -> None:
    """A slow drip is no better than silence; what came is kept."""
    begun = time.monotonic()

    exchange = await ask_server(request, *steps, timeout=0.4)

    assert seen(exchange) == LATE
    assert 0.4 <= time.monotonic() - begun < 10
    assert len(exchange.body) >= pieces


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            [send(answer(b"{", status="503 Busy", length=9)), silence], id="silent"
        ),
        pytest.param(
            [
                send(answer(b"", status="503 Busy", length=99_999)),
                send_for_ever(b" ", every=0.05),
            ],
            id="drip",
        ),
    ],
)
async def test_an_error_body_that_never_ends_is_not_waited_for(
    steps: list[Any],
) -> None:
    """A second is enough for what only tells quota and routing apart."""
    begun = time.monotonic()

    exchange = await ask_server(request, *steps, timeout=30)

    assert seen(exchange) == (None, None, Reason.OVERLOADED)
    assert 0.9 <= time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([send(answer(b"{", status="429 Slow", length=9))], id="cut"),
        pytest.param(
            [send(head("Content-Encoding: br", status="429 Slow") + b"x")], id="coding"
        ),
        pytest.param(
            [
                send(
                    head("Transfer-Encoding: chunked", status="429 Slow") + b"two\r\n"
                ),
                silence,
            ],
            id="framing",
        ),
        pytest.param(
            [send(head(status="429 Slow")), send_for_ever(b"x" * 9999)], id="endless"
        ),
        pytest.param(
            [send(answer(b"{", status="429 Slow", length=9)), reset], id="reset"
        ),
    ],
)
async def test_an_error_decides_whatever_becomes_of_its_body(steps: list[Any]) -> None:
    """At most 64 KiB of it are kept."""
    exchange = await ask_server(request, *steps)

    assert seen(exchange)[2] is Reason.THROTTLED
    assert len(exchange.content) <= Limits().error_body


@pytest.mark.parametrize(
    ("steps", "detail"),
    [
        pytest.param([silence], "no answer within 0.2s", id="head"),
        pytest.param(
            [send(answer(b"{", length=9)), silence], "no end within 0.2s", id="body"
        ),
    ],
)
async def test_what_was_waited_for_is_told_in_words(
    steps: list[Any], detail: str
) -> None:
    """What is left of a run's time is no round number."""
    exchange = await ask_server(request, *steps, timeout=0.200_004)

    assert exchange.fault is not None
    assert exchange.fault.detail == detail


async def test_an_error_body_is_cut_short_by_the_timeout_too() -> None:
    """The whole run has its own limit, and the status is still what decides."""
    steps = send(answer(b"{", status="401 No", length=9)), silence

    exchange = await ask_server(request, *steps, timeout=0.2)

    assert exchange.fault is not None
    assert seen(exchange)[2] is Reason.AUTH


async def test_quota_is_read_from_a_zipped_error() -> None:
    """The body of an error is decoded like any other."""
    body = gzip.compress(b'{"error": {"code": "insufficient_quota"}}')

    exchange = await ask_server(
        request, send(answer(body, "Content-Encoding: gzip", status="429 Slow"))
    )

    assert seen(exchange) == (None, None, Reason.QUOTA)


async def test_pieces_are_stamped_as_they_arrive() -> None:
    """What came together is one piece, however it is cut into chunks."""
    first, second = chunked(*[b" "] * 100)[:-5], chunked(b"{}")
    with serving(request, send(IN_CHUNKS + first, second, every=0.2)) as server:
        exchange = await ask(server.url)

    early, late = exchange.body[0], exchange.body[-1]
    assert (exchange.content, len(exchange.body)) == (b" " * 100 + b"{}", 2)
    assert late.arrived - early.arrived >= 0.19
    assert exchange.sent is not None
    assert exchange.sent <= early.arrived
    assert exchange.phases[Phase.TRANSFER] >= 0.19


async def test_limits_are_the_transports() -> None:
    """A test, or another surface, may have smaller ones."""
    transport = make_transport(limits=Limits(body=10))

    exchange = await ask_server(request, send(answer(TEXT)), transport=transport)

    assert seen(exchange) == HUGE
    assert exchange.content == TEXT[:10]


async def test_the_wall_clock_is_taken_with_the_header() -> None:
    """It is compared with the answer's Date."""
    transport = make_transport(now=lambda: 1234.5)

    exchange = await ask_server(request, send(answer()), transport=transport)

    assert exchange.answered_at == 1234.5
