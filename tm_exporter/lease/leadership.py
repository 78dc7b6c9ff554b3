"""What the rest of the exporter sees of a lease, whatever kind it is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from tm_exporter.budget.totals import Totals


log = structlog.get_logger()


class Permit(Protocol):
    """The permission to pay, given once; when it is gone, it is gone for good."""

    @property
    def holds(self) -> bool:
        """Whether paid requests may be begun at this very moment."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseStanding:
    """
    How an instance stands to the lease.

    Attributes:
        leads: Whether it may pay.
        holder: Who holds the lease, as far as is known; else empty.
        detail: Why it does not lead, for people; empty where it does.
    """

    leads: bool
    holder: str = ""
    detail: str = ""


class Leadership(Protocol):
    """Knows whether this instance is the one that pays."""

    @property
    def permit(self) -> Permit | None:
        """The permission in force, None if there is none now."""
        ...

    @property
    def standing(self) -> LeaseStanding:
        """How this instance stands to the lease."""
        ...

    @property
    def hand_overs(self) -> int:
        """How often this instance began to lead where another one may have before."""
        ...

    @property
    def led_for(self) -> float:
        """Seconds for which our own ledger has seen all that was paid for."""
        ...

    def start(self, changed: Callable[[], None]) -> None:
        """Begin to compete; `changed` is called whenever `permit` came or went."""
        ...

    async def decided(self, within: float) -> None:
        """Wait until it is known who leads, so many seconds at most."""
        ...

    async def stop(self, spent: Totals | None = None) -> None:
        """
        Pay no more, and let others lead, within a second.

        Args:
            spent: What exactly was spent until now, None where that is not known.
        """
        ...


class _Always:
    """A permit that is never withdrawn."""

    holds = True


class Alone:
    """An instance that competes with nobody: it always leads."""

    permit = _Always()
    standing = LeaseStanding(leads=True)
    hand_overs = 0
    led_for = float("inf")

    def start(self, changed: Callable[[], None]) -> None:
        """Do nothing: nothing will change."""

    async def decided(self, within: float) -> None:
        """Return: it always leads."""

    async def stop(self, spent: Totals | None = None) -> None:
        """Do nothing: nobody waits for it."""


class Unable:
    """
    An instance that cannot compete, and therefore never leads.

    Args:
        why: What is missing, and what to do.
    """

    permit = None
    hand_overs = 0
    led_for = 0.0

    def __init__(self, why: str) -> None:
        self.standing = LeaseStanding(leads=False, detail=why)

    def start(self, changed: Callable[[], None]) -> None:  # noqa: ARG002 -- nothing will
        """Say why it does not compete."""
        log.warning("lease_unreachable", detail=self.standing.detail)

    async def decided(self, within: float) -> None:
        """Return: it never leads."""

    async def stop(self, spent: Totals | None = None) -> None:
        """Do nothing: nobody waits for it."""
