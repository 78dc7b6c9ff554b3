"""
When bytes arrived: as the kernel noted it where it does, else as we came to them.

The kernel notes the moment at which a packet came in, before any program is woken,
so a loop that is busy with something else makes no stamp late. Four things are to
be known of that note. It is of the wall clock, and is turned into the loop's clock
by how far the two are apart; when somebody sets the wall clock meanwhile, the note
is not used. It may lack, since the kernel begins to note only when somebody wants
it. Packets that queue up while nobody reads are merged, with the note of the last:
a late loop is repaired as far as a single packet came meanwhile, and else made no
worse. And of TLS it is the moment at which the last byte of a record came.

Source: socket(7) SO_TIMESTAMPNS; Linux Documentation/networking/timestamping.rst.
"""

import contextlib
import math
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol

from tm_exporter.clients.buffer import buffer


Source = Literal["kernel", "user_space"]

CLOCK_SET: Final = 0.0005
"""Seconds by which the clocks drift apart only when somebody sets one of them."""

LACKING: Final = 10
"""Stamps in a row without the kernel's help after which it is told of as lacking."""

_SO_TIMESTAMPNS: Final = 35  # as in asm-generic/socket.h; Python has no name for it
_TIMESPEC: Final = struct.Struct("@ll")

Notes = list[tuple[int, int, bytes]]


class Reading(Protocol):
    """Reads one socket, and says when what it read arrived."""

    def asked(self) -> None:
        """Note that a request leaves now: from now on, stamps matter."""
        ...

    def read(self, size: int) -> tuple[float, bytes]:
        """
        Return what the socket has and when it arrived, by the loop's clock.

        Raises:
            OSError: As `recv` does.
        """
        ...


class Stamps:
    """
    Makes the readings of a process, and knows where their stamps come from.

    Args:
        kernel: Whether to ask the kernel.
        wall: Seconds since the epoch, by the clock that the kernel stamps with.
    """

    def __init__(
        self,
        *,
        kernel: bool = sys.platform == "linux",
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._kernel = kernel
        self._wall = wall
        self._lacking = 0
        self._counts: dict[Source, int] = {"kernel": 0, "user_space": 0}
        self._wanting: socket.socket | None = None

    def start(self) -> None:
        """Have the kernel note arrivals from now on, before anybody reads any."""
        if not self._kernel or self._wanting is not None:
            return
        with contextlib.suppress(OSError):
            self._wanting = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            _want_notes(self._wanting)

    def stop(self) -> None:
        """Let it be."""
        if self._wanting is not None:
            self._wanting.close()
            self._wanting = None

    def reading(self, sock: socket.socket, clock: Callable[[], float]) -> Reading:
        """Return what reads a connected socket, and stamps by a monotonic clock."""
        if self._kernel:
            try:
                _want_notes(sock)
            except OSError:
                self._kernel = False  # nor will any other
            else:
                return _KernelReading(sock, clock, self._wall, self.count)
        return _OwnReading(sock, clock, self.count)

    def count(self, source: Source) -> None:
        """Count a stamp."""
        self._counts[source] += 1
        self._lacking = 0 if source == "kernel" else self._lacking + 1

    @property
    def source(self) -> Source:
        """Where stamps come from now."""
        return "kernel" if self._kernel and self._lacking < LACKING else "user_space"

    @property
    def counts(self) -> Mapping[Source, int]:
        """How many stamps came from each."""
        return self._counts


class _OwnReading:
    """Stamps in the callback in which the loop says that bytes are there."""

    __slots__ = ("_clock", "_count", "_sock")

    def __init__(
        self,
        sock: socket.socket,
        clock: Callable[[], float],
        count: Callable[[Source], None],
    ) -> None:
        self._sock = sock
        self._clock = clock
        self._count = count

    def asked(self) -> None:
        """Note nothing: nothing is stamped before it is read."""

    def read(self, size: int) -> tuple[float, bytes]:
        """Return what the socket has, and the present."""
        room = buffer(size)
        data = bytes(room[: self._sock.recv_into(room)])
        if data:  # else it is the end, which has no stamp
            self._count("user_space")
        return self._clock(), data


class _KernelReading:
    """Stamps by the kernel's note, where there is one that can be true."""

    __slots__ = ("_apart", "_clock", "_count", "_earliest", "_last", "_sock", "_wall")

    def __init__(
        self,
        sock: socket.socket,
        clock: Callable[[], float],
        wall: Callable[[], float],
        count: Callable[[Source], None],
    ) -> None:
        self._sock = sock
        self._clock = clock
        self._wall = wall
        self._count = count
        self._earliest = math.inf
        self._last = self._apart = 0.0

    def asked(self) -> None:
        """Take no note for true that is of an earlier moment."""
        self._apart = self._clocks_apart()
        self._earliest = self._last = self._clock()

    def read(self, size: int) -> tuple[float, bytes]:
        """Return what the socket has, and when the last packet of it came."""
        room = buffer(size)
        count, notes, _, _ = self._sock.recvmsg_into((room,), _NOTES_SIZE)
        now = self._clock()
        data = bytes(room[:count])
        if now < self._earliest or not data:  # nobody has asked yet, or it is the end
            return now, data
        noted = self._noted(notes, now)
        self._count("user_space" if noted is None else "kernel")
        # What was queued behind a stamp of our own may have come before that.
        self._last = max(self._last, now if noted is None else noted)
        return self._last, data

    def _noted(self, notes: Notes, now: float) -> float | None:
        """Return the kernel's moment by our clock, None where it cannot be true."""
        wall = _wall_time(notes)
        if wall is None:
            return None
        before, self._apart = self._apart, self._clocks_apart()
        if abs(self._apart - before) > CLOCK_SET:
            return None
        moment = wall - self._apart
        return moment if self._earliest <= moment <= now else None

    def _clocks_apart(self) -> float:
        """Return by how much the wall clock is ahead of ours."""
        # Ours is read first: who is interrupted between the two reads too much.
        clock, wall = self._clock, self._wall
        return min(-clock() + wall(), -clock() + wall())


_NOTES_SIZE = socket.CMSG_SPACE(_TIMESPEC.size) if hasattr(socket, "CMSG_SPACE") else 0


def _want_notes(sock: socket.socket) -> None:
    """Have the kernel note when the bytes of a socket arrive."""
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def _wall_time(notes: Notes) -> float | None:
    """Return the moment that came with some bytes, None if none did."""
    for level, kind, data in notes:
        is_time = level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS
        if is_time and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            return float(seconds + nanoseconds / 1e9)
    return None
