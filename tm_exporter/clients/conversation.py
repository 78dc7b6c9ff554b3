"""One exchange while it goes on: resolve, connect, shake hands, ask, listen."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol

import h11
import httpx

from tm_exporter.clients import certificate
from tm_exporter.clients.answer import Answer
from tm_exporter.clients.connection import Connection, peer_name
from tm_exporter.clients.ended import Ended
from tm_exporter.clients.limits import Limits
from tm_exporter.clients.proxy import Proxy, ProxyRefused, pass_through
from tm_exporter.clients.resolver import Address, IpProtocol, Resolver, literal
from tm_exporter.clients.space import Holding
from tm_exporter.clients.stamps import Stamps
from tm_exporter.clients.trust import looking
from tm_exporter.credentials import SecretUnavailable
from tm_exporter.exchange import Certificate, FaultKind, Phase, Piece, Stage


MOST_ADDRESSES = 8  # of one name that are tried before giving up
_LATE = 0.01  # seconds in which the loop comes round to what is here already
_NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)


class BodyReader(Protocol):
    """Reads a streamed body while it arrives, and says when it has seen enough."""

    idle_timeout: float

    @property
    def waiting_since(self) -> float | None:
        """When the last event came up to the stream's end, or the first byte."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the stream's own end has come."""
        ...

    @property
    def broken(self) -> bool:
        """Whether a fault was found, so that what follows cannot matter."""
        ...

    def feed(self, piece: Piece) -> None:
        """Take the next bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """
    How to get to a host.

    Attributes:
        proxy: Asked to connect us, where there is one.
        context: For the handshake; None for plain http.
        ip_protocol: Which addresses of the name may be used.
    """

    resolver: Resolver
    proxy: Proxy | None
    context: ssl.SSLContext | None
    ip_protocol: IpProtocol


@dataclass(slots=True, kw_only=True)
class Conversation:
    """
    What one exchange has seen so far.

    Raises `Ended` out of its steps; whoever runs it asks `stage` how far it came.
    """

    url: httpx.URL
    route: Route
    limits: Limits
    stamps: Stamps
    clock: Callable[[], float]
    now: Callable[[], float]
    deadline: float  # of the event loop's clock
    held: Holding

    stage: Stage = Stage.PREPARE
    phases: dict[Phase, float] = field(default_factory=dict)
    sent: float | None = None
    peer: str | None = None
    certificate: Certificate | None = None
    held_back: float = 0.0
    answer: Answer = field(init=False)
    time_limit: asyncio.Timeout = field(init=False)  # what ends it at the deadline
    _authorization: str | None = None
    _address: Address | None = None
    _connection: Connection | None = None
    _read_on_at: float = float("-inf")  # when there was space again, after a wait

    def __post_init__(self) -> None:
        self.answer = Answer(self.limits, self.now)

    async def connect(self) -> None:
        """Get a connection on which the request can be written."""
        if self.route.proxy is None:
            self.stage = Stage.DNS
            addresses = await self._resolve(self._host, self._port)
            self.stage = Stage.CONNECT
            with self._phase(Phase.CONNECT):
                await self._connect(addresses)
        else:
            self._authorization = await self._permission(self.route.proxy)
            self.stage = Stage.PROXY
            with self._phase(Phase.PROXY):
                await self._tunnel(self.route.proxy)
        if self.route.context is not None:
            self.stage = Stage.TLS
            with self._phase(Phase.TLS):
                await self._shake_hands(self.route.context)

    async def ask(self, request: httpx.Request) -> None:
        """Write the request."""
        self.stage = Stage.HEAD
        try:
            data = self.answer.request(request)
        except h11.LocalProtocolError:  # whose text may hold a credential
            raise Ended(
                FaultKind.FAILED,
                "a header of the request has a character that no header may have",
                stage=Stage.PREPARE,
            ) from None
        self.sent = self.clock()
        try:
            await self._open.send(data)
        except OSError:
            # The service may have answered and closed before it read all; if it
            # did not, reading finds out what happened.
            return

    async def listen(self, reader: BodyReader | None) -> None:
        """Read the answer: its header, then as much of its body as is wanted."""
        first: float | None = None
        try:
            while not self.answer.has_head:
                stamp, data = await self._receive()
                if first is None and data and self.sent is not None:
                    first = stamp
                    # From before the request is written: who writes may come back
                    # late, and an answer may begin before all is written.
                    self.phases[Phase.WAIT] = first - self.sent
                self.answer.feed_head(stamp, data)
            self.stage = Stage.BODY
            await self._listen_to_body(reader)
        finally:
            if first is not None:
                self.phases[Phase.TRANSFER] = max(0.0, self.clock() - first)

    async def look_at_certificate(self) -> None:
        """
        Shake hands once more without verifying, only to see what was refused.

        No request and no credential goes over that connection.
        """
        if self._address is None or self.certificate is not None:
            return
        self.close()
        try:
            if self.route.proxy is None:
                self._connection = await Connection.open(
                    self._address, self.clock, self.stamps
                )
            else:
                await self._tunnel(self.route.proxy)
            await self._open.start_tls(looking(), self._host)
            self._note_certificate(verified=False)
        except (OSError, Ended):
            return

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise Ended(FaultKind.CLOSED, "the connection is closed")
        return self._connection

    @property
    def _host(self) -> str:
        return self.url.raw_host.decode("ascii")

    @property
    def _port(self) -> int:
        return self.url.port or (443 if self.url.scheme == "https" else 80)

    @contextmanager
    def _phase(self, phase: Phase) -> Iterator[None]:
        """Time a step, whether it succeeds or not."""
        begun = self.clock()
        try:
            yield
        finally:
            self.phases[phase] = self.clock() - begun

    async def _resolve(self, host: str, port: int) -> Sequence[Address]:
        """Return the addresses to try; asking nobody where `host` is one."""
        known = literal(host, port)
        if known:
            return known
        with self._phase(Phase.DNS):
            try:
                found = await self.route.resolver.resolve(
                    host, port, self.route.ip_protocol
                )
            except OSError as error:
                raise _unreachable(error, host) from None
        if not found:
            raise Ended(FaultKind.FAILED, f"{host}: the name has no address")
        return found[:MOST_ADDRESSES]

    async def _connect(self, addresses: Sequence[Address]) -> None:
        """
        Try one address after the other; the last one's failure is told.

        Each has an even share of the time that is left, so that a dead address
        does not take the time of a live one.
        """
        loop = asyncio.get_running_loop()
        failure = Ended(FaultKind.FAILED, "the name has no address")
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            self._address, self.peer = address, peer_name(address)
            share = (self.deadline - loop.time()) / left
            try:
                async with asyncio.timeout(share):
                    self._connection = await Connection.open(
                        address, self.clock, self.stamps
                    )
            except OSError as error:  # TimeoutError is one
                failure = _connect_failure(error, self.peer)
            else:
                return
        try:
            raise failure
        finally:
            del failure  # it holds this frame, which must not hold it

    async def _permission(self, proxy: Proxy) -> str | None:
        """Return what the proxy wants to be shown, None if nothing."""
        try:
            return await proxy.authorization()
        except SecretUnavailable as error:
            raise Ended(FaultKind.FAILED, str(error)) from None

    async def _tunnel(self, proxy: Proxy) -> None:
        """Connect to the proxy and have it connect us to the host."""
        host, port = proxy.url.host, proxy.url.port or 80
        try:
            known = literal(host, port) or await self.route.resolver.resolve(host, port)
            await self._connect(known[:MOST_ADDRESSES])
            await pass_through(self._open, self._host, self._port, self._authorization)
        except ProxyRefused as refused:
            raise Ended(FaultKind.REFUSED, str(refused)) from None
        except OSError as error:
            raise _unreachable(error, f"proxy {host}:{port}") from None

    async def _shake_hands(self, context: ssl.SSLContext) -> None:
        """Make the connection private, and note the certificate shown."""
        try:
            await self._open.start_tls(context, self._host)
        except ssl.SSLCertVerificationError as error:
            raise Ended(
                FaultKind.FAILED, f"certificate: {error.verify_message}", refused=True
            ) from None
        except ssl.SSLError as error:
            raise Ended(FaultKind.FAILED, _tls_text(error)) from None
        except OSError:
            raise Ended(
                FaultKind.CLOSED, "the connection was closed during the handshake"
            ) from None
        self._note_certificate(verified=True)

    def _note_certificate(self, *, verified: bool) -> None:
        der = self._open.leaf
        if der is None:
            return
        with suppress(ValueError):  # one that only OpenSSL can read stays unseen
            self.certificate = certificate.leaf(der, verified=verified)

    async def _receive(self) -> tuple[float, bytes]:
        """Return the next bytes and their stamp; none at the end."""
        try:
            return await self._open.receive()
        except ssl.SSLError as error:
            raise self._private_failure(error) from None
        except OSError as error:
            text = error.strerror or str(error)
            raise Ended(FaultKind.CLOSED, f"connection lost: {text}") from None

    def _private_failure(self, error: ssl.SSLError) -> Ended:
        """Tell a late refusal of the handshake from bytes that are no TLS."""
        if self.stage is not Stage.HEAD:
            return Ended(FaultKind.FAILED, _tls_text(error))
        if "ALERT" in (error.reason or ""):  # TLS 1.3 refuses a client like this
            return Ended(FaultKind.FAILED, _tls_text(error), stage=Stage.TLS)
        return Ended(FaultKind.PROTOCOL, _tls_text(error))

    async def _listen_to_body(self, reader: BodyReader | None) -> None:
        """Read the body as far as its kind of answer is of interest."""
        if not self.answer.is_success:
            try:
                async with asyncio.timeout(self.limits.error_seconds):
                    await self._read_body(self.limits.error_body, None)
            except (Ended, TimeoutError):
                return  # the status decides, whatever becomes of the body
        elif reader is not None and self.answer.is_event_stream:
            await self._read_body(self.limits.stream, reader)
        else:
            await self._read_body(self.limits.body, None)

    async def _read_body(self, limit: int, reader: BodyReader | None) -> None:
        """Read until the body ends, or `reader` has seen enough."""
        if reader is None:
            self.answer.begin_body(limit)
        else:
            self.answer.begin_body(limit, reader.feed)
        while not self.answer.ended and not (reader and reader.broken):
            if self.answer.pending:
                await asyncio.sleep(0)  # a bomb must not keep others waiting
                self.answer.read_on()
            else:
                received = await self._receive_in_time(reader)
                if received is None:
                    return
                self.answer.feed_body(*received)
            await self._hold(self.answer.size * (1 if reader is None else 2))

    async def _hold(self, size: int) -> None:
        """
        Wait until there is memory for so much of the body, and for what it says.

        The service has as much time as if we had read on, unless that takes very long.
        """
        if self.held.grow_at_once(size):
            return
        begun = self.clock()
        self.time_limit.reschedule(self.deadline + self.limits.patience)
        try:
            await self.held.grow(size)
        finally:
            self._read_on_at = self.clock()
            self.held_back += self._read_on_at - begun
        more = min(self.held_back, self.limits.patience)
        self.time_limit.reschedule(self.deadline + more)

    async def _receive_in_time(
        self, reader: BodyReader | None
    ) -> tuple[float, bytes] | None:
        """
        Return the next bytes of a body; None where nobody waits for more.

        Raises:
            Ended: STALLED if a stream that has begun shows no event for too long.
        """
        if reader is None or reader.waiting_since is None:
            return await self._receive()
        if reader.complete:
            left = reader.waiting_since + self.limits.after_end - self.clock()
            try:
                async with asyncio.timeout(left):
                    return await self._receive()
            except (TimeoutError, Ended):
                return None
        # The service cannot go on while we do not read.
        since = max(reader.waiting_since, self._read_on_at)
        return await self._receive_before(since + reader.idle_timeout, reader)

    async def _receive_before(
        self, end: float, reader: BodyReader
    ) -> tuple[float, bytes]:
        """Return the next bytes if they came before a moment, whenever we read them."""
        with suppress(TimeoutError):
            async with asyncio.timeout(end - self.clock()):
                return await self._receive()
        with suppress(TimeoutError):
            async with asyncio.timeout(_LATE):
                stamp, data = await self._receive()
                if stamp <= end:
                    return stamp, data
        raise Ended(FaultKind.STALLED, f"no event for {reader.idle_timeout:g}s")


def _unreachable(error: OSError, host: str) -> Ended:
    """Tell a name that does not resolve from our having no descriptor to ask."""
    if error.errno in _NO_DESCRIPTORS or _none_left():
        return _no_descriptor()
    return Ended(FaultKind.FAILED, f"{host}: {error.strerror or error}")


def _none_left() -> bool:
    """Whether there is no descriptor: a resolver without one need not say so."""
    try:
        socket.socket().close()
    except OSError as error:
        return error.errno in _NO_DESCRIPTORS
    return False


def _no_descriptor() -> Ended:
    return Ended(FaultKind.FAILED, "no file descriptor left", stage=Stage.PREPARE)


def _connect_failure(error: OSError, peer: str) -> Ended:
    """Tell refused, silent and otherwise unreachable apart."""
    if error.errno in _NO_DESCRIPTORS:
        return _no_descriptor()
    if isinstance(error, ConnectionRefusedError):
        return Ended(FaultKind.REFUSED, f"{peer} refused the connection")
    if isinstance(error, TimeoutError):
        return Ended(FaultKind.TIMEOUT, f"{peer} did not answer")
    return Ended(FaultKind.FAILED, f"{peer}: {error.strerror or error}")


def _tls_text(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason in words."""
    words = (error.reason or "failed").replace("_", " ").lower()
    if error.reason == "WRONG_VERSION_NUMBER":
        words += " (does this port speak TLS at all?)"
    return f"TLS: {words}"
