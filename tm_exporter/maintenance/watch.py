"""Know which windows are open, and tell when one opens or closes."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Sequence

import structlog

from tm_exporter.budget.worker import ThreadWorker, Worker
from tm_exporter.config.window import WindowSection
from tm_exporter.maintenance.notices import Notices, NoticesUnusable, Stamp
from tm_exporter.maintenance.window import OpenWindow, planned
from tm_exporter.process.upkeep import surely


log = structlog.get_logger()

LOOK_EVERY = 1.0
"""Seconds from one look to the next: what a command did counts soon after."""

_PATIENCE = 2.0


class WindowWatch:
    """
    Follows the configuration, the clock and the notices of people.

    Windows are by the wall clock, since that is what people write into them.

    Args:
        configured: Returns the windows of the configuration in force.
        notices: Those begun by hand; None where there is no place for state.
        now: Seconds since the epoch.
        worker: Who reads the file in our place.
    """

    def __init__(
        self,
        configured: Callable[[], Sequence[WindowSection]],
        notices: Notices | None,
        *,
        now: Callable[[], float] = time.time,
        worker: Worker | None = None,
    ) -> None:
        self._configured = configured
        self._notices = notices
        self._now = now
        self._worker = worker or ThreadWorker("maintenance")
        self._stamp: Stamp | None = None
        self._noted: tuple[OpenWindow, ...] = ()
        self._told: tuple[OpenWindow, ...] = ()
        self._complaint = ""
        self._looked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look once, which a disk that hangs does not hold up, and go on looking."""
        self._task = asyncio.create_task(self._keep(), name="maintenance")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await self._looked.wait()

    def stop(self) -> None:
        """Look no more, without waiting for a disk."""
        if self._task is not None:
            self._task.cancel()
        self._worker.close(lambda: None)

    def windows(self) -> tuple[OpenWindow, ...]:
        """Return what is open at this moment, the configured ones first."""
        now = self._now()
        noted = (each for each in self._noted if now < each.until.timestamp())
        return (*planned(self._configured(), now), *noted)

    async def look(self) -> None:
        """Take note of what commands have changed, and tell what began and ended."""
        if self._notices is not None:
            await self._read(self._notices)
        self._tell(self.windows())

    async def _keep(self) -> None:
        while True:
            await surely("maintenance", self.look)
            self._looked.set()
            await asyncio.sleep(LOOK_EVERY)

    async def _read(self, notices: Notices) -> None:
        """Read the file if it is another one; what cannot be read says nothing."""
        try:
            found = await self._worker.do(lambda: _changed(notices, self._stamp))
        except NoticesUnusable as error:
            self._stamp, self._noted = None, ()
            self._complain(str(error))
        else:
            self._complaint = ""
            if found is not None:
                self._stamp, self._noted = found

    def _complain(self, detail: str) -> None:
        """Log what is wrong with the file, once until it is something else."""
        if detail != self._complaint:
            self._complaint = detail
            log.warning("maintenance_unreadable", detail=detail)

    def _tell(self, windows: tuple[OpenWindow, ...]) -> None:
        before, self._told = self._told, windows
        for window in _without(windows, before):
            log.info("maintenance_started", **_said(window))
        for window in _without(before, windows):
            log.info("maintenance_ended", **_said(window))


def _changed(
    notices: Notices, known: Stamp | None
) -> tuple[Stamp | None, tuple[OpenWindow, ...]] | None:
    """Return what the file holds if it is not the one that is known."""
    stamp = notices.stamp()
    if stamp == known:
        return None
    return stamp, tuple(notice.window for notice in notices.read())


def _without(
    windows: Iterable[OpenWindow], others: Sequence[OpenWindow]
) -> Iterable[OpenWindow]:
    """Return windows that are not among others."""
    known = {window.identity for window in others}
    return [window for window in windows if window.identity not in known]


def _said(window: OpenWindow) -> dict[str, object]:
    """Return what a log line says of a window: all but who, which is personal."""
    return {
        "window": window.name,
        "origin": window.origin,
        "targets": window.targets,
        "models": window.models,
        "detail": window.why,
        "until": window.until.isoformat().replace("+00:00", "Z"),
    }
