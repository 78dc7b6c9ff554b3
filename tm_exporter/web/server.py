"""Serve the application on the running event loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

import uvicorn
from starlette.types import ASGIApp

from tm_exporter.web import listen
from tm_exporter.web.connection import BoundedConnection
from tm_exporter.web.door import Door
from tm_exporter.web.limits import LONGEST_HEAD
from tm_exporter.web.protection import Current, Protection, none


App = ASGIApp
"""What answers requests."""

_GRACE = 0.2


class WebServer:
    """
    An HTTP server.

    It installs no signal handler and logs no request. A client that is slow or
    does nothing cannot keep it from ending.
    """

    def __init__(
        self,
        app: ASGIApp,
        address: str,
        *,
        protection: Current = none,
        protocol: type[BoundedConnection] = BoundedConnection,
    ) -> None:
        self._address = address
        self._protection = protection
        self._server = _Server(_config(app, protocol), protocol, protection)
        self._serving: asyncio.Task[None] | None = None
        self._listener: socket.socket | None = None

    async def start(self) -> str:
        """
        Listen, and answer from now on.

        Returns:
            The address to reach it at, such as `http://127.0.0.1:9877`.

        Raises:
            ListenError: The address is none, is not ours, or is taken.
        """
        self._listener = listen.bind(self._address)
        url = listen.url(self._listener, tls=self._protection().context is not None)
        serving = self._server.serve(sockets=[self._listener])
        self._serving = asyncio.create_task(serving, name="web server")
        return url

    async def stop(self) -> None:
        """End within half a second, with or without the clients' consent."""
        if self._serving is not None:
            self._server.stopping.set()
            await self._serving
            self._serving = None


class _Server(uvicorn.Server):
    """Uvicorn's server with an end that comes at once and is sure to come."""

    def __init__(
        self,
        config: uvicorn.Config,
        protocol: type[BoundedConnection],
        protection: Current,
    ) -> None:
        super().__init__(config)
        self._protocol = protocol
        self.stopping = asyncio.Event()
        self._protection = protection
        self._doors: list[Door] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Let clients in."""
        self.servers = []
        for each in sockets or ():
            door = Door(
                each,
                cast("set[BoundedConnection]", self.server_state.connections),
                self._protection,
                self._connection,
                handshake_timeout=self._protocol.handshake_timeout,
            )
            door.open()
            self._doors.append(door)
        self.started = True

    def _connection(self, protection: Protection) -> BoundedConnection:
        """Return what speaks HTTP with a client that was let in."""
        made = self._protocol(self.config, self.server_state, self.lifespan.state)
        made.allowed_names = protection.allowed_names
        return made

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield

    async def main_loop(self) -> None:
        """Keep the Date header right until the end, without polling for it."""
        while not self.stopping.is_set():
            await self.on_tick(0)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let answers that are under way be taken for a moment, then cut."""
        for door in self._doors:
            await door.close()
        for each in sockets or ():
            each.close()
        connections = self.server_state.connections
        for connection in tuple(connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE):
                while connections:  # noqa: ASYNC110 -- nothing tells of their end
                    await asyncio.sleep(0.01)
        for connection in tuple(connections):
            connection.transport.abort()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=_GRACE)


def _config(app: ASGIApp, protocol: type[BoundedConnection]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="none",
        http=protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="error",  # what strangers send is no news
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=75,  # longer than the usual scrape interval
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )
