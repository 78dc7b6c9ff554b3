"""When bytes arrived: the kernel's note where it can be true, else our own clock."""

import asyncio
import ssl
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from socket import SOL_SOCKET, socket
from typing import Any, cast

import pytest

from tests.clients.asking import ask, make_transport
from tests.scripted_server import Step, handshake, head, pause, request, send, serving
from tm_exporter.clients.stamps import LACKING, Reading, Stamps
from tm_exporter.clients.trust import TrustSet
from tm_exporter.exchange import Phase


EPOCH = 1_800_000_000.0
"""By how much the wall clock of these tests is ahead of the other."""

BLOCK = 0.02
"""Seconds for which something else keeps the loop."""

EVERY = 0.025
"""Seconds between two events: more than a block, so that no two are merged."""

EVENT = b"data: {}\n\n"
EVENTS = 12


@dataclass
class Kernel:
    """
    A socket, and both clocks.

    Attributes:
        noted: Monotonic seconds of the note with what is read next; None for none.
        refuses: Whether it knows no such option.
        data: What is read; empty at the end.
    """

    clock: float = 100.0
    ahead: float = EPOCH
    noted: float | None = None
    refuses: bool = False
    data: bytes = b"x"
    notes: list[tuple[int, int, bytes]] = field(default_factory=list)

    def setsockopt(self, *_: int) -> None:
        """Begin to note arrivals."""
        if self.refuses:
            raise OSError(92, "Protocol not available")

    def recv_into(self, room: memoryview) -> int:
        """Give bytes."""
        room[: len(self.data)] = self.data
        return len(self.data)

    def recvmsg_into(
        self, rooms: Sequence[memoryview], *_: int
    ) -> tuple[int, list[tuple[int, int, bytes]], int, None]:
        """Give bytes with the note of their arrival."""
        notes = list(self.notes)
        if self.noted is not None:
            seconds, rest = divmod(round((self.noted + self.ahead) * 1e9), 10**9)
            notes.append((SOL_SOCKET, 35, struct.pack("@ll", seconds, rest)))
        return self.recv_into(rooms[0]), notes, 0, None

    def stamps(self) -> Stamps:
        """Return stamps by these clocks."""
        return Stamps(kernel=True, wall=lambda: self.clock + self.ahead)

    def reading(self, stamps: Stamps) -> Reading:
        """Return what reads this socket, on which something was asked at 100."""
        reading = stamps.reading(cast("Any", self), lambda: self.clock)
        reading.asked()
        return reading


@pytest.mark.parametrize(
    ("noted", "stamp", "source"),
    [
        pytest.param(100.5, 100.5, "kernel", id="while-we-were-busy"),
        pytest.param(100.0, 100.0, "kernel", id="at-once"),
        pytest.param(99.9, 101.0, "user_space", id="before-it-was-asked-for"),
        pytest.param(101.1, 101.0, "user_space", id="in-the-future"),
        pytest.param(None, 101.0, "user_space", id="no-note"),
    ],
)
def test_the_note_is_taken_where_it_can_be_true(
    noted: float | None, stamp: float, source: str
) -> None:
    """Something is asked at 100, and read at 101."""
    kernel = Kernel()
    stamps = kernel.stamps()
    reading = kernel.reading(stamps)
    kernel.clock, kernel.noted = 101.0, noted

    found, _ = reading.read(10)

    assert found == pytest.approx(stamp, abs=1e-5)
    assert {k: n for k, n in stamps.counts.items() if n} == {source: 1}


@pytest.mark.parametrize("step", [-3600.0, -0.01, 0.01, 3600.0])
def test_a_wall_clock_that_is_set_costs_one_note(step: float) -> None:
    """Nobody knows whether the note was of before; the next one is of after."""
    kernel = Kernel()
    reading = kernel.reading(kernel.stamps())
    kernel.clock, kernel.noted = 101.0, 100.5
    kernel.ahead += step
    first, _ = reading.read(10)
    kernel.clock, kernel.noted = 102.0, 101.5

    assert first == 101.0
    assert reading.read(10)[0] == pytest.approx(101.5, abs=1e-5)


def test_stamps_never_go_back() -> None:
    """What was queued behind a stamp of our own came before that, truly."""
    kernel = Kernel()
    reading = kernel.reading(kernel.stamps())
    kernel.clock = 101.0
    reading.read(10)
    kernel.noted = 100.5

    assert reading.read(10)[0] == 101.0


def test_a_note_of_another_kind_is_none() -> None:
    """As of a system whose moments have another form, or of other options."""
    kernel = Kernel(notes=[(SOL_SOCKET, 35, b"short"), (SOL_SOCKET, 1, bytes(16))])
    reading = kernel.reading(kernel.stamps())
    kernel.clock = 101.0

    assert reading.read(10)[0] == 101.0


def test_what_comes_before_anything_is_asked_counts_nowhere() -> None:
    """A handshake is timed by itself."""
    kernel = Kernel(noted=99.0)
    stamps = kernel.stamps()
    reading = stamps.reading(cast("Any", kernel), lambda: kernel.clock)

    assert reading.read(10) == (100.0, b"x")
    assert set(stamps.counts.values()) == {0}


@pytest.mark.parametrize("refuses", [False, True], ids=["kernel", "our own"])
def test_the_end_of_what_comes_is_no_stamp(refuses: bool) -> None:  # noqa: FBT001 -- a case
    """Nothing arrived, so nothing says where its time came from."""
    kernel = Kernel(noted=99.0, refuses=refuses, data=b"")
    stamps = kernel.stamps()

    assert kernel.reading(stamps).read(100) == (100.0, b"")
    assert set(stamps.counts.values()) == {0}


def test_a_system_without_notes_is_told_of() -> None:
    """The first refusal is enough, and bytes are stamped all the same."""
    kernel = Kernel(refuses=True)
    stamps = kernel.stamps()
    before: str = stamps.source

    found = kernel.reading(stamps).read(10)

    assert (before, stamps.source) == ("kernel", "user_space")
    assert found == (100.0, b"x")
    assert stamps.counts == {"kernel": 0, "user_space": 1}


def test_notes_that_lack_again_and_again_are_told_of() -> None:
    """One that lacks now and then is not, and one that comes ends it."""
    kernel = Kernel()
    stamps = kernel.stamps()
    reading = kernel.reading(stamps)
    kernel.clock = 101.0
    sources = []
    for noted in (None, 100.5, *[None] * LACKING, 100.9):
        kernel.noted = noted
        reading.read(10)
        sources.append(stamps.source)

    assert sources == ["kernel"] * (LACKING + 1) + ["user_space", "kernel"]


def test_stamps_end_as_often_as_one_likes() -> None:
    """And begin again."""
    stamps = Stamps()

    for _ in range(2):
        stamps.start()
        stamps.start()
        stamps.stop()
        stamps.stop()


@asynccontextmanager
async def blocked_loop() -> AsyncIterator[None]:
    """Let something keep the loop again and again."""

    async def block() -> None:
        while True:
            time.sleep(BLOCK)  # noqa: ASYNC251 -- what this is about
            await asyncio.sleep(0.002)

    task = asyncio.create_task(block())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def lateness(stamps: Stamps, tls: ssl.SSLContext | None, ca: Path) -> list[float]:
    """Return by how much the stamps of a stream's pieces are late, in order."""
    steps: list[Step] = [] if tls is None else [handshake(tls)]
    events = send(*[EVENT] * EVENTS, every=EVERY)
    with serving(*steps, request, send(head()), pause(EVERY), events) as server:
        url = server.address("http" if tls is None else "https")
        transport = make_transport(stamps=stamps, trust=TrustSet(ca_bundle=ca))
        async with blocked_loop():
            exchange = await ask(url, transport=transport)
        sent = server.peers[0].sent_at[-EVENTS:]
    ends = accumulate(len(piece.data) // len(EVENT) for piece in exchange.body)
    pieces = zip(exchange.body, ends, strict=True)  # of merged ones, the last counts
    return sorted(piece.arrived - sent[end - 1] for piece, end in pieces)


@pytest.mark.parametrize("private", [False, True], ids=["plain", "tls"])
async def test_a_busy_loop_makes_no_stamp_of_the_kernel_late(
    server_tls: ssl.SSLContext, ca_bundle: Path, *, private: bool
) -> None:
    """Where our own are late by as long as it was busy."""
    tls = server_tls if private else None

    stamps = Stamps(kernel=True)
    for _ in range(5):  # a machine that is busy with other things disturbs some
        ours = await lateness(Stamps(kernel=False), tls, ca_bundle)
        noted = await lateness(stamps, tls, ca_bundle)
        if noted[-3] < 0.001:
            break

    assert ours[-3] > BLOCK / 2
    assert 0 < noted[-3] < 0.001
    assert stamps.source == "kernel"


class Preempted(asyncio.SelectorEventLoop):
    """A loop that somebody else's work keeps right after a request has left."""

    async def sock_sendall(self, sock: socket, data: Any) -> None:
        """Send, and come back late."""
        await super().sock_sendall(sock, data)
        time.sleep(0.05)  # noqa: ASYNC251 -- that is what is tested


def test_the_wait_begins_when_the_request_leaves() -> None:
    """Who comes back late from sending must not find the service too quick."""
    with (
        serving(
            request, pause(0.03), send(b"HTTP/1.1 204 No Content\r\n\r\n")
        ) as server,
        asyncio.Runner(loop_factory=Preempted) as runner,
    ):
        exchange = runner.run(ask(server.url, timeout=10))

    assert exchange.phases[Phase.WAIT] >= 0.03
