"""
Turn a host name into addresses, without ever blocking the loop or the exit.

The system's own resolver is asked, because that is what the programs ask whose
view we stand in for. A look-up cannot be cancelled, so each has a daemon thread:
one that hangs keeps neither a probe past its timeout nor the process alive.
"""

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Sequence
from typing import Any, Literal


IpProtocol = Literal["auto", "ip4", "ip6"]
Address = tuple[socket.AddressFamily, tuple[Any, ...]]

_FAMILIES = {
    "auto": socket.AF_UNSPEC,
    "ip4": socket.AF_INET,
    "ip6": socket.AF_INET6,
}


def literal(host: str, port: int) -> list[Address]:
    """Return the address that `host` already is; empty for a name."""
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return []
    if version == 4:
        return [(socket.AF_INET, (host, port))]
    return [(socket.AF_INET6, (host, port, 0, 0))]


class Resolver:
    """
    Asks the system's resolver, for a bounded number of names at a time.

    Args:
        most: Look-ups that may be under way; one more fails at once, so that a
            resolver which never answers cannot pile up threads.
    """

    def __init__(self, most: int = 128) -> None:
        self._free = threading.BoundedSemaphore(most)

    async def resolve(
        self, host: str, port: int, protocol: IpProtocol = "auto"
    ) -> Sequence[Address]:
        """
        Return the addresses of `host`, in the order the system prefers.

        Raises:
            OSError: The name has no address, or too many look-ups hang.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Address]] = loop.create_future()
        if not self._free.acquire(blocking=False):
            raise OSError("too many look-ups are waiting for the resolver")
        thread = threading.Thread(
            target=self._look_up,
            args=(loop, answer, host, port, _FAMILIES[protocol]),
            name=f"resolve {host}",
            daemon=True,
        )
        try:
            thread.start()
        except RuntimeError:
            self._free.release()
            raise OSError("no thread left to ask the resolver in") from None
        return await answer

    def _look_up(
        self,
        loop: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[list[Address]]",
        host: str,
        port: int,
        family: int,
    ) -> None:
        """Ask the resolver, in a thread, and hand the answer to the loop."""
        found: list[Address] | OSError
        try:
            rows = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
            found = list(dict.fromkeys((row[0], row[4]) for row in rows))
        except (OSError, UnicodeError) as error:
            found = error if isinstance(error, OSError) else OSError(str(error))
        finally:
            self._free.release()
        try:
            loop.call_soon_threadsafe(_settle, answer, found)
        except RuntimeError:  # the loop ended while the resolver was asked
            return


def _settle(
    answer: "asyncio.Future[list[Address]]", found: list[Address] | OSError
) -> None:
    """Give the look-up's result to whoever still waits for it."""
    if answer.done():
        return
    if isinstance(found, OSError):
        answer.set_exception(found)
    else:
        answer.set_result(found)
