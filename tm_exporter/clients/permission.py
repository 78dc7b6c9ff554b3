"""
Whether the task that is running may send requests now.

Who pays can lose the right to between two steps of a run: a process is frozen and goes
on much later, as if nothing had been. So the transport asks just before a request
leaves. A task that was told nothing may send what it likes.
"""

from collections.abc import Callable
from contextvars import ContextVar


_may_send: ContextVar[Callable[[], bool] | None] = ContextVar("may_send", default=None)


def require(holds: Callable[[], bool] | None) -> None:
    """
    Let the running task send only as long as something holds.

    Args:
        holds: Asked before each request; None for a task that may send always.
    """
    _may_send.set(holds)


def may_send() -> bool:
    """Whether a request of the running task may leave at this very moment."""
    holds = _may_send.get()
    return holds is None or holds()
