"""
Give memory that is free back to the system.

The C library keeps what Python has freed, in pieces between others that are in use:
after some hundred answers of a mebibyte each, that can be several times what is
needed. Where it has `malloc_trim`, as on Linux with glibc, it can be asked to let go,
and told to have large blocks from the system, each on its own, for as long as we run:
of itself it does so only until the first of them is freed.
"""

import asyncio
import contextlib
import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tm_exporter.process.upkeep import surely


EVERY: Final = 1.0
"""Seconds between two looks at how much memory is in use."""

LEAST: Final = 96 * 1024 * 1024
"""Bytes of memory in use below which nothing is done."""

GROWN: Final = 1.05
"""By how much it must have grown since the last time."""

SELDOM: Final = 300.0
"""Seconds after which it is done in any case, lest a little more stays each time."""

LARGE: Final = 128 * 1024
"""Bytes from which on a block of memory is the system's own, as at the start."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # as in malloc.h
_PAGES = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Heap:
    """
    Looks after the memory of this process.

    Args:
        in_use: Returns the bytes of memory in use.
        trim: Gives back what is free; blocks for milliseconds.
        every: Seconds between two looks.
        clock: Returns monotonic seconds.
    """

    def __init__(
        self,
        in_use: Callable[[], int] | None = None,
        trim: Callable[[], object] | None = None,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._in_use = in_use or resident
        self._trim = trim or trimmer()
        self._every = every
        self._clock = clock
        self._after = 0
        self._done_at = clock()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look after it."""
        keep_large_blocks_apart()
        self._task = asyncio.create_task(self._look(), name="heap")

    def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await surely("heap", self.look)

    async def look(self) -> None:
        """Give back what is free if far more is in use than before, or if it is due."""
        grown = self._in_use() > max(LEAST, GROWN * self._after)
        if grown or self._clock() - self._done_at >= SELDOM:
            await asyncio.to_thread(self._trim)
            self._done_at = self._clock()
            self._after = self._in_use()


def keep_large_blocks_apart() -> None:
    """Have blocks from `LARGE` on be given back as soon as they are free."""
    with contextlib.suppress(OSError, AttributeError):
        adjust = ctypes.CDLL(None).mallopt
        adjust(_MMAP_THRESHOLD, LARGE)
        adjust(_TRIM_THRESHOLD, LARGE)
        adjust(_ARENA_MAX, 1)  # what threads free is free for all


def resident() -> int:
    """Return the bytes of memory that are in use, 0 where that is not told."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(_PAGES.read_text().split()[1]) * _PAGE
    return 0


def trimmer() -> Callable[[], object]:
    """Return what gives free memory back; it does nothing where nothing can."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return lambda: None
    return lambda: trim(0)
