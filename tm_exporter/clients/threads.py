"""
Daemon threads that are used again, for work that cannot be cancelled.

To start one takes five times what a look-up takes. One that hangs is nobody else's
loss: whoever comes next gets another. What has nothing to do for a moment ends, so
that none is left behind.
"""

import queue
import threading
from collections.abc import Callable
from typing import Final


IDLE: Final = 1.0
"""Seconds without work after which a thread ends."""

Job = Callable[[], None]


class Worker:
    """
    A thread that does one job after the other.

    Args:
        name: Of the thread.
        job: The first.

    Raises:
        RuntimeError: The system has no thread left.
    """

    def __init__(self, name: str, job: Job) -> None:
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._jobs.put(job)
        self._ending = threading.Lock()
        self._has_ended = False
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def take(self, job: Job) -> bool:
        """Do one more job, and return True; False if the thread has ended."""
        with self._ending:
            if not self._has_ended:
                self._jobs.put(job)
            return not self._has_ended

    def _work(self) -> None:
        while (job := self._next()) is not None:
            job()
            del job  # with all that it refers to

    def _next(self) -> Job | None:
        """Return the next job, None if there is none for a while."""
        try:
            return self._jobs.get(timeout=IDLE)
        except queue.Empty:
            with self._ending:
                self._has_ended = self._jobs.empty()
            return None if self._has_ended else self._jobs.get()


class Threads:
    """
    As many workers as there are jobs at a time; belongs to one thread of its own.

    Args:
        name: Of each.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[Worker] = []

    def begin(self, job: Job) -> Worker:
        """
        Have a job done, by the thread that had work last.

        Raises:
            RuntimeError: The system has no thread left.
        """
        while self._idle:
            worker = self._idle.pop()
            if worker.take(job):
                return worker
        return Worker(self._name, job)

    def over(self, worker: Worker) -> None:
        """Take note that a worker's job is done."""
        self._idle.append(worker)
