"""
Judge an answer without keeping other probes waiting.

A body of the largest size, made of many small things, takes a fifth of a second to
read: so long the loop must not stand still, since the times of all others are taken
on it. And it takes thirty times its own memory: so there is never more than one.
"""

import asyncio
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

from tm_exporter.exchange import Exchange
from tm_exporter.verdict import Judged, Promise, judge


T = TypeVar("T")

SHORT: Final = 64 * 1024
"""Bytes of a body that is judged at once."""


_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
"""Whoever has it reads a long body; of each event loop, as a lock belongs to one."""


async def judge_aside(exchange: Exchange, promise: Promise[T]) -> Judged[T]:
    """Judge an answer that was asked for whole; a long one in a thread."""
    if sum(len(piece.data) for piece in exchange.body) <= SHORT:
        return judge(exchange, promise)
    async with _TURNS.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        return await asyncio.to_thread(judge, exchange, promise)
