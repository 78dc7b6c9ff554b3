"""
Schedule so many jobs, and print by how much their starts miss their moments.

`tm-exporter` is the exporter's own schedule with probes that wait 5 ms. The peers do
the same: one timer of the loop for each job, and APScheduler as its manual has it.

usage: python -m benchmarks.start_program SCHEDULER JOBS SECONDS INTERVAL
Jobs start every INTERVAL seconds, or up to four times as often.
"""

import asyncio
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, Literal

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from benchmarks.as_daemon import run
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
from tm_exporter.schedule.grid import FIRST_RUNS_WITHIN, Grid
from tm_exporter.schedule.schedule import Schedule
from tm_exporter.section import ProbeSection, Surface


WORK = 0.005
"""Seconds that each job waits."""


Probes = Sequence[Probe]
Wait = Callable[[], Awaitable[None]]


class IdleSection(ProbeSection):
    """The section of a probe that asks nobody."""

    surfaces: ClassVar[tuple[Surface, ...]] = ("serverless",)
    kind: Literal["idle"] = "idle"


@dataclass(frozen=True)
class IdleProbe:
    """A probe that asks nobody."""

    key: ProbeKey
    section: ProbeSection
    reasons: Sequence[Reason] = ()
    starts: Sequence[Sample] = ()
    demands: Sequence[Demand] = ()

    async def run(self) -> Outcome:
        """Wait."""
        await asyncio.sleep(WORK)
        return Outcome(verdict=PASSED)


@dataclass
class Started:
    """
    Notes when jobs start.

    Attributes:
        late: Seconds after its moment, of each start but the first of each job.
        after: Monotonic seconds before which nothing is noted.
        lost: Moments that became no run.
    """

    after: float = 0.0
    late: list[float] = field(default_factory=list)
    lost: int = 0

    def note(self, grid: Grid) -> None:
        """Note a start, which is held against the moment on the grid next to it."""
        now = time.monotonic()
        if now < self.after:
            return
        later = grid.after(now)
        earlier = later - grid.interval
        self.late.append(now - min((earlier, later), key=lambda at: abs(now - at)))

    def slot(self, key: ProbeKey) -> None:
        """A slot fell due."""

    def skipped(self, key: ProbeKey, skip: Skip) -> None:  # noqa: ARG002
        """It became no run."""
        self.lost += time.monotonic() >= self.after


def made(jobs: int, longest: float) -> list[Probe]:
    """Return so many probes, whose intervals are spread over all that is allowed."""
    return [
        IdleProbe(
            ProbeKey(f"target-{job}", "serverless", "idle"),
            IdleSection.model_validate(
                {
                    "interval": f"{longest * (1 + 3 * job / jobs) / 4:.3f}s",
                    "timeout": "100ms",
                }
            ),
        )
        for job in range(jobs)
    ]


async def ours(probes: Probes, started: Started, wait: Wait) -> None:
    """Run them on the exporter's schedule."""

    async def observed(probe: Probe) -> Observation:
        started.note(Grid.of(probe.key, probe.section.interval))
        outcome = await probe.run()
        return Observation(
            key=probe.key,
            probe_id="",
            started_at=0.0,
            duration=WORK,
            outcome=outcome,
        )

    schedule = Schedule(
        run=observed,
        publish=lambda _: None,
        counter=started,
        now=time.monotonic,  # so that its grid is that of the monotonic clock
    )
    schedule.start(probes)
    await wait()
    await schedule.stop()


async def timers(probes: Probes, started: Started, wait: Wait) -> None:
    """Run them by one timer of the loop for each."""
    loop = asyncio.get_running_loop()
    handles: dict[ProbeKey, asyncio.TimerHandle] = {}
    running: set[asyncio.Task[Outcome]] = set()

    def due(probe: Probe, grid: Grid, at: float) -> None:
        started.note(grid)
        task = loop.create_task(probe.run())
        running.add(task)
        task.add_done_callback(running.discard)
        plan(probe, grid, grid.after(at))

    def plan(probe: Probe, grid: Grid, at: float) -> None:
        handles[probe.key] = loop.call_at(at, due, probe, grid, at)

    for probe in probes:
        grid = Grid.of(probe.key, probe.section.interval)
        plan(probe, grid, grid.after(time.monotonic()))
    await wait()
    for handle in handles.values():
        handle.cancel()


async def apscheduler(probes: Probes, started: Started, wait: Wait) -> None:
    """Run them by APScheduler's triggers of an interval."""
    scheduler = AsyncIOScheduler(timezone=UTC)
    steady = time.time() - time.monotonic()

    async def job(probe: Probe, grid: Grid) -> None:
        started.note(grid)
        await probe.run()

    for probe in probes:
        grid = Grid.of(probe.key, probe.section.interval)
        first = grid.after(time.monotonic()) + steady
        scheduler.add_job(
            job,
            "interval",
            seconds=grid.interval,
            start_date=datetime.fromtimestamp(first, UTC),
            args=(probe, grid),
        )
    scheduler.start()
    await wait()
    scheduler.pause()
    await asyncio.sleep(4 * WORK)  # it would log each job that it has to cancel
    scheduler.shutdown(wait=False)


SCHEDULERS = {"tm-exporter": ours, "timers": timers, "APScheduler": apscheduler}


async def measure(
    scheduler: str, jobs: int, seconds: float, longest: float
) -> dict[str, float]:
    """Return what their starts missed, once all had their first."""
    first = min(FIRST_RUNS_WITHIN, longest) if scheduler == "tm-exporter" else 0.0
    settled = first + 0.5
    started = Started(after=time.monotonic() + settled)
    spent = [0.0]

    async def wait() -> None:
        await asyncio.sleep(settled)
        before = _cpu()
        await asyncio.sleep(seconds)
        spent[0] = _cpu() - before

    await SCHEDULERS[scheduler](made(jobs, longest), started, wait)
    late = sorted(started.late)
    return {
        "p50 ms": 1e3 * late[len(late) // 2],
        "p99 ms": 1e3 * late[len(late) * 99 // 100],
        "max ms": 1e3 * late[-1],
        "earliest ms": 1e3 * late[0],
        "starts": float(len(late)),
        "lost": float(started.lost),
        "cpu us/start": 1e6 * spent[0] / len(late),
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure as asked for."""
    scheduler, jobs, seconds, interval = sys.argv[1:]
    found = run(measure(scheduler, int(jobs), float(seconds), float(interval)))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
