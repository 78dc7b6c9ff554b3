"""Do what may block, such as writing to a disk, in one thread beside the loop."""

import asyncio
import contextlib
import errno
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol, TypeVar


T = TypeVar("T")
_Job = Callable[[], None]


class NoThread(OSError):  # noqa: N818 -- what there is not
    """The system has no thread left for us."""

    def __init__(self) -> None:
        why = "no thread can be started: look at the limits on processes (pids)"
        super().__init__(errno.EAGAIN, why)


class Worker(Protocol):
    """Does one job after the other."""

    async def do(
        self, job: Callable[[], T], *, undo: Callable[[T], object] | None = None
    ) -> T:
        """Return what the job returns, or raise what it raises."""
        ...

    def close(self, last: Callable[[], object]) -> None:
        """Take no more jobs after this last one, and do not wait for it."""
        ...


class ThreadWorker:
    """
    A worker with a thread of its own.

    A disk that hangs holds the thread, and neither the loop nor the end of the
    process: `do` can be cancelled, and the interpreter does not wait for the thread.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._name = name
        self._thread: threading.Thread | None = None

    async def do(
        self, job: Callable[[], T], *, undo: Callable[[T], object] | None = None
    ) -> T:
        """
        Do a job in the thread.

        Args:
            job: Blocks as long as it likes.
            undo: Called in the thread with the job's result, if nobody waits for
                it any more.

        Raises:
            NoThread: It was not begun; the next one may be.
            Exception: Whatever the job raises.
        """
        self._begin()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def deliver(result: T) -> None:
            if not done.cancelled():
                done.set_result(result)
            elif undo is not None:
                self._jobs.put(lambda: _quietly(undo, result))

        def fail(error: Exception) -> None:
            if not done.cancelled():
                done.set_exception(error)

        def work() -> None:
            # A loop that has ended meanwhile takes nothing more.
            try:
                result = job()
            except Exception as error:  # noqa: BLE001 -- it is raised where it belongs
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(fail, error)
            else:
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(deliver, result)

        self._jobs.put(work)
        return await done

    def close(self, last: Callable[[], object]) -> None:
        """Take no more jobs after this last one, and do not wait for it."""
        self._jobs.put(lambda: _quietly(lambda _: last(), None))
        self._jobs.put(None)

    def _begin(self) -> None:
        """Start the thread with the first job."""
        if self._thread is not None:
            return
        thread = threading.Thread(target=self._work, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            raise NoThread from None
        self._thread = thread

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _quietly(job: Callable[[Any], object], value: Any) -> None:
    """Do what nobody waits for and nobody can be told the failure of."""
    with contextlib.suppress(Exception):
        job(value)
