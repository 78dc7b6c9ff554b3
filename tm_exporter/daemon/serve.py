"""The life of a daemon as a process: until a signal ends it."""

import asyncio
import contextlib
import signal
from collections.abc import Callable

from tm_exporter.daemon.daemon import Daemon


async def serve(
    daemon: Daemon, announce: Callable[[str], None], seconds: float | None = None
) -> None:
    """
    Run a daemon until SIGTERM or SIGINT.

    Args:
        daemon: Started here, and stopped.
        announce: Is told the address once it listens.
        seconds: End after this time.

    Raises:
        ListenError: Its address cannot be listened on.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, daemon.reload_soon)
    announce(await daemon.start())
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()
    finally:
        await daemon.stop()
        _be_deaf(loop)


def _be_deaf(loop: asyncio.AbstractEventLoop) -> None:
    """Heed no signal any more: left to the system, a second one would kill."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)
