"""
Who pays, decided by a lock on a file in the state directory.

For instances of one machine, which share the directory and with it the ledger, so
that no totals have to travel. The kernel holds the lock for a process and lets go of
it when that ends, however it ends; a process that is frozen keeps it, and nobody pays.
"""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import structlog

from tm_exporter.budget.totals import Totals
from tm_exporter.budget.worker import Worker
from tm_exporter.lease.leadership import LeaseStanding
from tm_exporter.lease.term import Pause, Term, pause


log = structlog.get_logger()

_FOREVER = float("inf")


class FileLease:
    """
    Competes for the lock on a file.

    Args:
        path: Of the file; it and its directory are made if they are missing.
        beat: Seconds between two tries, and two looks whether the lock is still one.
        worker: Who waits for the disk in our place.
        pause: Waits.

    Attributes:
        hand_overs: How often it got the lock.
    """

    led_for = float("inf")  # whoever leads writes to the same ledger

    def __init__(
        self, path: Path, beat: float, worker: Worker, pause: Pause = pause
    ) -> None:
        self.hand_overs = 0
        self._path = path
        self._beat = beat
        self._worker = worker
        self._pause = pause
        self._file: int | None = None
        self._term: Term | None = None
        self._was_decided = asyncio.Event()
        self._changed: Callable[[], None] = lambda: None
        self._task: asyncio.Task[None] | None = None
        self._detail = "the lock was not tried yet"

    @property
    def permit(self) -> Term | None:
        """The permission in force, None if there is none now."""
        return self._term

    @property
    def standing(self) -> LeaseStanding:
        """How this instance stands to the lock."""
        leads = self._term is not None
        return LeaseStanding(leads, detail="" if leads else self._detail)

    def start(self, changed: Callable[[], None]) -> None:
        """Begin to compete; `changed` is called whenever `permit` came or went."""
        self._changed = changed
        self._task = asyncio.create_task(self._keep(), name="lease")

    async def decided(self, within: float) -> None:
        """Wait until it is known whether we lead, so many seconds at most."""
        await self._pause(self._was_decided, within)

    async def stop(self, spent: Totals | None = None) -> None:  # noqa: ARG002 -- the ledger is shared
        """Pay no more, and let go of the lock."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._end("this instance is being stopped")
        self._worker.close(self._let_go)

    async def _keep(self) -> None:
        """Try to get the lock, then see that it stays one, again and again."""
        never = asyncio.Event()
        while True:
            try:
                await self._look()
            except OSError as error:
                where = error.filename or self._path
                self._end(f"{where} cannot be locked: {error.strerror}")
            self._was_decided.set()
            await self._pause(never, self._beat)

    async def _look(self) -> None:
        """
        Get the lock, or see whether the file is still the one that others lock.

        Raises:
            OSError: The file cannot be used.
        """
        if self._file is not None and not await self._worker.do(self._is_in_place):
            self._end(f"{self._path} was replaced")
            self._let_go()
        if self._file is None:
            self._file = await self._worker.do(lambda: _locked(self._path), undo=_close)
        if self._file is None:
            self._end(f"another instance has the lock on {self._path}")
        elif self._term is None:
            self._term = Term(_FOREVER, lambda: 0.0)
            self.hand_overs += 1
            log.info("leading", identity=str(self._path))
            self._changed()

    def _is_in_place(self) -> bool:
        assert self._file is not None  # noqa: S101 -- who asks has one
        try:
            return os.path.samestat(os.fstat(self._file), self._path.stat())
        except FileNotFoundError:
            return False

    def _end(self, why: str) -> None:
        """Lead no more, if we did, and say why."""
        term, self._term = self._term, None
        if term is not None:
            term.end()
        if why != self._detail:
            self._detail = why
            log.info("standing_by", identity=str(self._path), detail=why)
        if term is not None:
            self._changed()

    def _let_go(self) -> None:
        """Close the file, which unlocks it."""
        file, self._file = self._file, None
        _close(file)


def _close(file: int | None) -> None:
    if file is not None:
        with contextlib.suppress(OSError):
            os.close(file)


def _locked(path: Path) -> int | None:
    """
    Return the descriptor of a file that is locked; None if another one has it.

    Raises:
        OSError: The file cannot be used.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    except OSError:
        os.close(file)
        raise
    return file
