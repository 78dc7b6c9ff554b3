"""Counts the instructions of Python's that a piece of work takes: no seconds."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any


OURS = ("/tm_exporter/", "/h11/", "/httpx/", "/prometheus_client/")
"""Whose instructions are counted: those of the program and of what it calls on the
way, but not of the event loop, which turns more often on a busy machine."""

NOT_OURS = ("/tests/", "/simulator/")


@dataclass(slots=True)
class Count:
    """How many instructions were seen."""

    instructions: int = 0


@contextmanager
def counted() -> Iterator[Count]:
    """Count the instructions of this thread within the block."""
    count = Count()

    def each(frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if event == "call" and not _is_ours(frame.f_code.co_filename):
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        count.instructions += event == "opcode"
        return each

    before = sys.gettrace()
    sys.settrace(each)
    try:
        yield count
    finally:
        sys.settrace(before)


def _is_ours(path: str) -> bool:
    return any(p in path for p in OURS) and not any(p in path for p in NOT_OURS)
