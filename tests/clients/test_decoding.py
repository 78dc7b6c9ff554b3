"""Codings of a body, undone step by step."""

import asyncio
import gzip
import zlib
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clients.asking import ask, stream_from
from tests.scripted_server import answer, chunked, head, request, send, serving
from tm_exporter.clients.decoding import (
    MOST_CODINGS,
    STEP,
    BrokenCoding,
    Decoder,
    decoder_for,
)
from tm_exporter.observation import Reason


MANY = 9_000_000
EVENTS = "Content-Type: text/event-stream"
ZIPPED = "Content-Encoding: gzip"
CODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
}


def in_members(data: bytes) -> bytes:
    """Return gzip of three members, the second one empty."""
    half = len(data) // 2
    return b"".join(map(gzip.compress, (data[:half], b"", data[half:])))


def undone(decoder: Decoder, pieces: list[bytes]) -> list[bytes]:
    """Return the steps that pieces give."""
    steps = []
    for piece in pieces:
        steps.append(decoder.decode(piece, MANY))
        while decoder.pending:
            steps.append(decoder.decode(b"", MANY))
    return steps


@pytest.mark.parametrize("coding", CODINGS)
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.builds(lambda byte, size: byte * size, st.binary(min_size=1, max_size=3),
                  st.integers(0, 4 * STEP)),
    ),
    size=st.integers(1, 500),
)  # fmt: skip
def test_what_was_coded_comes_back_in_steps(
    coding: str, data: bytes, size: int
) -> None:
    """However it is cut into pieces, and never much at a time."""
    coded = CODINGS[coding](data)
    decoder = decoder_for(coding)

    steps = undone(
        decoder, [coded[at : at + size] for at in range(0, len(coded), size)]
    )

    assert b"".join(steps) == data
    assert max(map(len, steps)) <= STEP
    assert decoder.complete


@pytest.mark.parametrize("codings", [MOST_CODINGS + 1, 13_000])
def test_more_codings_than_anyone_needs_are_refused(codings: int) -> None:
    """Each has memory of its own; a header has room for thousands."""
    with pytest.raises(BrokenCoding, match=f"{codings} content encodings"):
        decoder_for(",".join(["gzip"] * codings))

    assert decoder_for("identity," * 13_000 + "gzip").complete
    assert decoder_for(",".join(["gzip"] * MOST_CODINGS)).complete


@given(
    data=st.binary(max_size=200).map(lambda some: some * 300),
    after=st.sampled_from([b"", b"\0", b"\x1f", b"\x1f\x8c more", b"\0\x1f\x8b\x08"]),
    size=st.integers(1, 500),
)
def test_gzip_may_come_in_members(data: bytes, after: bytes, size: int) -> None:
    """As if it were one; what follows them and is none counts for nothing."""
    coded = in_members(data) + after
    decoder = decoder_for("gzip")

    steps = undone(
        decoder, [coded[at : at + size] for at in range(0, len(coded), size)]
    )

    assert b"".join(steps) == data
    assert max(map(len, steps)) <= STEP
    assert decoder.complete


@pytest.mark.parametrize("cut", [1, 10, 19])
def test_a_member_that_is_cut_is_no_end(cut: int) -> None:
    """Though the one before it has ended."""
    decoder = decoder_for("gzip")

    steps = undone(decoder, [(gzip.compress(b"a") + gzip.compress(b"b"))[:-cut]])

    assert steps[0] == b"a"
    assert decoder.complete is False


async def turns_during(asking: "asyncio.Task[object]") -> int:
    """Return how often others had their turn until something was done."""
    turns = 0
    while not asking.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


@pytest.mark.parametrize("byte", [b"\n", b" "], ids=["lines", "spaces"])
@pytest.mark.parametrize("pieces", [1, 500], ids=["at-once", "in-tiny-chunks"])
async def test_a_bomb_leaves_others_their_turn(byte: bytes, pieces: int) -> None:
    """A few bytes that are millions of lines must not hold up everyone's loop."""
    bomb = gzip.compress(byte * MANY)
    size = -(-len(bomb) // pieces)
    parts = [bomb[at : at + size] for at in range(0, len(bomb), size)]
    whole = head(EVENTS, ZIPPED, "Transfer-Encoding: chunked") + chunked(*parts)
    asking = asyncio.create_task(stream_from(request, send(whole)))

    turns = await turns_during(asking)

    assert asking.result()[2] is Reason.TOO_LARGE
    assert turns > (10 if byte == b" " else 100)  # a line of spaces is soon too long


async def test_a_good_compressed_answer_of_many_steps_is_read_whole() -> None:
    """All of it, in order, as one that is not compressed."""
    body = b'{"x": "' + bytes(range(97, 123)) * 20_000 + b'"}'
    with serving(request, send(answer(gzip.compress(body), ZIPPED))) as server:
        exchange = await ask(server.url)

    assert exchange.fault is None
    assert exchange.content == body


async def test_a_step_that_is_exactly_full_is_no_end() -> None:
    """Nor is one that leaves nothing but the checksum."""
    for size in (STEP - 1, STEP, STEP + 1, 2 * STEP):
        body = b'"' + b"x" * (size - 2) + b'"'
        with serving(request, send(answer(gzip.compress(body), ZIPPED))) as server:
            exchange = await ask(server.url)

        assert (exchange.fault, exchange.content) == (None, body)
