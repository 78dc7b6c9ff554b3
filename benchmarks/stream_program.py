"""
Read streams of the truth server for some seconds, and print how wrong the times are.

Every error is what was seen less what the server had stamped, in microseconds, of the
first token and of each gap between two. `tm-exporter` is the client of the exporter
with the probe's own reader, `user-space` the same without the kernel's stamps;
`httpx` asks httpx for lines, as one would write it.

usage: python -m benchmarks.stream_program CONFIG LIBRARY STREAMS SECONDS SERIES
SERIES are scraped each second on the same loop, having changed in between; 0: none.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

import httpx
import orjson

from benchmarks.as_daemon import PROMETHEUS, page_of, probes_of, run
from benchmarks.world import World
from tm_exporter.clients.stamps import Stamps
from tm_exporter.probes.chat_stream import ChatStreamProbe
from tm_exporter.wire.streams import StreamReader


PATIENCE = 30.0


@dataclass(slots=True)
class Found:
    """Errors in seconds, of how many events, and the share of the kernel's stamps."""

    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    events: int = 0
    by_kernel: float = 0.0

    def add(self, seen: Sequence[float], truth: Sequence[float]) -> None:
        """
        Add one stream.

        Raises:
            ValueError: Not every event was seen.
        """
        if not seen:
            raise ValueError("a stream without a token")
        self.first.append(seen[0] - truth[0])
        self.events += len(seen)
        both = zip(pairwise(seen), pairwise(truth), strict=True)
        self.gaps += [abs((b - a) - (d - c)) for (a, b), (c, d) in both]


Stream = Callable[[Found], Coroutine[Any, Any, None]]


def ours(config: Path, stamps: Stamps | None = None) -> Sequence[Stream]:
    """Return what reads one stream, of each target, with its client and reader."""
    stamps = stamps or Stamps()
    return [_our_stream(probe, stamps) for probe in _canaries(config, stamps)]


def _canaries(config: Path, stamps: Stamps | None = None) -> list[ChatStreamProbe]:
    probes = probes_of(config, stamps)
    return [probe for probe in probes if isinstance(probe, ChatStreamProbe)]


def _our_stream(probe: ChatStreamProbe, stamps: Stamps) -> Stream:
    request = probe.request(probe.prompt())

    async def stream(found: Found) -> None:
        truth: list[float] = []

        def read_delta(payload: Any) -> Any:
            truth.append(_stamp(payload))
            return probe.route.read_delta(payload)

        reader = StreamReader(read_delta, PATIENCE)
        await probe.client.post(
            probe.route.path, request, timeout=PATIENCE, reader=reader
        )
        found.add(reader.record().content_times, truth)
        found.by_kernel = stamps.counts["kernel"] / sum(stamps.counts.values())

    return stream


def in_user_space(config: Path) -> Sequence[Stream]:
    """Return the same where the kernel does not help."""
    return ours(config, Stamps(kernel=False))


def with_httpx(config: Path) -> Sequence[Stream]:
    """Return what reads one stream line by line, as httpx gives them."""
    [probe, *_] = _canaries(config)
    request = probe.request(probe.prompt())
    target = json.loads(config.read_text())["targets"][0]
    client = httpx.AsyncClient(
        base_url=target["base_url"],
        verify=target.get("ca_bundle", True),
        trust_env=False,
        timeout=PATIENCE,
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
    )

    async def stream(found: Found) -> None:
        seen, truth = [], []
        async with client.stream("POST", probe.route.path, json=request) as answer:
            async for line in answer.aiter_lines():
                now = time.monotonic()
                if line.startswith("data: {"):
                    truth.append(_stamp(orjson.loads(line[6:])))
                    seen.append(now)
        found.add(seen, truth)

    return [stream]


def _stamp(payload: Any) -> float:
    """Return when the server handed an event to the socket, in monotonic seconds."""
    return int(payload["m"]) / 1e9


LIBRARIES: Mapping[str, Callable[[Path], Sequence[Stream]]] = {
    "tm-exporter": ours,
    "user-space": in_user_space,
    "httpx": with_httpx,
}


async def measure(
    readers: Sequence[Stream], streams: int, seconds: float, series: int
) -> dict[str, float]:
    """Read so many streams at a time, one after the other, and return what it took."""
    found, warm = Found(), Found()
    await readers[0](warm)
    until = time.monotonic() + seconds

    async def one_after_the_other(stream: Stream) -> None:
        await asyncio.sleep(random.random())  # noqa: S311 -- so that they spread
        while time.monotonic() < until:
            await stream(found)

    async with _scraped(series) as scrapes:
        before, start = _cpu(), time.monotonic()
        each = islice(cycle(readers), streams)
        await asyncio.gather(*(one_after_the_other(stream) for stream in each))
        spent, took = _cpu() - before, time.monotonic() - start
    return {
        **_in_us("first token", found.first),
        **_in_us("gap", found.gaps),
        "streams": float(len(found.first)),
        "events": float(found.events),
        "stamped by the kernel %": 100 * found.by_kernel,
        "cpu %": 100 * spent / took,
        "cpu us/event": 1e6 * spent / max(1, found.events),
        "scrapes": float(len(scrapes)),
    }


@asynccontextmanager
async def _scraped(series: int) -> AsyncIterator[list[int]]:
    """Scrape so many series each second, while probes run and change them."""
    scrapes: list[int] = []
    if not series:
        yield scrapes
        return
    world = World(max(1, series // SERIES_OF_TARGET))
    world.change()
    task = asyncio.create_task(_scrape(world, scrapes))
    try:
        yield scrapes
    finally:
        task.cancel()


SERIES_OF_TARGET = 176
"""Lines on the page of a target of `World`."""


async def _scrape(world: World, scrapes: list[int]) -> None:
    page = page_of(world.sink)
    pause = 0.9 / (2 * world.targets)
    while True:
        start = time.monotonic()
        for _ in world.go_on():
            await asyncio.sleep(pause)
        scrapes.append(len((await page.render(PROMETHEUS, "gzip")).body))
        await asyncio.sleep(max(0.0, start + 1 - time.monotonic()))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _in_us(name: str, errors: list[float]) -> dict[str, float]:
    """Return middle, 99th percentile and maximum in microseconds."""
    rows = sorted(errors)
    return {
        f"{name} p50 us": 1e6 * rows[len(rows) // 2],
        f"{name} p99 us": 1e6 * rows[len(rows) * 99 // 100],
        f"{name} max us": 1e6 * rows[-1],
    }


def main() -> None:
    """Measure as asked for."""
    config, library, streams, seconds, series = sys.argv[1:]
    readers = LIBRARIES[library](Path(config))
    found = run(measure(readers, int(streams), float(seconds), int(series)))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
