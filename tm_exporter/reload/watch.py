"""See when a file of the configuration changed, and have it read again."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TypeVar

import structlog

from tm_exporter.budget.worker import Worker
from tm_exporter.config.sources import Sources
from tm_exporter.file_mark import Mark


log = structlog.get_logger()
T = TypeVar("T")

LOOK_EVERY = 2.0
"""Seconds between two looks; a change counts once two in a row show the same."""

_SHARE = 20  # a look has at most this part of a processor


class SourceWatch:
    """
    Looks at files, not at events: these do not come from every file system.

    A file that is being written is not read: it must be the same for a while first.
    So must be a directory that files are moved into.

    Args:
        sources: Returns the files that were read last.
        reload: Reads them again.
        worker: Who blocks in our place.
        every: Seconds between two looks.
    """

    def __init__(
        self,
        sources: Callable[[], Sources],
        reload: Callable[[], Awaitable[None]],
        worker: Worker,
        *,
        every: float = LOOK_EVERY,
    ) -> None:
        self._sources = sources
        self._reload = reload
        self._worker = worker
        self._every = every
        self._cost = 0.0
        self._changed: Mapping[Path, Mark | None] | None = None

    async def keep(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(max(self._every, _SHARE * self._cost))
            try:
                await self.look()
            except Exception:  # the next look may do better
                log.exception("reload_failed")

    async def look(self) -> None:
        """Look once, and have everything read again if it is due."""
        sources = self._sources()
        found, self._cost = await self._worker.do(lambda: _timed(sources.look))
        if found == sources.marks:
            self._changed = None
        elif found != self._changed:
            self._changed = found
        else:
            self._changed = None
            await self._reload()
            if self._sources() is sources:  # nothing was read: wait for a change
                sources.marks = dict(found)


def _timed(job: Callable[[], T]) -> tuple[T, float]:
    """Return what a job returns, and how many seconds of computing it took."""
    start = time.thread_time()
    return job(), time.thread_time() - start
