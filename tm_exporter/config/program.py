"""What a program prints, without ever waiting for it longer than was allowed."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence

from tm_exporter.credentials import SecretUnavailable


_LIMIT = 64 * 1024
_STEP = 0.01  # seconds between two looks at a program
_GRACE = 0.5  # seconds in which a killed program ought to be gone


async def output_of(argv: Sequence[str], timeout: float) -> bytes:  # noqa: ASYNC109
    """
    Run a program without a shell, and return what it printed until it ended.

    What it leaves running may hold its standard output open: that is not waited
    for. A program that fails to end, or whose caller is cancelled, is killed with
    all that it started in its session. It is looked at again and again, since the
    subprocesses of asyncio wait for the end of a pipe, which may never come.

    Args:
        argv: Program and arguments.
        timeout: Seconds after which it is killed.

    Raises:
        SecretUnavailable: It did not start, end or succeed, or printed too much.
    """
    process = _start(argv)
    try:
        async with asyncio.timeout(timeout):
            output = await _read(process)
    except TimeoutError:
        text = f"token_command did not end within {timeout:g}s"
        raise SecretUnavailable(text) from None
    finally:
        await _end(process)
    if process.returncode:
        raise SecretUnavailable(f"token_command ended with status {process.returncode}")
    return output


def _start(argv: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own; reading what it prints never waits."""
    try:
        process = subprocess.Popen(  # noqa: S603 -- the user's own program
            argv,
            bufsize=0,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it has a zero byte"
        raise SecretUnavailable(f"token_command cannot be started: {why}") from None
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    os.set_blocking(process.stdout.fileno(), False)
    return process


async def _read(process: subprocess.Popen[bytes]) -> bytes:
    """Return all that a program printed by the time it has ended."""
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    output = b""
    while True:
        has_ended = process.poll() is not None  # so what it wrote is in the pipe
        piece = process.stdout.read(_LIMIT + 1)  # None: nothing yet; empty: closed
        output += piece or b""
        if len(output) > _LIMIT:
            raise SecretUnavailable("token_command printed more than 64 KiB")
        if has_ended:
            return output
        await asyncio.sleep(0 if piece else _STEP)


async def _end(process: subprocess.Popen[bytes]) -> None:
    """See a program off, and kill it with its session if it still runs."""
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    process.stdout.close()
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for _ in range(round(_GRACE / _STEP)):  # one that hangs in the kernel stays
        if process.poll() is not None:
            return
        await asyncio.sleep(_STEP)
