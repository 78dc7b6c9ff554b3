"""Take another configuration wholly, or stay with the one before wholly."""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from tm_exporter.budget.worker import Worker
from tm_exporter.config.load import Loaded
from tm_exporter.config.sources import Sources
from tm_exporter.reload.candidate import Refused, candidate
from tm_exporter.reload.still import read_still


log = structlog.get_logger()
PreparedT = TypeVar("PreparedT")
T = TypeVar("T")

_TURN = 0.0005
"""Seconds after which the thread of a reload lets the loop's thread go on."""

_SHOWN = 20  # problems that one log line tells
_NEXT_STEP = (
    "what was in force before stays in force: correct the configuration, which "
    "`tm-exporter check` shows with its problems, and reload again"
)
_FAULT = "the exporter failed, which its log tells more of; nothing was changed"


@dataclass(frozen=True, slots=True)
class Result:
    """
    What became of a reload.

    Attributes:
        problems: Why it was refused, a sentence each; none where it was not.
        is_fault: Whether it is the exporter's fault.
    """

    problems: tuple[str, ...] = ()
    is_fault: bool = False


class Reloader(Generic[PreparedT]):
    """
    Reads the configuration again, one time after the other.

    Args:
        load: Reads it; called by the worker.
        in_force: As it was read at the start.
        prepare: Makes all that can fail, and changes nothing; called by the worker.
        follow: Changes everything; what is prepared is in force from then on.
        tell: Told whether a reload succeeded.
        worker: Who blocks in our place.

    Attributes:
        sources: The files that were read the last time.
    """

    def __init__(
        self,
        load: Callable[[], Loaded],
        in_force: Loaded,
        prepare: Callable[[Loaded], PreparedT],
        follow: Callable[[PreparedT], Awaitable[None]],
        *,
        tell: Callable[[bool], None],
        worker: Worker,
    ) -> None:
        self.sources: Sources = in_force.sources
        self._load = load
        self._in_force = in_force
        self._prepare = prepare
        self._follow = follow
        self._tell = tell
        self._worker = worker
        self._turn = asyncio.Lock()
        self._waiting: asyncio.Task[Result] | None = None
        self._tasks: set[asyncio.Task[Result]] = set()
        self._is_refused = False

    async def reload(self) -> Result:
        """
        Read the configuration again, and use it if it can be used.

        Whoever asks while one reload goes on waits for the next, together with all
        others who ask meanwhile.
        """
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._in_turn(), name="reload")
            self._tasks.add(self._waiting)
            self._waiting.add_done_callback(self._tasks.discard)
        return await asyncio.shield(self._waiting)  # who asked may go away

    async def reload_if_other(self) -> None:
        """Do so because files changed, and quietly if they say the same as before."""
        async with self._turn:
            await self._reload(is_wish=False)

    async def stop(self) -> None:
        """Reload no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _in_turn(self) -> Result:
        async with self._turn:
            self._waiting = None
            return await self._reload(is_wish=True)

    async def _reload(self, *, is_wish: bool) -> Result:
        """Return what became of it; only cancellation escapes."""
        try:
            loaded = await self._aside(self._candidate)
            same = loaded.settings == self._in_force.settings
            self.sources = loaded.sources
            if same and not is_wish and not self._is_refused:
                return Result()
            prepared = await self._aside(lambda: self._prepare(loaded))
            await self._use(prepared)
        except Refused as refused:
            self.sources = refused.sources
            return self._refused(refused.sentences)
        except Exception:
            log.exception("reload_failed")
            self._is_refused = True
            self._tell(False)
            return Result((_FAULT,), is_fault=True)
        self._in_force, self._is_refused = loaded, False
        self._tell(True)
        return Result()

    async def _aside(self, job: Callable[[], T]) -> T:
        """Return what a long job returns, that the loop hardly notices."""
        return await self._worker.do(lambda: _politely(job))

    def _candidate(self) -> Loaded:
        return candidate(lambda: read_still(self._load, self.sources), self._in_force)

    async def _use(self, prepared: PreparedT) -> None:
        """Put it in force; if that fails, put what was in force there again."""
        try:
            await self._follow(prepared)
        except Exception:
            with contextlib.suppress(Exception):
                before = self._in_force
                old = await self._aside(lambda: self._prepare(before))
                await self._follow(old)
            raise

    def _refused(self, sentences: tuple[str, ...]) -> Result:
        shown = list(sentences[:_SHOWN])
        if len(sentences) > _SHOWN:
            shown.append(f"and {len(sentences) - _SHOWN} more")
        log.warning("reload_refused", detail="; ".join(shown), next_step=_NEXT_STEP)
        self._is_refused = True
        self._tell(False)
        return Result(sentences)


def _politely(job: Callable[[], T]) -> T:
    """
    Do a job that computes for long, in a thread, and let others interrupt it sooner.

    Each time that the loop's thread waits for a socket, it would have to wait for ten
    times as long until it goes on, and what is timed meanwhile would be spoilt.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _TURN))
    try:
        return job()
    finally:
        sys.setswitchinterval(before)
