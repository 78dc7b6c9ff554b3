"""Write log lines without ever making the writer of a line wait."""

import os
import select
import threading
from collections import deque
from itertools import islice


_BATCH = 100


class LineWriter:
    """
    Writes lines to a file descriptor from a thread of its own.

    The descriptor may be a pipe that nobody reads. Then lines pile up to
    `capacity`, and those that come later are dropped and counted. The lines go
    past Python's file objects, whose lock a thread that hangs in a write would
    still hold when the interpreter ends.
    """

    def __init__(self, descriptor: int, capacity: int = 5000) -> None:
        self._descriptor = descriptor
        self._capacity = capacity
        self._changed = threading.Condition()
        self._closed = False
        self._dropped = 0
        self._lines: deque[bytes] = deque()
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Lines that were never written."""
        return self._dropped

    def write(self, line: bytes) -> None:
        """Take a line, which must end in a line feed. Safe from any thread."""
        with self._changed:
            if self._closed or len(self._lines) >= self._capacity:
                self._dropped += 1
                return
            self._lines.append(line)
            self._changed.notify()

    def close(self, timeout: float = 0.5) -> None:
        """Write what is left, for at most `timeout` seconds, and end."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(timeout)

    def _work(self) -> None:
        while lines := self._next():
            try:
                self._write_all(b"".join(lines))
            except OSError:  # the reader has gone away
                with self._changed:
                    self._dropped += len(lines)

    def _next(self) -> list[bytes]:
        """Wait for lines and take some; none if there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._closed)
            lines = list(islice(self._lines, _BATCH))
            for _ in lines:
                self._lines.popleft()
            return lines

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # another process set O_NONBLOCK on it
                select.select([], [self._descriptor], [])
