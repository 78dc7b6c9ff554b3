"""What every measurement is: a name, and something that measures once."""

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.machine import ROOT, measured, python


Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """
    One thing that is measured in each round.

    Attributes:
        suite: What it belongs to: probes, streams, scrapes, starts or footprint.
        name: What it is, unique in its suite.
        measure: Measures once; ours and the peers beside it, one after the other, so
            that a machine that is slow for a while is slow for all of them.
        rounds: How often at the most, for what takes long and varies little.
    """

    suite: str
    name: str
    measure: Callable[[], Figures]
    rounds: int = 99


@dataclass(frozen=True, slots=True)
class Length:
    """
    How long measurements are.

    Attributes:
        seconds: Of each in which something is counted.
        runs: Of a probe in a loop.
        targets: Of the daemon; each has one probe a second.
        settling: Seconds until such a daemon has begun all that it begins.
        streams: How many at a time, in turn.
        series: Sizes of pages.
        jobs: That are scheduled.
        interval: Seconds between two starts of the rarest of them.
        probes: Of exporters whose memory is measured.
    """

    seconds: float
    runs: int
    targets: int
    settling: float
    streams: tuple[int, ...]
    series: tuple[int, ...]
    jobs: int
    interval: float
    probes: tuple[int, ...]


WHOLE = Length(
    seconds=3.0,
    runs=1500,
    targets=200,  # a fifth of what a processor can probe in a second
    settling=3.0,
    streams=(1, 50, 200, 500),
    series=(1000, 10_000, 50_000),
    jobs=1000,
    interval=12.0,
    probes=(0, 100, 1000, 10_000),
)
SHORT = Length(
    seconds=1.0,
    runs=20,
    targets=3,
    settling=1.5,
    streams=(2,),
    series=(300,),
    jobs=20,
    interval=1.0,
    probes=(0, 3),
)
"""Just enough to see that everything works."""


class ProgramError(Exception):
    """A program that measures failed."""


def told_by(program: str, *words: object) -> Figures:
    """
    Run a program of this package on the processor of what is measured.

    Raises:
        ProgramError: It failed.
    """
    command = measured(python(), "-m", f"benchmarks.{program}", *map(str, words))
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=300
    )
    if done.returncode:
        raise ProgramError(f"{program}: {done.stderr[-2000:]}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures
