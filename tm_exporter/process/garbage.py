"""
When Python looks for garbage that refers to itself.

It does so of its own accord whenever a quarter of what lives is new, and looks at
all of it: a tenth of a second with a hundred probes, a second with thousands, in
which nothing is stamped and no slot begins. Runs leave none of that garbage behind,
whether they pass or fail, and a test sees to that. So only what is young is looked
at as usual, in a third of a millisecond, and all of it when memory has grown so much
that there may be something to find.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Final

from tm_exporter.process.heap import resident
from tm_exporter.process.upkeep import surely


EVERY: Final = 10.0
"""Seconds between two looks at how much memory is in use."""

GROWN: Final = 1.5
"""By how much it must have grown since the last time."""

_NEVER: Final = 10**9


class Garbage:
    """
    Has all garbage looked for when memory grows, and otherwise only the young.

    Args:
        in_use: Returns the bytes of memory in use, 0 where that is not told.
        collect: Looks for all garbage.
        every: Seconds between two looks.
    """

    def __init__(
        self,
        in_use: Callable[[], int] = resident,
        collect: Callable[[], object] = gc.collect,
        every: float = EVERY,
    ) -> None:
        self._in_use = in_use
        self._collect = collect
        self._every = every
        self._before = gc.get_threshold()
        self._after = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look after it; what is there by now is there to stay."""
        self._after = self._in_use()
        if not self._after:  # nothing would tell when there is much of it
            return
        gc.freeze()
        self._before = gc.get_threshold()
        gc.set_threshold(self._before[0], _NEVER, _NEVER)
        self._task = asyncio.create_task(self._keep(), name="garbage")

    async def stop(self) -> None:
        """Leave it to Python again."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        gc.set_threshold(*self._before)
        gc.unfreeze()

    async def look(self) -> None:
        """Look for all of it, if much more memory is in use than the last time."""
        if self._in_use() > GROWN * self._after:
            self._collect()
            self._after = self._in_use()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await surely("garbage", self.look)
