"""
Judge an answer without keeping other probes waiting.

A body of the largest size, made of many small things, takes a fifth of a second to
read: so long the loop must not stand still, since the times of all others are taken
on it. And it takes thirty times its own memory: so there is never more than one.

What was read out of a long body is made anew once all else of it is gone. A name that
stays where it was made keeps a page of memory that held a thousand others.
"""

import asyncio
import pickle
from typing import Final, TypeVar, cast
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
    loop = asyncio.get_running_loop()
    turn = _TURNS.setdefault(loop, asyncio.Lock())
    await turn.acquire()
    try:
        judged = loop.run_in_executor(None, _judge_anew, exchange, promise)
    except BaseException:
        turn.release()
        raise
    judged.add_done_callback(lambda _: turn.release())
    return await asyncio.shield(judged)  # a thread goes on when nobody waits any more


def _judge_anew(exchange: Exchange, promise: Promise[T]) -> Judged[T]:
    """Judge an answer; make anew what was found, when what it was read from is gone."""
    found = pickle.dumps(judge(exchange, promise))
    return cast("Judged[T]", pickle.loads(found))  # noqa: S301 -- just made by us
