"""Everything that leads to a reload: a signal, a request, or a file that changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from tm_exporter.budget.worker import ThreadWorker
from tm_exporter.config.load import Loaded
from tm_exporter.reload.reloader import Reloader, Result
from tm_exporter.reload.watch import LOOK_EVERY, SourceWatch


PreparedT = TypeVar("PreparedT")


class Reloads(Generic[PreparedT]):
    """
    The reloads of a daemon, none of which begins before `start`.

    Args:
        load, in_force, prepare, follow, tell: As of the `Reloader`.
        every: Seconds between two looks at the files of the configuration.
    """

    def __init__(
        self,
        load: Callable[[], Loaded],
        in_force: Loaded,
        prepare: Callable[[Loaded], PreparedT],
        follow: Callable[[PreparedT], Awaitable[None]],
        tell: Callable[[bool], None],
        *,
        every: float = LOOK_EVERY,
    ) -> None:
        # Two threads, so that a long reload does not keep changes from being seen.
        self._workers = ThreadWorker("reload"), ThreadWorker("configuration files")
        reading, looking = self._workers
        self._reloader = Reloader(
            load, in_force, prepare, follow, tell=tell, worker=reading
        )
        self._watch = SourceWatch(
            lambda: self._reloader.sources,
            self._reloader.reload_if_other,
            looking,
            every=every,
        )
        self._begun = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._asked: set[asyncio.Task[Result]] = set()

    def start(self) -> None:
        """Reload from now on, whoever asks and whatever changes."""
        self._begun.set()
        self._watching = asyncio.create_task(self._watch.keep(), name="reload watch")

    async def stop(self) -> None:
        """Reload no more, without waiting for a disk."""
        tasks = [*self._asked, *filter(None, [self._watching])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._reloader.stop()
        for worker in self._workers:
            worker.close(lambda: None)

    def ask(self) -> None:
        """Reload, and let nobody wait for it."""
        task = asyncio.create_task(self.reload(), name="reload that was asked for")
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)

    async def reload(self) -> Result:
        """Reload, and return what became of it."""
        await self._begun.wait()
        return await self._reloader.reload()
