"""How often something may be asked for."""

import time
from collections.abc import Callable


class Rate:
    """
    So many at once, and then so many a second.

    Args:
        burst: What may come at once.
        per_second: What may come again each second.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        burst: int,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._each = 1 / per_second
        self._most = burst * self._each
        self._clock = clock
        self._paid_until = clock()

    @property
    def wait(self) -> float:
        """Seconds until the next one may come; 0 if it may come now."""
        owed = max(0.0, self._paid_until - self._clock()) + self._each
        return max(0.0, owed - self._most)

    @property
    def is_fresh(self) -> bool:
        """Whether it is as if none had come yet."""
        return self._paid_until <= self._clock()

    def take(self) -> None:
        """Count one."""
        self._paid_until = max(self._paid_until, self._clock()) + self._each


class Crowd:
    """
    How many are at work: of each name, and all together.

    Args:
        of_one: The most of one name.
        of_all: The most in sum.
    """

    def __init__(self, of_one: int, of_all: int) -> None:
        self._of_one = of_one
        self._of_all = of_all
        self._at_work: dict[str, int] = {}

    def has_room(self, name: str) -> bool:
        """Whether one more of a name may begin."""
        own = self._at_work.get(name, 0)
        return own < self._of_one and sum(self._at_work.values()) < self._of_all

    def enter(self, name: str) -> None:
        """Count one that begins."""
        self._at_work[name] = self._at_work.get(name, 0) + 1

    def leave(self, name: str) -> None:
        """Count one that ends."""
        self._at_work[name] -= 1
        if not self._at_work[name]:
            del self._at_work[name]
