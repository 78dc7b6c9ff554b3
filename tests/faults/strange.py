"""Resolvers, a credential and a server that misbehave in ways of their own."""

import asyncio
from collections.abc import Iterable, Sequence

from pydantic import SecretStr

from tests.clients.asking import ScriptedResolver
from tests.faults.scene import NO_SUCH_NAME, Good, Turn
from tests.scripted_server import Peer, Step, send, silence
from tm_exporter.clients.resolver import Address, IpProtocol, Resolver
from tm_exporter.credentials import SecretUnavailable


class Flapping(ScriptedResolver):
    """Does not know a name when it is asked first."""

    async def resolve(
        self, host: str, port: int, protocol: IpProtocol = "auto"
    ) -> Sequence[Address]:
        """Return the answer, but for the first time."""
        found = await super().resolve(host, port, protocol)
        if len(self.asked) == 1:
            raise NO_SUCH_NAME
        return found


class Slow(ScriptedResolver):
    """Takes a while."""

    async def resolve(
        self, host: str, port: int, protocol: IpProtocol = "auto"
    ) -> Sequence[Address]:
        """Return the answer, late."""
        await asyncio.sleep(0.05)
        return await super().resolve(host, port, protocol)


class Bug(Resolver):
    """Fails as no resolver should."""

    async def resolve(
        self, host: str, port: int, protocol: IpProtocol = "auto"
    ) -> Sequence[Address]:
        """Raise what nobody expects."""
        raise RuntimeError(f"a bug: {host}:{port}, {protocol}")


class MissingSecret:
    """A credential whose file is not there."""

    async def get(self) -> SecretStr:
        """Raise."""
        raise SecretUnavailable("/nowhere/api-key: No such file or directory")

    def check(self) -> None:
        """Raise."""
        raise SecretUnavailable("/nowhere/api-key: No such file or directory")

    def rejected(self) -> None:
        """Take no note."""


def closing_the_idle() -> Turn:
    """Keep each connection, and close it just when the next request comes."""
    kept: list[Peer] = []

    def turn(good: Good) -> Iterable[Step]:
        while kept:
            kept.pop().sock.close()
        return (send(good.sent("Connection: keep-alive")), kept.append, silence)

    return turn
