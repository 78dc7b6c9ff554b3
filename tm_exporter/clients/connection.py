"""
A connection of our own: a non-blocking socket on the loop, TLS over memory.

Bytes are stamped with the moment at which the kernel got them, or else in the very
callback in which the loop says that they are there, before anything is decrypted or
parsed; a library's stream would stamp them when its reader came round to it, tens of
milliseconds late on a busy loop.
"""

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from tm_exporter.clients.buffer import LARGEST, buffer
from tm_exporter.clients.connecting import connect
from tm_exporter.clients.resolver import Address
from tm_exporter.clients.stamps import Stamps


MOST_QUEUED = 8 * 1024
"""Bytes that are taken off a socket before anyone has read them."""

_READ_SIZE = 8 * 1024


class Connection:
    """
    One connected socket.

    Args:
        sock: Connected and non-blocking; closed by `close`.
        clock: Monotonic seconds, for the stamps.
        stamps: Where these come from.
    """

    def __init__(
        self, sock: socket.socket, clock: Callable[[], float], stamps: Stamps
    ) -> None:
        self._sock = sock
        self._reading = stamps.reading(sock, clock)
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[tuple[float, bytes]] = deque()
        self._queued = 0
        self._is_held = False  # more would be queued than may be
        self._ended_at: float | None = None
        self._error: OSError | None = None  # why it ended, if not by a plain close
        self._waiter: asyncio.Future[None] | None = None
        self._tls: ssl.SSLObject | None = None
        self._tls_error: ssl.SSLError | None = None  # behind what was good
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._loop.add_reader(sock.fileno(), self._on_readable)

    @classmethod
    async def open(
        cls, address: Address, clock: Callable[[], float], stamps: Stamps
    ) -> "Connection":
        """
        Connect to an address.

        Raises:
            OSError: The system would not give a socket, or the connect failed.
        """
        family, where = address
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await connect(sock, where)
            return cls(sock, clock, stamps)
        except BaseException:
            sock.close()
            raise

    @property
    def leaf(self) -> bytes | None:
        """The DER form of the certificate which the peer showed."""
        return self._tls.getpeercert(binary_form=True) if self._tls else None

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """
        Shake hands.

        Raises:
            ssl.SSLError: It failed, or the certificate is not to be believed.
            OSError: The peer closed or reset the connection.
        """
        self._tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=host
        )
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
            except ssl.SSLError:
                with contextlib.suppress(OSError):  # the alert is a courtesy
                    await self._flush()
                raise
            else:
                return await self._flush()
            _, data = await self._next()
            if not data:
                raise ConnectionResetError("closed during the handshake")
            self._incoming.write(data)

    async def send(self, data: bytes) -> None:
        """
        Write all of `data`.

        Raises:
            OSError: The peer does not read any more.
        """
        self._reading.asked()
        if self._tls is None:
            return await self._loop.sock_sendall(self._sock, data)
        view = memoryview(data)
        while view:
            view = view[self._tls.write(view) :]
        return await self._flush()

    async def receive(self) -> tuple[float, bytes]:
        """
        Return the next bytes and when they arrived; no bytes at the end.

        Raises:
            OSError: The connection was reset.
            ssl.SSLError: What came is not what TLS allows.
        """
        if self._tls is None:
            return await self._next()
        stamp = self._clock()
        while True:
            plain = self._decrypt()  # some may have come with the handshake
            if self._outgoing.pending:  # an answer of the protocol's own
                await self._flush()
            if plain is not None:
                return stamp, plain
            stamp, data = await self._next()
            if not data:
                return stamp, b""
            self._incoming.write(data)

    def close(self) -> None:
        """Give the socket back; harmless when done twice."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
        self._sock.close()
        self._error = self._tls_error = None  # which may hold frames that hold this

    def _decrypt(self) -> bytes | None:
        """Return what TLS has ready: empty at its end, None if nothing is."""
        assert self._tls is not None  # noqa: S101 -- for the type checker
        if self._tls_error is not None:
            raise self._tls_error
        parts: list[bytes] = []
        room = buffer()
        while True:
            try:
                count = cast("int", self._tls.read(LARGEST, room))
                part = bytes(room[:count])
            except ssl.SSLWantReadError:
                return b"".join(parts) if parts else None
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                part = b""
            except ssl.SSLError as error:
                if not parts:
                    raise
                self._tls_error = error  # what came before it counts
                return b"".join(parts)
            if not part:
                self._finish(None)
                return b"".join(parts)
            parts.append(part)

    async def _flush(self) -> None:
        """Send what TLS wrote into memory."""
        data = self._outgoing.read()
        if data:
            await self._loop.sock_sendall(self._sock, data)

    async def _next(self) -> tuple[float, bytes]:
        """Return the next bytes off the socket, waiting for them."""
        while not self._arrived:
            if self._error is not None:
                raise self._error
            if self._ended_at is not None:
                return self._ended_at, b""
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        arrived = self._arrived.popleft()
        self._queued -= len(arrived[1])
        if self._is_held and self._queued < MOST_QUEUED and self._ended_at is None:
            self._is_held = False
            self._loop.add_reader(self._sock.fileno(), self._on_readable)
        return arrived

    def _on_readable(self) -> None:
        """
        Take what the socket has, and wake the reader.

        All that it has: uvloop tells only once of a connection that broke, and then
        there may be bytes that came before it did.
        """
        while self._take():
            pass
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _take(self) -> bool:
        """Take some bytes, stamp them, and return whether there may be more."""
        try:
            stamp, data = self._reading.read(_READ_SIZE)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError as error:
            self._finish(error)
            return False
        if data:
            self._arrived.append((stamp, data))
            self._hold(len(data))
        else:
            self._finish(None)
        return bool(data) and not self._is_held

    def _hold(self, size: int) -> None:
        """Count what is queued; leave the rest to the socket if that is too much."""
        self._queued += size
        if self._queued >= MOST_QUEUED:
            self._is_held = True
            self._loop.remove_reader(self._sock.fileno())

    def _finish(self, error: OSError | None) -> None:
        """Note that nothing more will come, and stop asking."""
        if self._ended_at is None:
            self._ended_at, self._error = self._clock(), error
            self._loop.remove_reader(self._sock.fileno())


def peer_name(address: Address) -> str:
    """Return an address as `host:port`, an IPv6 one in brackets."""
    where: tuple[Any, ...] = address[1]
    host = f"[{where[0]}]" if ":" in where[0] else where[0]
    return f"{host}:{where[1]}"
