"""
Search what a model said for a regular expression, without ever waiting long.

Some expressions take a time that doubles with every letter of the text, and the
text is whatever a service sends. Python cannot interrupt a search, and nothing else
runs meanwhile, so one that may backtrack is made by another process, which the
kernel ends after a quarter of a second of its work.
"""

import asyncio
import contextlib
import os
import re
import sys
import warnings
from typing import Final


MOST_SECONDS: Final = 0.25
"""Of processor time that one search may take."""

MOST_MEMORY: Final = 128 * 1024 * 1024
"""Bytes of addresses that it may take."""

_MOST_WAIT = 8.0  # seconds, until a machine that is too busy for it is given up on
_SHORT = 64 * 1024  # characters that are searched at once
_REPEATS = frozenset("*+?{|(")  # without them nothing is tried twice
_FOUND, _MISSING = 10, 11
_PROGRAM = f"""
import re, resource, signal, sys
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
signal.setitimer(signal.ITIMER_PROF, {MOST_SECONDS})
resource.setrlimit(resource.RLIMIT_AS, ({MOST_MEMORY}, {MOST_MEMORY}))
length = int(sys.stdin.buffer.readline())
pattern = sys.stdin.buffer.read(length).decode("utf-8", "surrogatepass")
text = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
sys.exit({_FOUND} if re.search(pattern, text) else {_MISSING})
"""
_LIBRARIES = "LD_LIBRARY_PATH"  # some Pythons do not start without
_places = asyncio.Semaphore(2)


class TooHard(Exception):  # noqa: N818 -- what the search is
    """A search needs more time, or memory, than it may take; the text says so."""


def compiled(pattern: str) -> re.Pattern[str]:
    """
    Return a regular expression; what later Pythons may read otherwise is no matter.

    Raises:
        ValueError: It is none; the text says why.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(pattern)
    except (re.error, OverflowError) as error:
        raise ValueError(f"not a regular expression: {error}") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


async def is_found(pattern: str, text: str) -> bool:
    """
    Whether a text has what a regular expression describes.

    Args:
        pattern: One that Python can compile.
        text: Of any length.

    Raises:
        TooHard: Nobody knows, after a quarter of a second of work.
        OSError: This machine could not even try (TimeoutError: for seconds).
    """
    if len(text) <= _SHORT and not _REPEATS & set(pattern):
        return compiled(pattern).search(text) is not None
    async with asyncio.timeout(_MOST_WAIT), _places:
        status = await _status_of_search(_question(pattern, text))
    if status not in (_FOUND, _MISSING):
        raise TooHard("the regular expression takes too long, or too much memory")
    return status == _FOUND


def _question(pattern: str, text: str) -> bytes:
    """Return what the other process reads: a length, the expression, the text."""
    first, rest = (each.encode("utf-8", "surrogatepass") for each in (pattern, text))
    return b"%d\n%b%b" % (len(first), first, rest)


async def _status_of_search(question: bytes) -> int | None:
    """Return the exit status of a process that searches; it never outlives us."""
    process = await asyncio.create_subprocess_exec(
        *_command(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=os.sep,
        env={name: os.environ[name] for name in (_LIBRARIES,) if name in os.environ},
    )
    try:
        await process.communicate(question)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return process.returncode


def _command() -> list[str]:
    """Return this very Python with the program, compiled modules where ours are."""
    cache = sys.pycache_prefix
    options = ["-X", f"pycache_prefix={cache}"] if cache else []
    return [sys.executable, "-I", "-S", *options, "-c", _PROGRAM]
