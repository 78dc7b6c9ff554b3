"""How long somebody leads, and how one waits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable


Pause = Callable[[asyncio.Event, float], Awaitable[None]]
"""Waits for an event, so many seconds at most."""


class Term:
    """
    A stretch of time for which an instance leads.

    Attributes:
        until: Monotonic seconds at which it ends, unless it is extended before.
    """

    def __init__(self, until: float, clock: Callable[[], float]) -> None:
        self.until = until
        self._clock = clock
        self._is_over = False

    @property
    def holds(self) -> bool:
        """Whether it goes on; once it does not, it never does again."""
        self._is_over = self._is_over or self._clock() >= self.until
        return not self._is_over

    def end(self) -> None:
        """End it now."""
        self._is_over = True


async def pause(until: asyncio.Event, seconds: float) -> None:
    """Wait for an event, so many seconds at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, seconds)):
            await until.wait()
