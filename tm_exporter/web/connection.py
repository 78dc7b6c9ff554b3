"""One client's connection, with bounds on how long it may take over anything."""

import asyncio
import http
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from tm_exporter.web.security import HEADERS


GIVEN_UP = frozenset(("/probe",))
"""What goes on only for as long as its client shows that it waits."""


WELCOME = "welcome"
"""In the state of a request whose client may have what it asks for."""


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

    Attributes:
        allowed_names: One of these must be in a client's certificate, if it shows
            one; None where any name will do.
        silent_since: When we began to wait for the client, by the loop's clock;
            None while it waits for us.
    """

    handshake_timeout = 10.0  # of TLS, before it is one of these
    request_timeout = 10.0
    response_timeout = 30.0
    last_answer_timeout = 1.0  # where the client has closed its half

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.allowed_names: frozenset[str] | None = None
        self.silent_since: float | None = None
        self.is_welcome = False
        self._for_request = Patience(self.request_timeout, self.cut)
        self._for_reader = Patience(self.response_timeout, self._cut_unless_read)
        self._for_last_answer = Patience(self.last_answer_timeout, self.cut)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request, if the client may send one."""
        super().connection_made(cast("asyncio.Transport", transport))
        self._wait()
        self._for_request.start()
        if not may_come(transport.get_extra_info("peercert"), self.allowed_names):
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """End all waiting."""
        self._for_request.stop()
        self._for_reader.stop()
        self._for_last_answer.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, or all of it."""
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._for_request.start()
        else:
            self._for_request.stop()
            self._note_work()

    def eof_received(self) -> bool | None:  # type: ignore[override]  # as asyncio has it
        """
        Answer what was asked, though the client will say nothing more.

        It may be gone for good as well, so that a long answer is not gone on with.
        """
        is_dear = self._is_working and self.scope["path"] in GIVEN_UP
        if is_dear:  # it has most likely gone away
            return None
        if self._is_working and self.scheme == "http":  # TLS ends both ways at once
            self.cycle.keep_alive = False
            self._for_last_answer.start()
            return True
        return None

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not take its answer."""
        super().pause_writing()
        self._wait()
        self._for_reader.start()

    def resume_writing(self) -> None:
        """Go on: the client took enough of it."""
        self._for_reader.stop()
        super().resume_writing()
        self._note_work()

    def on_response_complete(self) -> None:
        """Wait for the next request, and for the last answer to be taken."""
        self._wait()
        self.is_welcome |= self.scope.get("state", {}).get(WELCOME, False)
        super().on_response_complete()
        self._note_work()  # where the next request was there already
        if self.transport.get_write_buffer_size():
            self._for_reader.start()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, or end where an answer is under way already."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.cut()
            return
        if self._is_working:  # its body is what is wrong: one answer is enough
            self.cycle.keep_alive = False
            return
        headers = [
            *self.server_state.default_headers,
            *((name.encode(), value.encode()) for name, value in HEADERS.items()),
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"connection", b"close"),
        ]
        reason = http.HTTPStatus.BAD_REQUEST.phrase.encode()
        for event in (
            h11.Response(status_code=400, headers=headers, reason=reason),
            h11.Data(data=f"{msg}\n".encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def cut(self) -> None:
        """End the connection at once."""
        self.connections.discard(self)
        self.transport.abort()

    @property
    def _is_working(self) -> bool:
        """Whether there is a request that is not answered yet."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        self.silent_since = self.loop.time()

    def _note_work(self) -> None:
        if self._is_working:
            self.silent_since = None

    def _cut_unless_read(self) -> None:
        self._for_reader.stop()
        if self.transport.get_write_buffer_size():
            self.cut()


def may_come(
    certificate: Mapping[str, Any] | None, allowed: frozenset[str] | None
) -> bool:
    """
    Whether a client is let in: it shows no certificate, or one with such a name.

    Args:
        certificate: As ssl.SSLSocket.getpeercert gives it.
        allowed: Names of hosts, addresses, e-mail addresses or URIs.
    """
    if allowed is None or not certificate:
        return True
    return any(
        _plain(kind, name) in allowed
        for kind, name in certificate.get("subjectAltName", ())
    )


def _plain(kind: str, name: str) -> str:
    """Return a name as people write it; OpenSSL writes IPv6 addresses in full."""
    if kind != "IP Address":
        return name
    try:
        return str(ip_address(name.strip()))
    except ValueError:
        return name
