"""Clients of a server under test, and patience with a bound."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """Connect to a port of this machine, for at most five seconds."""
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            yield reader, writer
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def rest(reader: asyncio.StreamReader) -> bytes:
    """Return what still comes until the server ends the connection."""
    with suppress(ConnectionResetError):
        return await reader.read()
    return b""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds, for at most five seconds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)
