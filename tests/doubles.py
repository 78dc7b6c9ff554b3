"""Small stand-ins that tests share."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from tm_exporter.observation import (
    PASSED,
    Demand,
    Observation,
    Outcome,
    Probe,
    ProbeKey,
    Reason,
    Sample,
    Skip,
)
from tm_exporter.section import Duration, ProbeSection, Surface


class FakeClock:
    """Seconds that pass when told to."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds


class ScriptedSection(ProbeSection):
    """The section of a scripted probe."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("serverless",)
    kind: Literal["scripted"] = "scripted"
    interval: Duration = 60.0
    timeout: Duration = 5.0


class PaidSection(ScriptedSection):
    """The same, for money."""

    paid: ClassVar[bool] = True


@dataclass
class ScriptedProbe:
    """A probe that does what it is told, and counts how often."""

    key: ProbeKey = ProbeKey("target", "serverless", "scripted")  # noqa: RUF009
    section: ProbeSection = field(default_factory=ScriptedSection)
    outcome: Outcome = Outcome(verdict=PASSED)  # noqa: RUF009
    reasons: Sequence[Reason] = ()
    starts: Sequence[Sample] = ()
    demands: Sequence[Demand] = ()
    before: Callable[[], None] = lambda: None
    hold: asyncio.Event | None = None
    runs: int = 0

    async def run(self) -> Outcome:
        """Return the outcome, once nobody holds it back."""
        self.runs += 1
        self.before()
        if self.hold is not None:
            await self.hold.wait()
        return self.outcome


@dataclass
class CountedSlots:
    """Counts what became of slots."""

    slots: Counter[ProbeKey] = field(default_factory=Counter)
    skips: Counter[tuple[ProbeKey, Skip]] = field(default_factory=Counter)
    published: list[Observation] = field(default_factory=list)

    def slot(self, key: ProbeKey) -> None:
        """A slot fell due."""
        self.slots[key] += 1

    def skipped(self, key: ProbeKey, skip: Skip) -> None:
        """It was skipped."""
        self.skips[key, skip] += 1

    def publish(self, observation: Observation) -> None:
        """A run ended."""
        self.published.append(observation)


class OpenPurse:
    """Pays for everything, and remembers what for."""

    def __init__(self) -> None:
        self.reserved: list[ProbeKey] = []
        self.settled: list[ProbeKey] = []

    async def reserve(self, probe: Probe) -> Probe:
        """Agree."""
        self.reserved.append(probe.key)
        return probe

    async def settle(self, reserved: Probe, observation: Observation) -> Observation:
        """Take note."""
        self.settled.append(reserved.key)
        return observation


def no_thread(_: threading.Thread) -> None:
    """Fail to start, as a thread does where the system has none left."""
    raise RuntimeError("can't start new thread")
