"""Streams over real sockets: every reason they have, and their times."""

import asyncio
import gzip
import time
from statistics import median
from typing import Any

import pytest

from tests.clients.asking import ask, make_transport, stream_from
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
from tests.verdict.answers import DONE, GOOD, HELLO, ROLE, STOP, USAGE, chunk, error
from tm_exporter.clients.limits import Limits
from tm_exporter.clients.space import Holding, Space
from tm_exporter.exchange import FaultKind, Phase
from tm_exporter.observation import Reason
from tm_exporter.wire.deltas import read_chat_delta
from tm_exporter.wire.streams import StreamReader


MEDIA = "Content-Type: text/event-stream; charset=utf-8"
UNTIL_CLOSE = head(MEDIA)
IN_CHUNKS = head(MEDIA, "Transfer-Encoding: chunked")
BEGUN = IN_CHUNKS + chunked(ROLE, HELLO)[:-5]
COMMENT = b": still here\n\n"


def events(body: bytes, *headers: str, media: str = "text/event-stream") -> Any:
    """Return the step that sends a body with its length."""
    return send(answer(body, *headers, media=media))


ROWS: list[tuple[str, list[Any], Reason | None]] = [
    ("good", [events(GOOD)], None),
    ("good-in-chunks", [send(IN_CHUNKS + chunked(ROLE, HELLO + STOP, USAGE, DONE))],
     None),
    ("good-until-close", [send(UNTIL_CLOSE + GOOD)], None),
    ("good-byte-by-byte", [send(UNTIL_CLOSE, *(bytes([b]) for b in GOOD))], None),
    ("good-untyped", [events(GOOD, media="")], None),
    ("good-zipped", [events(gzip.compress(GOOD), "Content-Encoding: gzip")], None),
    ("reset-after-done", [send(UNTIL_CLOSE + GOOD), pause(0.02), reset], None),
    ("cut-after-done", [send(IN_CHUNKS + chunked(GOOD)[:-5])], None),
    ("nothing-closed", [send(IN_CHUNKS)], Reason.CONNECTION_LOST),
    ("nothing-until-close", [send(UNTIL_CLOSE)], Reason.CONNECTION_LOST),
    ("nothing-reset", [send(IN_CHUNKS), reset], Reason.CONNECTION_LOST),
    ("broken-first-chunk", [send(IN_CHUNKS + b"two\r\n"), silence], Reason.PROTOCOL),
    ("brotli", [events(GOOD, "Content-Encoding: br")], Reason.PROTOCOL),
    ("giant-event", [events(b"data: " + b"x" * 300_000 + b"\n\n")], Reason.TOO_LARGE),
    ("endless-event", [send(UNTIL_CLOSE + b"data: "), send_for_ever(b"x" * 9999)],
     Reason.TOO_LARGE),
    ("too-many-events", [send(UNTIL_CLOSE), send_for_ever(HELLO * 100)],
     Reason.TOO_LARGE),
    ("endless-comments", [send(UNTIL_CLOSE), send_for_ever(b":" * 60_000 + b"\n")],
     Reason.TOO_LARGE),
    ("bomb", [events(gzip.compress(b"\n" * 9_000_000, 1), "Content-Encoding: gzip")],
     Reason.TOO_LARGE),
    ("json-error", [events(error(code="x"), media="application/json")],
     Reason.ERROR_BODY),
    ("error-event", [events(HELLO + b'data: {"error": {}}\n\n')], Reason.STREAM_ERROR),
    ("error-event-then-silence",
     [send(BEGUN + chunked(b'data: {"error": {}}\n\n')[:-5]), silence],
     Reason.STREAM_ERROR),
    ("html", [events(b"<html>", media="text/html")], Reason.STREAM_INVALID),
    ("bad-event-then-silence", [send(UNTIL_CLOSE + HELLO + b"data: {\n\n"), silence],
     Reason.STREAM_INVALID),
    ("broken-later-chunk", [send(BEGUN + b"two\r\n"), silence], Reason.STREAM_INVALID),
    ("done-then-broken-chunk",
     [send(IN_CHUNKS + chunked(GOOD)[:-5] + b"two\r\n"), silence], None),
    ("error-then-broken-chunk",
     [send(BEGUN + chunked(b'data: {"error": {}}\n\n')[:-5] + b"two\r\n"), silence],
     Reason.STREAM_ERROR),
    ("closed", [send(BEGUN)], Reason.STREAM_TRUNCATED),
    ("reset", [send(BEGUN), pause(0.05), reset], Reason.STREAM_TRUNCATED),
    ("ended", [events(ROLE + HELLO + STOP)], Reason.STREAM_TRUNCATED),
    ("no-finish-reason", [events(ROLE + HELLO + DONE)], Reason.STREAM_TRUNCATED),
    ("empty-output", [events(ROLE + STOP + DONE)], Reason.EMPTY_OUTPUT),
    ("wrong-model", [events(chunk({"content": "x"}, "stop", model="x") + DONE)],
     Reason.WRONG_MODEL),
    ("status", [send(answer(GOOD, status="503 Busy", media="text/event-stream"))],
     Reason.OVERLOADED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "reason"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
async def test_a_stream(steps: list[Any], reason: Reason | None) -> None:
    """Each reason that a stream can have, end to end, and none late."""
    exchange, _, found = await stream_from(request, *steps, timeout=20)

    assert found is reason
    assert sum(len(piece.data) for piece in exchange.body) <= Limits().stream


async def test_no_body_byte_in_time_is_a_timeout() -> None:
    """The stream has not begun, so it cannot have stalled."""
    exchange, record, reason = await stream_from(
        request, send(IN_CHUNKS), silence, timeout=0.3, idle_timeout=0.1
    )

    assert reason is Reason.TIMEOUT
    assert (exchange.status, record.begun) == (200, False)


@pytest.mark.parametrize(
    ("steps", "idle"),
    [
        pytest.param([send(UNTIL_CLOSE + HELLO), silence], 0.2, id="silent"),
        pytest.param(
            [send(UNTIL_CLOSE + HELLO), send_for_ever(COMMENT, every=0.02)],
            0.2,
            id="comments-flow",
        ),
        pytest.param(
            [send(UNTIL_CLOSE), send_for_ever(COMMENT, every=0.02)],
            0.2,
            id="comments-only",
        ),
        pytest.param(
            [send(UNTIL_CLOSE + HELLO), send_for_ever(b"data: x\n", every=0.02)],
            0.2,
            id="an-event-that-never-ends",
        ),
    ],
)
async def test_a_stream_without_an_event_has_stalled(
    steps: list[Any], idle: float
) -> None:
    """Comments do not count, nor does half an event."""
    begun = time.monotonic()

    exchange, _, reason = await stream_from(
        request, *steps, idle_timeout=idle, timeout=30
    )

    assert reason is Reason.STREAM_STALLED
    assert exchange.fault is not None
    assert exchange.fault.kind is FaultKind.STALLED
    assert idle <= time.monotonic() - begun < 10


async def test_events_keep_a_stream_alive() -> None:
    """The idle time is that between two events, not that of the whole."""
    pieces = [HELLO] * 8 + [STOP, DONE]

    _, record, reason = await stream_from(
        request, send(UNTIL_CLOSE, *pieces, every=0.1), idle_timeout=0.8
    )

    assert reason is None
    assert len(record.content_times) == 8


async def test_what_came_while_our_loop_was_busy_is_no_stall() -> None:
    """It was there in time, though nobody came round to read it."""
    asyncio.get_running_loop().call_later(0.15, time.sleep, 0.6)

    _, _, reason = await stream_from(
        request, send(UNTIL_CLOSE + HELLO, STOP + DONE, every=0.3), idle_timeout=0.5
    )

    assert reason is None


@pytest.mark.parametrize("short", [{"idle_timeout": 0.2}, {"timeout": 0.4}], ids=str)
async def test_a_wait_for_space_takes_none_of_the_service_s_time(
    short: dict[str, float],
) -> None:
    """It cannot go on while we do not read, and has as long as if there were space."""
    space = Space(own=0, shared=0)
    other = Holding(space, "other")
    await other.grow(1)  # its turn to go on without
    asyncio.get_running_loop().call_later(0.6, other.end)

    exchange, _, reason = await stream_from(
        request,
        send(UNTIL_CLOSE + HELLO, HELLO * 500 + STOP + DONE, every=0.02),
        transport=make_transport(space=space),
        **short,
    )

    assert reason is None
    assert 0.4 < exchange.held_back < 10


async def test_a_wait_for_space_ends_and_is_told() -> None:
    """Else a run might wait for ever; who reads of it knows that it was ours."""
    space = Space(own=0, shared=0)
    await Holding(space, "other").grow(1)

    exchange, _, reason = await stream_from(
        request,
        send(UNTIL_CLOSE + HELLO, HELLO * 500 + STOP + DONE, every=0.02),
        timeout=0.3,
        transport=make_transport(space=space, limits=Limits(patience=0.2)),
    )

    assert reason is Reason.STREAM_STALLED
    assert exchange.fault is not None
    assert exchange.fault.kind is FaultKind.TIMEOUT
    assert exchange.fault.detail.startswith("no end within 0.3s, and 0.")
    assert exchange.fault.detail.endswith("did not read, for want of memory")


async def test_a_stream_that_is_not_ended_by_the_timeout_has_stalled() -> None:
    """However lively it is; an idle time beyond the timeout does no harm."""
    begun = time.monotonic()

    exchange, _, reason = await stream_from(
        request,
        send(UNTIL_CLOSE),
        send_for_ever(HELLO, every=0.02),
        timeout=0.4,
        idle_timeout=60.0,
    )

    assert reason is Reason.STREAM_STALLED
    assert exchange.fault is not None
    assert exchange.fault.kind is FaultKind.TIMEOUT
    assert 0.4 <= time.monotonic() - begun < 10


@pytest.mark.parametrize(
    "after",
    [
        pytest.param([silence], id="silence"),
        pytest.param([send_for_ever(COMMENT, every=0.02)], id="comments"),
        pytest.param([send_for_ever(HELLO, every=0.02)], id="events"),
        pytest.param([send_for_ever(b"data: x\n" * 999)], id="a-flood"),
    ],
)
async def test_the_terminator_ends_it_whatever_comes_after(after: list[Any]) -> None:
    """A connection that is left open, or even goes on, is not waited for."""
    begun = time.monotonic()

    _, record, reason = await stream_from(
        request, send(UNTIL_CLOSE + GOOD), *after, timeout=30
    )

    assert reason is None
    assert time.monotonic() - begun < 10
    assert record.completion.text == "hello"


async def test_data_right_after_done_is_counted() -> None:
    """It is looked for, but only for a moment."""
    _, record, reason = await stream_from(request, send(UNTIL_CLOSE + GOOD + HELLO))

    assert reason is None
    assert record.violations == ("data_after_done",)


async def test_the_limit_of_a_stream_is_its_own() -> None:
    """Up to it all is good; a terminator that is beyond it is too large."""
    comment = b":".ljust(Limits().stream - len(GOOD) - 1, b"c") + b"\n"

    for body, expected in (
        (comment + GOOD, None),
        (b":" * len(DONE) + comment + GOOD, Reason.TOO_LARGE),
    ):
        _, _, reason = await stream_from(request, events(body))

        assert reason is expected, len(body)


async def block_the_loop() -> None:
    """Keep the loop busy for 5 ms at a time."""
    while True:
        time.sleep(0.005)  # noqa: ASYNC251 -- this is what other tasks may do to us
        await asyncio.sleep(0)


async def test_stamps_are_what_the_server_did_even_on_a_busy_loop() -> None:
    """They are taken when bytes arrive, not when somebody comes round to read."""
    pieces = [HELLO] * 20 + [STOP + DONE]
    reader = StreamReader(read_delta=read_chat_delta, idle_timeout=10.0)
    busy = asyncio.create_task(block_the_loop())
    with serving(request, send(UNTIL_CLOSE, *pieces, every=0.02)) as server:
        exchange = await ask(server.url, content=b"{}", timeout=20, reader=reader)
        busy.cancel()
        sent_at = server.peers[0].sent_at[1:21]

    times = reader.record().content_times
    late = [arrived - sent for arrived, sent in zip(times, sent_at, strict=True)]
    assert min(late) >= 0
    assert median(late) < 0.03
    assert exchange.sent is not None
    assert exchange.sent < sent_at[0]


async def test_phases_of_a_stream() -> None:
    """The first byte ends the wait, and the rest is transfer."""
    exchange, record, _ = await stream_from(
        request, pause(0.2), send(UNTIL_CLOSE + ROLE, HELLO + STOP + DONE, every=0.3)
    )

    assert exchange.sent is not None
    first_token = record.content_times[0] - exchange.sent
    assert 0.19 <= exchange.phases[Phase.WAIT] < 5
    assert 0.29 <= exchange.phases[Phase.TRANSFER] < 5
    assert first_token >= 0.49
