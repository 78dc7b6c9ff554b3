"""One client's connection, with bounds on how long it may take over anything."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


class Patience:
    """A deadline that can be set again and again, and called off."""

    def __init__(self, seconds: float, end: Callable[[], None]) -> None:
        self._seconds = seconds
        self._end = end
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to wait, unless that has begun already."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._seconds, self._end)

    def stop(self) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class BoundedConnection(H11Protocol):
    """
    HTTP/1.1 as uvicorn speaks it, without patience for slow clients.

    A request must be complete within `request_timeout` seconds of the connection
    or of its own first byte, and an answer be taken within `response_timeout`
    seconds of the client's falling behind. Else the connection is cut: nothing
    in uvicorn bounds the two, and such clients could use up all connections.
    """

    request_timeout = 10.0
    response_timeout = 30.0

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._for_request = Patience(self.request_timeout, self._cut)
        self._for_reader = Patience(self.response_timeout, self._cut)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._for_request.start()

    def connection_lost(self, exc: Exception | None) -> None:
        """End all waiting."""
        self._for_request.stop()
        self._for_reader.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, or all of it."""
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._for_request.start()
        else:
            self._for_request.stop()

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not take its answer."""
        super().pause_writing()
        self._for_reader.start()

    def resume_writing(self) -> None:
        """Go on: the client took enough of it."""
        self._for_reader.stop()
        super().resume_writing()

    def _cut(self) -> None:
        self.transport.abort()
