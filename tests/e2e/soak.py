"""
A long life in a short time: many targets, whose faults change every few seconds.

At first each fault is everywhere at once, so that as much is kept as ever will be; then
there is one here, and another there. Slots come every two seconds where they usually
are a minute apart, so that two hours are as many runs as some days.

`make soak MINUTES=120` prints a line a minute and what was found; the suite has a short
form.
"""

import contextlib
import json
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median
from typing import Any

import httpx

from tests.e2e.children import Child, child
from tests.e2e.daemon import listening
from tests.e2e.soak_world import OURS, PATIENCE, Service, configuration
from tests.e2e.waiting import eventually
from tm_exporter.simulator.scenarios import scenarios


SERVICES = 3
SWITCH_EVERY = 3.0
"""Seconds from one fault to the next."""

MOST_MEMORY = 150.0
"""Megabytes."""

MOST_GROWTH = 1.0
"""Megabytes an hour, once everything that is kept for a while is full."""

_SEED = 20261122
_FULL = 0.95  # of the runs that are kept in the end: before that it is not warm
_WARM_UP = 0.25  # of its life, at least: it has not seen its worst moments before
_LONG = 20.0  # minutes from which on a slope of memory says something
_OWN = 40  # tasks, threads or sockets that are not of runs: pages, ledger, files

_KILLED = 0.03  # of the changes, where a process ends and begins again


@dataclass
class Soaked:
    """
    What was seen of a life.

    Attributes:
        seconds: How long it was.
        memory: Resident megabytes, with the seconds since the start.
        censuses: What the process told of itself, the last ones after its end.
        status: With which it ended.
        scrapes: Seconds that pages of metrics took.
        all_met: Seconds until each fault had been everywhere.
    """

    seconds: float
    memory: list[tuple[float, float]] = field(default_factory=list)
    censuses: list[dict[str, Any]] = field(default_factory=list)
    status: int | None = None
    scrapes: list[float] = field(default_factory=list)
    all_met: float = 0.0

    @property
    def warm(self) -> float:
        """
        Seconds from the start until nothing more is gathered.

        By then each fault has been everywhere, and as many runs are kept as at the
        end: a probe keeps its last 20 failures too, and where it hardly ever fails,
        these take a while. And as Python gives hardly any memory back, it has what its
        busiest moment took; such records become rare with the logarithm of time.
        """
        kept = [each["kept"] for each in self.censuses if each["what"] == "census"]
        times = (at for at, _ in self.memory)
        pairs = zip(times, kept, strict=False)  # of what goes on, one may be missing
        full = next((at for at, n in pairs if n >= _FULL * kept[-1]), self.seconds)
        return max(full, self.all_met, _WARM_UP * self.memory[-1][0])

    @property
    def slope(self) -> float:
        """Megabytes an hour by which memory grew after the warm-up."""
        warm = self.warm
        minutes: dict[int, list[float]] = {}
        for at, megabytes in self.memory:
            if at >= warm:
                minutes.setdefault(int(at / 60), []).append(megabytes)
        points = [(minute / 60, median(each)) for minute, each in minutes.items()]
        return _slope(points) if len(points) > 1 else 0.0

    def assert_sound(self) -> None:
        """Nothing was lost, left over or kept for ever."""
        seen = [each for each in self.censuses if each["what"] == "census"]
        assert seen
        for each in seen:
            assert each["odd"] == []
            assert each["faults"] == 0
            for what in ("tasks", "threads", "sockets"):
                assert each[what] <= 3 * each["running"] + _OWN, each
        assert self.status == 0
        after = {each["what"]: each for each in self.censuses}
        assert after["tasks left"]["tasks"] == []
        assert after["left"] == {
            "what": "left",
            "threads": ["MainThread"],
            "sockets": 0,
        }
        assert max(megabytes for _, megabytes in self.memory) < MOST_MEMORY
        if self.seconds >= 60 * _LONG:
            assert self.warm <= self.seconds / 2
            assert self.slope < MOST_GROWTH

    def summary(self) -> str:
        """Return all that in a line."""
        last = [each for each in self.censuses if each["what"] == "census"][-1]
        runs = ("slots", "failed", "skipped", "running")
        kept = ("tasks", "threads", "sockets", "objects", "kept")
        return (
            f"{self.memory[-1][0]:.0f} s: {self.memory[-1][1]:.1f} MB,"
            f" {self.slope:+.2f} MB/h since {self.warm:.0f} s,"
            f" scrapes {fmean(self.scrapes):.3f} s (worst {max(self.scrapes):.3f}), "
            + ", ".join(f"{name} {last[name]}" for name in runs + kept)
            + f", contradictions {sum(len(c.get('odd', ())) for c in self.censuses)}"
        )


def soak(folder: Path, seconds: float, *, tells: bool = False) -> Soaked:
    """
    Let an exporter live, and return what was seen of it.

    Args:
        folder: Empty, for everything.
        seconds: How long it lives.
        tells: Whether to print a line a minute.
    """
    dice = random.Random(_SEED)  # noqa: S311 -- for faults
    with _services(folder) as services, _exporter(folder, services) as exporter:
        url = listening(exporter).url
        began = time.monotonic()
        soaked, told = Soaked(seconds), 0
        changes = _changes(dice, services)
        while (at := time.monotonic() - began) < seconds:
            if not next(changes):
                soaked.all_met = at + SWITCH_EVERY
            time.sleep(SWITCH_EVERY)  # what was changed is in force for as long
            soaked.memory.append((at, _megabytes(exporter)))
            soaked.scrapes.append(_scraped(url))
            _count(exporter, soaked)
            if tells and int(at / 60) > told:
                told = int(at / 60)
                _say(soaked.summary())
        soaked.status = exporter.end(signal.SIGTERM, within=10)
        soaked.censuses = _censuses(exporter)
        return soaked


def main(minutes: float) -> int:
    """Soak for so many minutes, and print what was found."""
    with tempfile.TemporaryDirectory(prefix="tm-exporter-soak-") as folder:
        soaked = soak(Path(folder), 60 * minutes, tells=True)
    _say(soaked.summary())
    soaked.assert_sound()
    _say("sound")
    return 0


@contextlib.contextmanager
def _services(folder: Path) -> Iterator[list[Service]]:
    services = [Service(folder / f"service-{n}") for n in range(SERVICES)]
    try:
        for service in services:
            service.start()
        yield services
    finally:
        for service in services:
            service.stop()


@contextlib.contextmanager
def _exporter(folder: Path, services: list[Service]) -> Iterator[Child]:
    (folder / "exporter").mkdir()
    config = folder / "exporter.yml"
    config.write_text(json.dumps(configuration(folder, services)))
    program = (sys.executable, "-m", "tests.e2e.soaked", config)
    with child(folder / "exporter", *program, environment=OURS) as exporter:
        yield exporter


def _changes(dice: random.Random, services: list[Service]) -> Iterator[bool]:
    """Change something at each step; yield whether each fault was everywhere before."""
    for scenario in dice.sample(sorted(scenarios()), len(scenarios())):
        for service in services:
            service.play(scenario)
        yield False
    while True:
        _change(dice, services)
        yield True


def _change(dice: random.Random, services: list[Service]) -> None:
    """Have another fault somewhere, or none any more."""
    service = dice.choice(services)
    if dice.random() < _KILLED:
        service.stop()
        time.sleep(SWITCH_EVERY)  # for so long nothing listens
        service.start()
    else:
        service.play(dice.choice(["healthy", *scenarios()]))


def _megabytes(process: Child) -> float:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _scraped(url: str) -> float:
    """Return how many seconds a page of metrics takes."""
    start = time.monotonic()
    httpx.get(f"{url}/metrics", trust_env=False, timeout=PATIENCE).raise_for_status()
    return time.monotonic() - start


def _count(exporter: Child, soaked: Soaked) -> None:
    """Have the process tell one more census, and take what it told."""
    known = len(_censuses(exporter))
    exporter.process.send_signal(signal.SIGUSR1)
    eventually(lambda: len(_censuses(exporter)) > known, within=PATIENCE, what="census")
    soaked.censuses = _censuses(exporter)


def _censuses(exporter: Child) -> list[dict[str, Any]]:
    lines = exporter.stdout.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def _slope(points: list[tuple[float, float]]) -> float:
    """Return by how much y grows with x, by least squares."""
    x, y = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((each - x) ** 2 for each, _ in points)
    return sum((a - x) * (b - y) for a, b in points) / spread if spread else 0.0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 -- for whoever waits for hours


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
