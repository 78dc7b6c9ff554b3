"""The ledger for the event loop: never blocks it, never raises, and says how it is."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from tm_exporter.budget.ledger import Ledger, LedgerUnusable, Left
from tm_exporter.budget.worker import NoThread, Worker


log = structlog.get_logger()
T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that the ledger may take for one answer; a disk may hang for ever."""

_SLOW = (
    f"the ledger did not answer within {PATIENCE:g} s: look at the disk of the "
    "state directory"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How the ledger is, as of the last answer.

    Attributes:
        usable: None before the first answer.
        left: Of day and month; None where the ledger cannot be used.
        detail: Why it cannot be, and what to do; empty where it can.
        is_elsewhere: Whether another instance pays, so that ours must not.
    """

    usable: bool | None = None
    left: Left | None = None
    detail: str = ""
    is_elsewhere: bool = False


class Till:
    """
    Asks the ledger in a thread of its own, for as long as it may take.

    Args:
        open_ledger: Makes the ledger, or raises LedgerUnusable; called in the
            thread, again as long as it fails.
        worker: Who blocks in our place.
        patience: Seconds after which an answer comes too late.

    Attributes:
        standing: How the ledger is.
    """

    def __init__(
        self,
        open_ledger: Callable[[], Ledger],
        worker: Worker,
        patience: float = PATIENCE,
    ) -> None:
        self.standing = Standing()
        self._open_ledger = open_ledger
        self._ledger: Ledger | None = None
        self._worker = worker
        self._patience = patience
        self._late: _Errand | None = None

    async def ask(
        self,
        job: Callable[[Ledger], T],
        *,
        undo: Callable[[Ledger, T], object] | None = None,
    ) -> T | None:
        """
        Return what a job gets from the ledger, None if that cannot be used.

        Args:
            job: Called in the thread of the worker.
            undo: Called there with the result, if it comes too late.
        """
        if self._late is not None and not self._late.is_done:
            return None  # one more job would only wait behind it
        errand = _Errand(self._opened)
        try:
            async with asyncio.timeout(self._patience):
                answer, left = await self._worker.do(
                    lambda: errand.run(job),
                    undo=lambda result: undo and undo(self._opened(), result[0]),
                )
        except TimeoutError:
            self._late = errand
            self._note(Standing(usable=False, detail=_SLOW))
        except LedgerUnusable as error:
            self._note(Standing(usable=False, detail=str(error)))
        except NoThread as error:
            self._note(Standing(usable=False, detail=str(error.strerror)))
        except Exception as error:  # a bug must not become a run without money
            log.exception("ledger_failed")
            detail = f"the exporter failed: {type(error).__name__}"
            self._note(Standing(usable=False, detail=detail))
        else:
            self._note(Standing(usable=True, left=left))
            return answer
        return None

    def close(self) -> None:
        """Let go of the ledger, without waiting for it."""
        self._worker.close(self._close)

    def _close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()

    def _opened(self) -> Ledger:
        """Return the ledger; only for the thread of the worker."""
        if self._ledger is None:
            self._ledger = self._open_ledger()
        return self._ledger

    def _note(self, standing: Standing) -> None:
        """Remember how the ledger is, and log what changed."""
        before, self.standing = self.standing, standing
        if standing.usable and before.usable is False:
            log.info("ledger_usable")
        elif not standing.usable and before.detail != standing.detail:
            log.error("ledger_unusable", detail=standing.detail)
        if (why := _withheld(standing)) and why != _withheld(before):
            log.warning("budget_withheld", detail=why)


def _withheld(standing: Standing) -> str:
    return "" if standing.left is None else standing.left.withheld


class _Errand:
    """One question to the ledger, which knows whether it has come back."""

    def __init__(self, opened: Callable[[], Ledger]) -> None:
        self.is_done = False
        self._opened = opened

    def run(self, job: Callable[[Ledger], T]) -> tuple[T, Left]:
        """Return what the job gets, and what is left then."""
        try:
            ledger = self._opened()
            return job(ledger), ledger.left()
        finally:
            self.is_done = True
