"""
What stands between a probe and a simulated service, so that a fault can be put there.

A fault is an `Injection`: called with the world, it opens whatever servers it needs
and returns the way that the probe has to go.
"""

import contextlib
import gzip
import http.client
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import trustme
from pydantic import SecretStr

from tests.clients.asking import ScriptedResolver
from tests.clients.certificates import tls_of
from tests.scripted_server import (
    PATIENCE,
    Peer,
    Step,
    answer,
    handshake,
    request,
    send,
    serving,
)
from tests.service import Service
from tm_exporter.clients.proxy import Proxy
from tm_exporter.clients.resolver import Address, Resolver
from tm_exporter.clients.trust import TrustSet
from tm_exporter.config.secrets import ValueSecret
from tm_exporter.credentials import Secret


LONG = 10.0
"""Seconds that no run takes, unless something is wrong."""

SHORT = 0.1
"""Seconds of a run that is to run out of time."""

NAME = "service.test"
EVENTS = "text/event-stream"
NO_SUCH_NAME = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@dataclass(frozen=True, kw_only=True)
class World:
    """
    What all cases share.

    Attributes:
        service: A simulated one that is well.
        authority: Signs what servers show.
        ca_bundle: The file with its certificate.
        deaf: A port that answers no connection.
    """

    service: Service
    authority: trustme.CA
    ca_bundle: Path
    deaf: int

    @property
    def port(self) -> int:
        """Where the service listens."""
        return httpx.URL(self.service.url).port or 0

    @property
    def trust(self) -> TrustSet:
        """Whom a probe believes."""
        return TrustSet(ca_bundle=self.ca_bundle)

    def tls(self, *names: str) -> ssl.SSLContext:
        """Return the TLS of a server that is called so."""
        return tls_of(self.authority.issue_cert(*(names or (NAME,))))


@dataclass(frozen=True, kw_only=True)
class Way:
    """
    How a probe gets to the service, and how long it waits.

    Attributes:
        port: Where it is sent.
        scheme: Of its URL.
        host: Of its URL.
        resolver: Knows the host.
        trust: Whom it believes.
        proxy: Which it goes through.
        secret: Shown on every route, where it is not the right one.
        timeout: Of its runs.
        idle: Seconds without an event; who asks for no stream has them as timeout.
        section: More of its configuration.
        runs: How often it runs; the last one is judged.
        around: Entered for as long as it runs.
    """

    port: int = 9
    scheme: str = "http"
    host: str = "127.0.0.1"
    resolver: Resolver = field(default_factory=ScriptedResolver)
    trust: TrustSet = TrustSet()  # noqa: RUF009 -- frozen
    proxy: Proxy | None = None
    secret: Secret | None = None
    timeout: float = LONG
    idle: float | None = None
    section: dict[str, Any] = field(default_factory=dict)
    runs: int = 1
    around: Callable[[], AbstractContextManager[Any]] = contextlib.nullcontext


Injection = Callable[[World, ExitStack], Way]


@dataclass(frozen=True)
class Good:
    """
    A good answer to the request at hand.

    Attributes:
        body: All of it, in no coding.
        media: Its content type.
    """

    body: bytes
    media: str

    @property
    def half(self) -> bytes:
        """The first half of its body."""
        return self.body[: len(self.body) // 2]

    @property
    def events(self) -> list[bytes]:
        """The events of a stream."""
        return [each + b"\n\n" for each in self.body.split(b"\n\n") if each]

    @property
    def type_header(self) -> str:
        """Its content type as a header."""
        return f"Content-Type: {self.media}"

    def saying(self, payload: bytes) -> bytes:
        """Return a body of the same form that says something else."""
        return b"data: " + payload + b"\n\n" if self.media == EVENTS else payload

    def sent(self, *headers: str, **changes: Any) -> bytes:
        """Return the whole answer as it is sent."""
        return answer(self.body, *headers, **{"media": self.media, **changes})

    def zipped(self, body: bytes, coding: str = "gzip") -> bytes:
        """Return an answer whose body is said to be in a coding."""
        return answer(body, f"Content-Encoding: {coding}", media=self.media)


Turn = Callable[[Good], Iterable[Step]]
"""Makes of a good answer what is done in its place."""


def ask_service(port: int, asked: bytes) -> Good:
    """Return the good answer to a request."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as sock:
        sock.sendall(asked)
        told = http.client.HTTPResponse(sock)
        told.begin()
        body = told.read()
    media = (told.getheader("content-type") or "application/json").partition(";")[0]
    return Good(body or b'{"status": "ok"}', media)


def in_place_of(port: int, turn: Turn) -> Step:
    """Return the step that takes a request, and makes something of its answer."""

    def step(peer: Peer) -> None:
        request(peer)
        for each in turn(ask_service(port, bytes(peer.received))):
            each(peer)

    return step


def forget(peer: Peer) -> None:
    """Forget what came, so that the next request can be waited for."""
    peer.received.clear()


def loopback(port: int) -> Address:
    """Return the address of a port of this machine."""
    return (socket.AF_INET, ("127.0.0.1", port))


def found_at(*ports: int) -> ScriptedResolver:
    """Return a resolver that finds every name on these ports."""
    return ScriptedResolver([loopback(port) for port in ports])


def proxy_at(port: int) -> Proxy:
    """Return a proxy on a port of this machine."""
    return Proxy(httpx.URL(f"http://127.0.0.1:{port}"))


def served(*steps: Step, **way: Any) -> Injection:
    """Have a server do these steps, over plain HTTP."""

    def inject(_: World, stack: ExitStack) -> Way:
        return Way(port=stack.enter_context(serving(*steps)).port, **way)

    return inject


def answered(*steps: Step, **way: Any) -> Injection:
    """Have a server do these steps once it has the request."""
    return served(request, *steps, **way)


def turned(turn: Turn, **way: Any) -> Injection:
    """Have a server make something of the good answer."""

    def inject(world: World, stack: ExitStack) -> Way:
        return served(in_place_of(world.port, turn), **way)(world, stack)

    return inject


def good(good: Good) -> Sequence[Step]:
    """Answer as the service does."""
    return (lambda peer: peer.sock.sendall(good.sent()),)


def reached(way: Callable[[World, int], Way]) -> Injection:
    """Have the service be well, and something on the way to it."""

    def inject(world: World, stack: ExitStack) -> Way:
        server = stack.enter_context(serving(in_place_of(world.port, good)))
        return way(world, server.port)

    return inject


def nowhere(**way: Any) -> Injection:
    """Have the probe sent to where nothing is."""
    return lambda _, __: Way(**way)


def proxied(*steps: Step, timeout: float = LONG, scheme: str = "http") -> Injection:
    """Have a proxy do these steps once it is asked to connect."""

    def inject(world: World, stack: ExitStack) -> Way:
        port = stack.enter_context(serving(request, *steps)).port
        return Way(
            scheme=scheme,
            host=NAME,
            proxy=proxy_at(port),
            trust=world.trust,
            timeout=timeout,
        )

    return inject


def private(
    context: Callable[[World], ssl.SSLContext] = World.tls, turn: Turn = good
) -> Injection:
    """Have the service behind TLS."""

    def inject(world: World, stack: ExitStack) -> Way:
        steps = (handshake(context(world)), in_place_of(world.port, turn))
        return over_tls(*steps)(world, stack)

    return inject


def over_tls(*steps: Step, timeout: float = LONG) -> Injection:
    """Have a server do these steps where TLS is expected."""

    def inject(world: World, stack: ExitStack) -> Way:
        port = stack.enter_context(serving(*steps)).port
        return Way(
            port=port,
            scheme="https",
            host=NAME,
            resolver=found_at(port),
            trust=world.trust,
            timeout=timeout,
        )

    return inject


def playing(scenario: str, **way: Any) -> Injection:
    """Have the simulated service itself play a scenario."""

    def inject(world: World, stack: ExitStack) -> Way:
        world.service.switch(scenario)
        stack.callback(world.service.switch, "healthy")
        return Way(port=world.port, **way)

    return inject


def secret(text: str) -> Secret:
    """Return a credential that is given as it is."""
    return ValueSecret(SecretStr(text))


def dripping(data: bytes, size: int, every: float) -> Step:
    """Send bytes a few at a time."""
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return send(*parts, every=every)


BOMB = gzip.compress(b" " * 9_000_000, 1)
"""Bytes that are a thousand times as many."""
