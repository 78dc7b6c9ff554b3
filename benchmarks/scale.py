"""
How many free probes one process on one core keeps in time, and what each costs.

usage: python -m benchmarks.scale [--probes N ...] [--seconds S] [--loop KIND]

A daemon bound to one processor asks a small server on the other one. However many
probes there are, their intervals are such that as many runs begin each second, so
that the cost of a run may be compared. The server notes when each request came:
that minus the slot of the probe's grid is the error of its start, connecting and
the server's own waiting included.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.machine import cores, measured, python
from tm_exporter.observation import ProbeKey
from tm_exporter.schedule.grid import FIRST_RUNS_PER_SECOND, FIRST_RUNS_WITHIN, Grid


ROUTES = {"health": "/health", "models": "/v1/models"}
INTERVAL = 60.0
"""Seconds between two slots of a probe when there are most of them."""

SETTLE = 5.0
"""Seconds from the last first run to the first that is counted."""

_TICKS = os.sysconf("SC_CLK_TCK")
_BODY = b'{"object":"list","data":[{"id":"m","object":"model"}]}'
_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


@dataclass(slots=True)
class Arrivals(asyncio.Protocol):
    """
    Answers one connection after the other, and notes when each was made.

    Attributes:
        seen: Path and seconds since the epoch of each request.
    """

    seen: list[tuple[str, float]] = field(default_factory=list)
    _at: float = 0.0
    _transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Note the time."""
        self._at, self._transport = time.time(), transport

    def data_received(self, data: bytes) -> None:
        """Answer a request, which is small enough to come at once."""
        self.seen.append((data.split(b" ", 2)[1].decode(), self._at))
        self._transport.write(_ANSWER)
        self._transport.close()


@dataclass(frozen=True, slots=True)
class Result:
    """
    What one size came to.

    Attributes:
        probes: How many there were.
        runs: How many ended in the time that was measured.
        cpu: Seconds of processor time that a run cost, all that the daemon does
            besides included.
        errors: Seconds by which each start missed its slot.
        series: Of one free probe.
        resident: Bytes of memory of the daemon.
    """

    probes: int
    runs: int
    cpu: float
    errors: Sequence[float]
    series: float
    resident: int

    def row(self) -> str:
        """Return it as a line for people."""
        ordered = sorted(self.errors)
        p50, p99 = (ordered[int(len(ordered) * q)] * 1e3 for q in (0.5, 0.99))
        return (
            f"{self.probes:>7} {self.runs:>7} {self.cpu * 1e6:>9.0f} {p50:>8.2f} "
            f"{p99:>8.2f} {ordered[-1] * 1e3:>8.2f} {ordered[0] * 1e3:>8.2f} "
            f"{self.series:>7.1f} {self.resident / 2**20:>7.1f}"
        )


HEADING = (
    " probes    runs  CPU us/run  p50 ms   p99 ms   max ms   min ms  series  RSS MB"
)


def configuration(
    port: int, probes: int, interval: float, loop: str = "auto"
) -> dict[str, Any]:
    """Return the configuration of a daemon with so many free probes."""
    kinds = {
        name: {"interval": f"{interval * 1000:g}ms", "timeout": f"{interval * 500:g}ms"}
        for name in ROUTES
    }
    return {
        "log": {"level": "warning"},
        "event_loop": loop,
        "targets": [
            {
                "name": f"t{number}",
                "surface": "serverless",
                "base_url": f"http://127.0.0.1:{port}/t{number}",
                "models": ["m"],
                "probes": {**_NONE, **kinds},
            }
            for number in range(probes // len(ROUTES))
        ],
    }


_NONE = dict.fromkeys(("version", "tokenize", "chat_stream", "chat", "completions",
                       "completions_stream", "responses", "responses_stream",
                       "kv_cache"), False)  # fmt: skip


@contextlib.contextmanager
def daemon(config: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Run a daemon, and yield its process id and its address."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.json")
        path.write_text(json.dumps(config))
        command = (python(), "-m", "tm_exporter", "run", "--config", str(path))
        listen = ("--listen", "127.0.0.1:0")
        process = subprocess.Popen(
            measured(*command, *listen),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "XDG_STATE_HOME": folder},
        )
        assert process.stdout is not None  # noqa: S101 -- it is a pipe
        try:
            yield process.pid, process.stdout.readline().split()[-1]
        finally:
            process.terminate()
            process.communicate(timeout=30)


def spent(process: int) -> float:
    """Return the seconds of processor time that a process had."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(process: int) -> int:
    """Return the bytes of memory that a process has."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def errors(seen: Sequence[tuple[str, float]], interval: float) -> list[float]:
    """Return by how much each request missed the slot that is nearest to it."""
    probes = {route: name for name, route in ROUTES.items()}
    found = []
    for path, at in seen:
        _, target, route = path.split("/", 2)
        key = ProbeKey(target, "serverless", probes[f"/{route}"])
        grid = Grid.of(key, interval)
        found.append((at - grid.phase + interval / 2) % interval - interval / 2)
    return found


async def series_of(address: str, probes: int) -> float:
    """Return how many series a probe has that are not the exporter's own."""
    host, _, port = address.removeprefix("http://").rstrip("/").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n")
    page = await reader.read()
    writer.close()
    rows = [row for row in page.splitlines() if b'probe="' in row or b'target="' in row]
    return len(rows) / probes


async def measure(probes: int, seconds: float, rate: float, loop: str) -> Result:
    """Run a daemon with so many probes, and measure it for some time."""
    interval = round(probes / rate, 3)
    seen: list[tuple[str, float]] = []
    server = await asyncio.get_running_loop().create_server(
        lambda: Arrivals(seen), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    config = configuration(port, probes, interval, loop)
    with daemon(config) as (process, address):
        first = max(FIRST_RUNS_WITHIN, probes / FIRST_RUNS_PER_SECOND)
        await asyncio.sleep(first + SETTLE)
        seen.clear()
        before = spent(process)
        await asyncio.sleep(seconds)
        used, runs = spent(process) - before, len(seen)
        found = errors(seen, interval)
        series = await series_of(address, probes)
        memory = resident(process)
    server.close()
    return Result(probes, runs, used / max(1, runs), found, series, memory)


def main() -> None:
    """Measure each size in turn, and tell whether the cost of a run is the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--rate", type=float, help="runs a second, for all sizes")
    parser.add_argument("--loop", choices=("auto", "asyncio"), default="auto")
    asked = parser.parse_args()
    os.sched_setaffinity(0, {cores()[1]})
    rate = asked.rate or max(asked.probes) / INTERVAL
    print(HEADING)  # noqa: T201 -- it is what the program is for
    costs: dict[int, list[float]] = {probes: [] for probes in asked.probes}
    for _ in range(asked.rounds):
        for probes in asked.probes:
            result = asyncio.run(measure(probes, asked.seconds, rate, asked.loop))
            costs[probes].append(result.cpu)
            print(result.row(), flush=True)  # noqa: T201
    medians = [statistics.median(cost) for cost in costs.values()]
    print(f"cost of a run, most to least: {max(medians) / min(medians):.3f}")  # noqa: T201


if __name__ == "__main__":
    main()
