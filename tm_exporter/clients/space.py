"""
Memory for bodies that are being read.

An answer may be a mebibyte long and a stream eight, and hundreds may be under way:
more than there is memory for. So what is longer than usual waits until there is
space. Each target has some of its own, so that only those wait for each other who
send much; and of those that wait, one at a time goes on, so that none waits for ever.

A run keeps what its answers took until it ends: a body is read after its last byte has
come, and what is read out of it takes more than the body did.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final


OWN: Final = 48 * 1024
"""Bytes that the bodies of one target may take, whatever others do."""

SHARED: Final = 2 * 1024 * 1024
"""Bytes that the bodies of all targets may take besides."""


class _Run:
    """What the exchanges of one run have taken, until it is over."""

    def __init__(self) -> None:
        self.is_over = False
        self._held: list[Holding] = []

    def keep(self, holding: "Holding") -> None:
        """Give it back with all others."""
        self._held.append(holding)

    def end(self) -> None:
        """Give all of it back."""
        self.is_over = True
        held, self._held = self._held, []
        for each in held:
            each.end()


_OF_RUN: ContextVar[_Run | None] = ContextVar("of_run", default=None)


@contextmanager
def kept_until_the_end() -> Iterator[None]:
    """Have the space that exchanges of this run take be given back when it ends."""
    run = _Run()
    token = _OF_RUN.set(run)
    try:
        yield
    finally:
        _OF_RUN.reset(token)
        run.end()


class Space:
    """
    Space that all targets share.

    Args:
        own: Bytes of each target.
        shared: Bytes of all, besides.
    """

    def __init__(self, own: int = OWN, shared: int = SHARED) -> None:
        self._own = own
        self._shared = shared
        self._taken: Counter[str] = Counter()
        self._over = 0
        self._first: object = None  # whose turn it is to go on without
        self._freed = asyncio.Event()

    def take(self, holding: "Holding", size: int) -> bool:
        """Take so many bytes more if there is space for them; whether there was."""
        if not self._may_take(holding, size):
            return False
        self._change(holding.target, size)
        return True

    async def freed(self) -> None:
        """Wait until somebody gives space back."""
        self._freed.clear()
        await self._freed.wait()

    def leave(self, holding: "Holding", size: int) -> None:
        """Give all its space back."""
        was_first = self._first is holding.owner
        if was_first:
            self._first = None
        if size:
            self._change(holding.target, -size)
        if size or was_first:
            self._freed.set()

    def _may_take(self, holding: "Holding", size: int) -> bool:
        """Whether there is space, or it is this one's turn to go on without."""
        own = self._taken[holding.target]
        more = max(0, own + size - self._own) - max(0, own - self._own)
        if not more or self._over + more <= self._shared:
            return True
        if self._first is None:
            self._first = holding.owner
        return self._first is holding.owner

    def _change(self, target: str, size: int) -> None:
        before = max(0, self._taken[target] - self._own)
        self._taken[target] += size
        self._over += max(0, self._taken[target] - self._own) - before
        if not self._taken[target]:
            del self._taken[target]


class Holding:
    """
    The space that one exchange has taken.

    Args:
        space: Where.
        target: Whose exchange it is.
    """

    def __init__(self, space: Space, target: str) -> None:
        self.target = target
        self._space = space
        self._size = 0
        self._run = _OF_RUN.get()

    @property
    def owner(self) -> object:
        """Who goes on as one: the run that it is part of, or itself."""
        return self if self._run is None else self._run

    def grow_at_once(self, size: int) -> bool:
        """Have so many bytes in all, at least, if there is space now; whether so."""
        if size > self._size:
            if not self._space.take(self, size - self._size):
                return False
            self._size = size
        return True

    async def grow(self, size: int) -> None:
        """Wait until it has so many bytes in all, at least."""
        while not self.grow_at_once(size):
            await self._space.freed()

    def leave(self) -> None:
        """The exchange is over: keep its space for the rest of its run, if any."""
        if self._run is None or self._run.is_over:
            self.end()
        else:
            self._run.keep(self)

    def end(self) -> None:
        """Give all of it back."""
        self._space.leave(self, self._size)
        self._size = 0
