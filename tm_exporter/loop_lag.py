"""
How late the event loop comes round to what is due.

Every time that the exporter measures is taken on that loop, so its lag bounds
how far the figures can be trusted.
"""

import asyncio
from collections.abc import Callable


PERIOD = 0.25
"""Seconds between two looks."""


async def watch_lag(observe: Callable[[float], None]) -> None:
    """Tell `observe` the seconds by which the loop is late, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + PERIOD
        await asyncio.sleep(PERIOD)
        observe(max(0.0, loop.time() - due))
