"""
Takes connections in, TLS handshakes included, as many as there is room for.

Those who keep us waiting give way, strangers first: however many clients open
connections and say nothing, there is room for one that asks.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from operator import itemgetter

from tm_exporter.web.connection import BoundedConnection
from tm_exporter.web.protection import Current, Protection


MOST_CONNECTIONS = 64
"""Open at a time, in handshakes or after; with TLS each costs a quarter megabyte."""

_FAREWELL = 1.0  # seconds for the end of TLS, which nobody needs to wait for
_PAUSE = 0.1  # where there is no descriptor left: the next one to end leaves one

Make = Callable[[Protection], BoundedConnection]
_Silent = tuple[float, Callable[[], None]]  # since when, and how to end it


class Door:
    """
    Accepts on one socket.

    Args:
        listener: The socket.
        connections: Those that are in; each adds and removes itself.
        protection: Whether there is TLS, and what kind.
        make: Returns what speaks HTTP on a connection.
        handshake_timeout: Seconds in which a TLS handshake must be done.
    """

    def __init__(
        self,
        listener: socket.socket,
        connections: Iterable[BoundedConnection],
        protection: Current,
        make: Make,
        *,
        handshake_timeout: float,
    ) -> None:
        self._listener = listener
        self._connections = connections
        self._protection = protection
        self._make = make
        self._handshake_timeout = handshake_timeout
        self._coming: dict[asyncio.Task[None], float] = {}  # since when
        self._accepting: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Let clients in from now on."""
        self._accepting = asyncio.create_task(self._accept(), name="door")

    async def close(self) -> None:
        """Let nobody in any more, nor those in the middle of a handshake."""
        ending = [*self._coming, *([self._accepting] if self._accepting else [])]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(self._listener)
            except OSError:
                await asyncio.sleep(_PAUSE)
                continue
            self._make_room()
            coming = loop.create_task(self._let_in(client), name="handshake")
            self._coming[coming] = loop.time()
            coming.add_done_callback(partial(self._arrived, client))
            await asyncio.sleep(0)  # a crowd at the door is no reason to stop the rest

    async def _let_in(self, client: socket.socket) -> None:
        """Do the handshake, if there is TLS; who fails is gone without a word."""
        protection = self._protection()
        timeouts = {
            "ssl_handshake_timeout": self._handshake_timeout,
            "ssl_shutdown_timeout": _FAREWELL,
        }
        with suppress(OSError):  # errors of TLS and time are such ones, too
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._make(protection),
                client,
                ssl=protection.context,
                **(timeouts if protection.context else {}),
            )

    def _arrived(self, client: socket.socket, coming: asyncio.Task[None]) -> None:
        self._coming.pop(coming, None)
        if coming.cancelled():
            client.close()

    def _turn_away(self, coming: asyncio.Task[None]) -> None:
        """End a handshake, and count it no more: its end takes a moment."""
        del self._coming[coming]
        coming.cancel()

    def _make_room(self) -> None:
        """Where the house is full, cut off who keeps us waiting longest."""
        inside = tuple(self._connections)
        if len(inside) + len(self._coming) < MOST_CONNECTIONS:
            return
        strangers: list[_Silent] = [
            (since, partial(self._turn_away, task))
            for task, since in self._coming.items()
        ]
        friends: list[_Silent] = []
        for each in inside:
            if each.silent_since is not None:
                whose = friends if each.is_welcome else strangers
                whose.append((each.silent_since, each.cut))
        # Up to half the room is kept for those who were let through before.
        many = friends if len(friends) > MOST_CONNECTIONS // 2 else strangers
        if many or friends:
            min(many or friends, key=itemgetter(0))[1]()
