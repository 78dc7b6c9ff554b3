"""What a schedule knows of a probe, and whom it asks before it runs one."""

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol

from tm_exporter.observation import Observation, Probe, ProbeKey, Skip
from tm_exporter.schedule.grid import Grid


class SlotCounter(Protocol):
    """Is told what became of each slot."""

    def slot(self, key: ProbeKey) -> None:
        """A slot fell due."""
        ...

    def skipped(self, key: ProbeKey, skip: Skip) -> None:
        """It will not become a run."""
        ...


class Purse(Protocol):
    """Holds the money for paid runs. It does not raise: without money, no run."""

    async def reserve(self, probe: Probe) -> object | None:
        """Set aside what a run may cost at worst; None if it must not run."""
        ...

    async def settle(self, reserved: Any, observation: Observation) -> Observation:
        """Charge what the run did cost, and return the observation with it."""
        ...


@dataclass(slots=True)
class Entry:
    """
    A scheduled probe.

    Attributes:
        grid: Its slots.
        next_at: The next slot, in steady seconds; the first run is one besides.
        slot_at: The slot that the last run was for.
        is_first: Whether no slot fell due yet.
        runs: How many ended since it was scheduled.
        unsupported_until: Slots before are skipped, the route being missing.
        task: The run in flight, if any.
        job: What APScheduler knows it by.
    """

    probe: Probe
    grid: Grid
    next_at: float
    job: Any = None
    slot_at: float = 0.0
    is_first: bool = True
    runs: int = 0
    unsupported_until: float = 0.0
    task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a run is in flight."""
        return self.task is not None and not self.task.done()


def waiting_as(probe: Probe) -> tuple[str, ...]:
    """
    Return who waits together when the service asks one of them to.

    All paid probes of a target's model do; a free or Control Plane route alone.
    """
    key = probe.key
    if probe.section.paid:
        return (key.target, key.model)
    return (key.target, key.model, key.probe)
