"""Run the command: `python -m tm_exporter` is the same as `tm-exporter`."""

import atexit
import gc
import os
import signal
import sys
from collections.abc import Container
from types import FrameType
from typing import NoReturn


_RELOADING = ("run", "demo")
_UNTIL_TOLD = (*_RELOADING, "simulate")


def main() -> int:
    """
    Do what the command line asks for, and return the exit status.

    From here on SIGTERM ends the program, and so does Ctrl-C. Loading takes a second or
    more, in which the one would be lost on the first process of a container, which no
    default ends, and the other would print a traceback.
    """
    # The system takes the memory back at once. Python would look through all of it
    # before, twice: where a container may use a tenth of a processor, that is more than
    # a second of the two that an end may take.
    atexit.register(gc.freeze)
    _open_standard_streams()
    if _is(_RELOADING):  # what a reload would read is read later
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    from tm_exporter.cli import main as command_line  # noqa: PLC0415 -- not before

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    if not _is(_UNTIL_TOLD):  # what was begun is interrupted, and cleans up
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return command_line()


def _open_standard_streams() -> None:
    """
    Have standard streams that are closed lead nowhere.

    Else a socket gets the number of one, and the event loop ends the process when that
    is closed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # the lowest number that is free is this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _is(commands: Container[str]) -> bool:
    """Whether one of these is what the command line asks for."""
    return len(sys.argv) > 1 and sys.argv[1] in commands


def _leave(number: int, _frame: FrameType | None) -> NoReturn:
    """End at once: nothing was begun, and what loads may swallow an exception."""
    os._exit(_status(number))


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """End as asked: what runs until it is told so has done its job."""
    sys.exit(_status(number))


def _status(number: int) -> int:
    return 0 if _is(_UNTIL_TOLD) else 128 + number


if __name__ == "__main__":
    sys.exit(main())
