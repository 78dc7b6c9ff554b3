"""An event loop in which waiting takes no time: for what never touches a socket."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar


T = TypeVar("T")
_START = 1000.0


class _Idle(selectors.DefaultSelector):
    """Lets the time pass that there would be nothing to do for."""

    passed = _START

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready now."""
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everybody waits for ever"
            self.passed += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock only goes on while nothing can be done."""

    def __init__(self) -> None:
        self._idle = _Idle()
        super().__init__(self._idle)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._idle.passed


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run something to its end, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
