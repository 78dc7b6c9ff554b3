"""
Connecting a socket without the loop's own way to.

uvloop's `sock_connect` looks up even what needs no look-up, in threads of its own: that
takes time which is none of the network's, and where no thread is left it aborts the
process.
"""

import asyncio
import os
import socket
from typing import Any


async def connect(sock: socket.socket, where: Any) -> None:
    """
    Connect a socket.

    Args:
        sock: Non-blocking; left open, whatever happens.
        where: An address as `socket.connect` takes it, without a name.

    Raises:
        OSError: It failed.
    """
    try:
        sock.connect(where)
    except BlockingIOError:
        await _writable(sock)
    if error := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(error, os.strerror(error))


async def _writable(sock: socket.socket) -> None:
    """Wait until the system has connected the socket, or has given up."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    loop.add_writer(sock.fileno(), _settle, done)
    try:
        await done
    finally:
        loop.remove_writer(sock.fileno())


def _settle(done: asyncio.Future[None]) -> None:
    """Take note, once: the loop tells it again until it is told to stop."""
    if not done.done():
        done.set_result(None)
