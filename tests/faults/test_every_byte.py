"""A whole answer, cut off at every byte of it."""

from collections.abc import Callable
from itertools import count

import pytest

from tests.faults.probing import probe
from tests.faults.scene import Way, World
from tests.probes.conftest import MODEL
from tests.scripted_server import (
    Peer,
    Step,
    answer,
    chunked,
    head,
    request,
    reset,
    serving,
)
from tests.verdict.answers import DONE, chat, chunk
from tm_exporter import runner
from tm_exporter.fault_matrix import Sort
from tm_exporter.observation import Reason


LOST, TRUNCATED = Reason.CONNECTION_LOST, Reason.STREAM_TRUNCATED
HEAD = head("Content-Type: text/event-stream", "Transfer-Encoding: chunked")
EVENTS = (chunk({"content": "hello"}, model=MODEL), chunk({}, "stop", model=MODEL))
STREAM = HEAD + chunked(*EVENTS, DONE)
LINE = STREAM.index(b"\r\n", len(HEAD)) + 2
"""Where the first byte of the stream itself is, behind the size of its chunk."""
END = STREAM.index(DONE) + len(DONE.rstrip())
Expected = Callable[[int], Reason | None]


def cut_at_each(whole: bytes, *ending: Step) -> Step:
    """Return the step that sends one byte more to each connection, then ends it."""
    sizes = count()

    def step(peer: Peer) -> None:
        request(peer)
        peer.sock.sendall(whole[: next(sizes)])
        for each in ending:
            each(peer)

    return step


def of_stream(at: int) -> Reason | None:
    """Return what a stream comes to of which so many bytes came."""
    if at <= LINE:
        return LOST
    return TRUNCATED if at < END else None


ANSWERS: list[tuple[str, Sort, bytes, Expected]] = [
    ("health", "health", answer(b'{"status": "ok"}'), lambda _: LOST),
    ("chat", "whole", answer(chat(model=MODEL)), lambda _: LOST),
    ("chat_stream", "streamed", STREAM, of_stream),
]


@pytest.mark.parametrize("ending", [[], [reset]], ids=["closed", "reset"])
@pytest.mark.parametrize(
    ("kind", "sort", "whole", "expected"),
    [pytest.param(*row, id=row[0]) for row in ANSWERS],
)
async def test_an_answer_that_ends_at_any_byte(
    *,
    world: World,
    kind: str,
    sort: Sort,
    whole: bytes,
    expected: Expected,
    ending: list[Step],
) -> None:
    """No byte is special: lost, or truncated once the stream has begun."""
    with serving(cut_at_each(whole, *ending)) as server:
        asking = probe(world, Way(port=server.port), kind, sort)
        found = [(await runner.run(asking)).verdict.reason for _ in range(len(whole))]
        complete = await runner.run(asking)

    wrong = [at for at, reason in enumerate(found) if reason is not expected(at)]
    assert [(whole[:at][-20:], found[at]) for at in wrong] == []
    assert complete.verdict.passed
