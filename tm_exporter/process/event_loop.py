"""
The event loop on which everything runs.

uvloop where it is installed, which takes a fifth of the time off a probe; else the
loop of the standard library, with which everything works as well. Stamps of what
arrives are the same on both: they are taken from sockets of our own, and by the
kernel where it can.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeVar

from tm_exporter.process.garbage import Garbage


Kind = Literal["auto", "asyncio"]

ResultT = TypeVar("ResultT")


def run(program: Coroutine[Any, Any, ResultT], kind: Kind = "auto") -> ResultT:
    """
    Run a program to its end.

    Args:
        program: What lasts as long as the process.
        kind: `asyncio` for the loop of the standard library in any case.
    """
    with asyncio.Runner(loop_factory=factory(kind)) as runner:
        return runner.run(_tidily(program))


def factory(kind: Kind) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the loop; None for that of the standard library."""
    if kind == "asyncio":
        return None
    try:
        import uvloop  # noqa: PLC0415 -- takes memory, and need not be there
    except ImportError:
        return None
    return uvloop.new_event_loop


def name() -> str:
    """Return the package of the loop that is running: uvloop or asyncio."""
    return type(asyncio.get_running_loop()).__module__.partition(".")[0]


async def _tidily(program: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Look after the garbage of a program for as long as it runs."""
    garbage = Garbage()
    garbage.start()
    try:
        return await program
    finally:
        await garbage.stop()
