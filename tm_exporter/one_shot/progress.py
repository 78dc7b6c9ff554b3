"""Show on a terminal how far a long command has come: one line, written anew."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TextIO

from tm_exporter.logs.printable import cut, printable


EVERY = 0.25

_ERASE = "\r\x1b[2K"


class Progress:
    """
    What has begun and what has ended.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: dict[str, float] = {}
        self._ended = 0
        self.total = 0

    def begin(self, name: str) -> None:
        """Something goes on from now on."""
        self._began[name] = self._clock()

    def end(self, name: str) -> None:
        """It is over."""
        self._began.pop(name, None)
        self._ended += 1

    def line(self) -> str:
        """Return where it is, and what takes the longest."""
        count = f"{self._ended} of {self.total} probes ran"
        if not self._began:
            return count
        name, since = next(iter(self._began.items()))
        return f"{count}; {printable(name)} for {self._clock() - since:.0f} s"


@asynccontextmanager
async def shown(progress: Progress, stream: TextIO, width: int) -> AsyncIterator[None]:
    """
    Show the progress while something goes on, and leave nothing of it behind.

    Args:
        progress: Told by whoever does it.
        stream: A terminal.
        width: Columns that it has.
    """
    task = asyncio.create_task(_show(progress, stream, width), name="progress")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        _write(stream, _ERASE)


async def _show(progress: Progress, stream: TextIO, width: int) -> None:
    while True:
        await asyncio.sleep(EVERY)
        _write(stream, _ERASE + cut(progress.line(), width - 1))


def _write(stream: TextIO, text: str) -> None:
    with suppress(OSError):  # a terminal that went away
        stream.write(text)
        stream.flush()
