"""
Render pages of so many series, and print what it took as one JSON object.

The peer writes the very same series: prometheus_client's own parser reads our page,
and its writer writes what was read, from objects that are made before, which is the
cheapest way that it has.

usage: python -m benchmarks.scrape_program SERIES REPEATS
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from statistics import median

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.openmetrics.exposition import (
    generate_latest as generate_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from benchmarks.as_daemon import page_of, run
from benchmarks.world import World
from tm_exporter.exposition.page import Exposition, Page


FORMS = {
    "text": "text/plain;version=0.0.4",
    "OpenMetrics": "application/openmetrics-text;version=1.0.0",
    "protobuf": (
        "application/vnd.google.protobuf;"
        "proto=io.prometheus.client.MetricFamily;encoding=delimited"
    ),
}

Found = dict[str, float]


class Told(Collector):
    """Series that were read from a page."""

    def __init__(self, page: str) -> None:
        self._metrics = list(text_string_to_metric_families(page))

    def collect(self) -> Iterator[Metric]:
        """Yield them as they are."""
        yield from self._metrics


async def measure(series: int, repeats: int) -> Found:
    """Return milliseconds of processor time and of the longest stall, by what."""
    world = World(await _targets(series))
    world.change()
    page = page_of(world.sink)
    told = (await page.render(FORMS["text"])).body.decode()
    found: Found = {"series": float(_lines(told)), "text bytes": float(len(told))}
    with longest_collection() as pauses:
        for form, accept in FORMS.items():
            if await _is_spoken(page, form):
                found |= await _of_form(form, accept, page, world, repeats)
    found["longest collection ms"] = max(pauses, default=0.0) * 1e3
    return found | _peer(told, repeats)


async def _targets(series: int) -> int:
    """Return how many targets have so many series."""
    one = World(1)
    one.change()
    page = await page_of(one.sink).render(FORMS["text"])
    return max(1, round(series / _lines(page.body.decode())))


def _lines(page: str) -> int:
    return sum(1 for line in page.splitlines() if not line.startswith("#"))


async def _is_spoken(page: Exposition, form: str) -> bool:
    """Whether this version of the exporter writes a form."""
    content_type = (await page.render(FORMS[form])).content_type
    return content_type.startswith(FORMS[form].partition(";")[0])


async def _of_form(
    form: str, accept: str, page: Exposition, world: World, repeats: int
) -> Found:
    """Measure one form: all series changed, none, and with gzip."""
    changed, unchanged, packed, stalls = [], [], [], []
    for _ in range(repeats):
        world.change()
        changed.append(await _cpu(page, accept))
        unchanged.append(await _cpu(page, accept))
        packed.append(await _cpu(page, accept, "gzip"))
        world.change()
        stalls.append(await _stall(page, accept))
    return {
        f"{form}, changed ms": median(changed) * 1e3,
        f"{form}, unchanged ms": median(unchanged) * 1e3,
        f"{form}, unchanged and gzipped ms": median(packed) * 1e3,
        f"{form}, longest stall ms": median(stalls) * 1e3,
    }


async def _cpu(page: Exposition, accept: str, encoding: str = "") -> float:
    start = time.process_time()
    await page.render(accept, encoding)
    return time.process_time() - start


async def _stall(page: Exposition, accept: str) -> float:
    """Return the longest time in which nothing else of the loop had its turn."""
    rendering = asyncio.ensure_future(_gzipped(page, accept))
    longest = 0.0
    while not rendering.done():
        start = time.perf_counter()
        await asyncio.sleep(0)
        longest = max(longest, time.perf_counter() - start)
    return longest


async def _gzipped(page: Exposition, accept: str) -> Page:
    return await page.render(accept, "gzip")


@contextmanager
def longest_collection() -> Iterator[list[float]]:
    """Note how long each collection of garbage takes, in seconds."""
    took: list[float] = []
    begun = [0.0]

    def note(phase: str, _: object) -> None:
        if phase == "start":
            begun[0] = time.perf_counter()
        else:
            took.append(time.perf_counter() - begun[0])

    gc.callbacks.append(note)
    try:
        yield took
    finally:
        with suppress(ValueError):
            gc.callbacks.remove(note)


def _peer(told: str, repeats: int) -> Found:
    """Measure prometheus_client with the same series."""
    registry = CollectorRegistry()
    registry.register(Told(told))
    writers: dict[str, Callable[[CollectorRegistry], bytes]] = {
        "prometheus_client, text ms": generate_latest,
        "prometheus_client, OpenMetrics ms": generate_openmetrics,
    }
    found: Found = {}
    for name, write in writers.items():
        took = []
        for _ in range(repeats):
            start = time.process_time()
            write(registry)
            took.append(time.process_time() - start)
        found[name] = median(took) * 1e3
    return found


def main() -> None:
    """Measure as asked for."""
    series, repeats = map(int, sys.argv[1:])
    found = run(measure(series, repeats))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
