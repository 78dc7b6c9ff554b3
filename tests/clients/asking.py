"""Ask a server over the transport, and have what was seen judged."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.scripted_server import Step, serving
from tm_exporter.clients.conversation import BodyReader
from tm_exporter.clients.resolver import Address, IpProtocol, Resolver
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustStore
from tm_exporter.exchange import Exchange, FaultKind, Stage
from tm_exporter.observation import Reason
from tm_exporter.verdict import Promise, judge
from tm_exporter.wire.deltas import read_chat_delta
from tm_exporter.wire.payloads import object_of
from tm_exporter.wire.streams import StreamReader, StreamRecord


SECRET = "sk-not-to-be-seen"
ANSWER: Promise[Any] = Promise(
    surface="serverless", read=lambda value: object_of(value, "the answer")
)
Seen = tuple[Stage | None, FaultKind | None, Reason | None]


class HereResolver(Resolver):
    """Finds this machine as `localhost`, even where no file of hosts names it."""

    async def resolve(
        self, host: str, port: int, protocol: IpProtocol = "auto"
    ) -> Sequence[Address]:
        """Ask the system, but for the address behind that name."""
        known = "127.0.0.1" if host == "localhost" else host
        return await super().resolve(known, port, protocol)


def make_transport(**changes: Any) -> Transport:
    """Return a transport that sees no environment."""
    given = {"resolver": HereResolver(), "trust_store": TrustStore(), "environ": {}}
    return Transport(**{**given, **changes})


def make_request(url: str, content: bytes | None = None) -> httpx.Request:
    """Return a request that has a credential."""
    return httpx.Request(
        "GET" if content is None else "POST",
        url,
        content=content,
        headers={"Authorization": f"Bearer {SECRET}"},
    )


async def ask(
    url: str,
    *,
    transport: Transport | None = None,
    content: bytes | None = None,
    timeout: float = 10.0,  # noqa: ASYNC109
    reader: BodyReader | None = None,
) -> Exchange:
    """Return what was seen of one request."""
    return await (transport or make_transport()).exchange(
        make_request(url, content), timeout=timeout, reader=reader
    )


async def ask_server(*steps: Step, **options: Any) -> Exchange:
    """Return what was seen of one request to a server that does these steps."""
    with serving(*steps) as server:
        return await ask(server.url, **options)


async def stream_from(
    *steps: Step,
    idle_timeout: float = 10.0,
    **options: Any,
) -> tuple[Exchange, StreamRecord, Reason | None]:
    """Ask for a stream; return what was seen, what was read, and the reason."""
    reader = StreamReader(read_delta=read_chat_delta, idle_timeout=idle_timeout)
    exchange = await ask_server(*steps, content=b"{}", reader=reader, **options)
    record = reader.record()
    promise: Promise[Any] = Promise(surface="serverless", model="tiny")
    return exchange, record, judge(exchange, promise, record).verdict.reason


def seen(exchange: Exchange) -> Seen:
    """Return how far an exchange came, what ended it, and what that means."""
    fault = exchange.fault
    reason = judge(exchange, ANSWER).verdict.reason
    if fault is None:
        return None, None, reason
    return fault.stage, fault.kind, reason


@dataclass
class ScriptedResolver(Resolver):
    """
    Knows what it is told, and asks nobody.

    Attributes:
        answer: Addresses; an error to raise; None to never answer.
        asked: The names that were asked for.
    """

    answer: Sequence[Address] | OSError | None = None
    asked: list[tuple[str, int, IpProtocol]] = field(default_factory=list)

    async def resolve(
        self, host: str, port: int, protocol: IpProtocol = "auto"
    ) -> Sequence[Address]:
        """Return the answer."""
        self.asked.append((host, port, protocol))
        if self.answer is None:
            await asyncio.Event().wait()
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer or ()
