"""
How many runs may be under way: of one target, and all together.

A service that hangs holds every run of its target until the timeout. So each target
has a share that others cannot take, and none can have all there is.
"""

import asyncio
from collections import Counter


OF_TARGET = 50
"""Runs of one target that may be under way."""

IN_ALL = 100
"""Runs of all targets that may be under way."""

SURE = 2
"""Runs of one target that find a place among those kept free for such."""

KEPT_FREE = 40
"""Places that only targets with fewer runs than that may take."""


class Places:
    """
    Places for runs, taken in the order in which they are asked for.

    Args:
        of_target: The most of one target.
        in_all: The most in sum.
        sure: Up to which a target may take what is kept free.
        kept_free: How many are, at most half of all.
    """

    def __init__(
        self,
        of_target: int = OF_TARGET,
        in_all: int = IN_ALL,
        sure: int = SURE,
        kept_free: int = KEPT_FREE,
    ) -> None:
        self._of_target = of_target
        self._in_all = in_all
        self._sure = sure
        self._kept_free = min(kept_free, in_all // 2)
        self._taken: Counter[str] = Counter()
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    @property
    def taken(self) -> int:
        """How many are taken."""
        return self._taken.total()

    async def take(self, target: str) -> None:
        """Wait for a place; who is cancelled meanwhile has none."""
        if self._has_room(target):
            self._taken[target] += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((target, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(target)
            else:
                self._waiting.remove((target, turn))
            raise

    def leave(self, target: str) -> None:
        """Give a place back."""
        self._taken[target] -= 1
        if not self._taken[target]:
            del self._taken[target]
        self._let_in()

    def _let_in(self) -> None:
        """Give what is free to the first who may have it."""
        still = []
        for target, turn in self._waiting:
            # Who gave up in this very moment takes itself off the list.
            if not turn.done() and self._has_room(target):
                self._taken[target] += 1
                turn.set_result(None)
            else:
                still.append((target, turn))
        self._waiting = still

    def _has_room(self, target: str) -> bool:
        own = self._taken[target]
        most = self._in_all if own < self._sure else self._in_all - self._kept_free
        return own < self._of_target and self.taken < most
