"""
Turn a host name into addresses, without ever blocking the loop or the exit.

The system's own resolver is asked, because that is what the programs ask whose
view we stand in for. A look-up cannot be cancelled, so each has a daemon thread while
it lasts: one that hangs keeps neither a probe past its timeout nor the process alive.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Literal

from tm_exporter.clients.threads import Threads


IpProtocol = Literal["auto", "ip4", "ip6"]
Address = tuple[socket.AddressFamily, tuple[Any, ...]]

_FAMILIES = {
    "auto": socket.AF_UNSPEC,
    "ip4": socket.AF_INET,
    "ip6": socket.AF_INET6,
}

_NO_INTERFACE = 2**31 - 1  # as an index: the system says that there is none

_Name = tuple[str, int, IpProtocol]
_Found = list[Address] | OSError


def literal(host: str, port: int) -> list[Address]:
    """Return the address that `host` already is; empty for a name."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return []
    if address.version == 4:
        return [(socket.AF_INET, (host, port))]
    bare, _, zone = host.replace("%25", "%").partition("%")  # as in an URL, and plain
    return [(socket.AF_INET6, (bare, port, 0, _index_of(zone)))]


def _index_of(zone: str) -> int:
    """Return the number of an interface, of which there may be the name or that."""
    if not zone:
        return 0
    with suppress(OSError):
        return socket.if_nametoindex(zone)
    return min(int(zone), _NO_INTERFACE) if zone.isdecimal() else _NO_INTERFACE


class Resolver:
    """
    Asks the system's resolver, once at a time for each name.

    Who asks for a name that is being looked up gets the same answer; so names that
    hang hold up a thread each, and nobody else. Nothing is kept for later.

    Args:
        most: Names that may be looked up at a time; one more fails at once.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._asked: dict[_Name, asyncio.Future[_Found]] = {}
        self._threads = Threads("resolver")

    async def resolve(
        self, host: str, port: int, protocol: IpProtocol = "auto"
    ) -> Sequence[Address]:
        """
        Return the addresses of `host`, in the order the system prefers.

        Raises:
            OSError: The name has no address, or too many names hang.
        """
        name = (host, port, protocol)
        answer = self._asked.get(name) or self._ask(name)
        found = await asyncio.shield(answer)  # others may wait for it too
        if isinstance(found, OSError):
            raise type(found)(*found.args)  # each has its own, to be freed with it
        return found

    def _ask(self, name: _Name) -> "asyncio.Future[_Found]":
        """Begin to look a name up, in a thread that has nothing else to do."""
        if len(self._asked) >= self._most:
            raise OSError("too many names are waiting for the resolver")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[_Found] = loop.create_future()
        try:
            worker = self._threads.begin(partial(_look_up, loop, answer, name))
        except RuntimeError:
            raise OSError("no thread left to ask the resolver in") from None
        self._asked[name] = answer

        def note(_: object) -> None:
            del self._asked[name]
            self._threads.over(worker)

        answer.add_done_callback(note)
        return answer


def _look_up(
    loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[_Found]", name: _Name
) -> None:
    """Ask the resolver, in a thread, and hand the answer to the loop."""
    host, port, protocol = name
    found: _Found
    try:
        rows = socket.getaddrinfo(host, port, _FAMILIES[protocol], socket.SOCK_STREAM)
        found = list(dict.fromkeys((row[0], row[4]) for row in rows))
    except OSError as error:
        found = error.with_traceback(None)
    except UnicodeError:
        found = OSError("this is no name that can be looked up")
    except Exception as error:  # noqa: BLE001 -- else it would be waited for for ever
        found = OSError(f"the resolver failed: {error!r}")
    try:
        loop.call_soon_threadsafe(answer.set_result, found)
    except RuntimeError:  # the loop ended while the resolver was asked
        return
