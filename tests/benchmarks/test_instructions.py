"""
What the exporter does again and again takes no more instructions than it did.

Seconds would fail on a busy machine; instructions of Python's are the same on each.
A bound is what Python 3.11 counts and a quarter of it, for other versions and small
additions. Who passes one either finds the waste, or says here that it is worth it.
"""

import asyncio
import gc
import tracemalloc

import pytest

from benchmarks.as_daemon import PROMETHEUS, page_of
from benchmarks.world import World
from tests.benchmarks.counting import counted
from tests.clients_of import client_of
from tests.service import running_service
from tm_exporter import runner
from tm_exporter.exchange import Piece
from tm_exporter.observation import ProbeKey
from tm_exporter.probes.health import HealthProbe, HealthSection
from tm_exporter.wire.deltas import read_chat_delta
from tm_exporter.wire.streams import StreamReader


EVENT = (
    b'data: {"id":"c-1","object":"chat.completion.chunk","created":1763800000,'
    b'"model":"m","choices":[{"index":0,"delta":{"content":" token"},'
    b'"logprobs":null,"finish_reason":null}]}\n\n'
)

TARGETS = 20

PER_EVENT = 920
PER_PROBE = 9_400
PER_PUBLISHED_RUN = 12_500
PER_CHANGED_SERIES = 91
PER_UNCHANGED_SERIES = 22
BYTES_PER_SERIES = 450


def page(world: World) -> str:
    """Return a page of a world's series, as Prometheus asks for it."""
    return asyncio.run(page_of(world.sink).render(PROMETHEUS)).body.decode()


def series(text: str) -> int:
    """Return how many lines of a page are series."""
    return sum(1 for line in text.splitlines() if not line.startswith("#"))


def test_an_event_of_a_stream() -> None:
    """From its bytes to its content; 500 streams have 13,500 of them a second."""
    reader = StreamReader(read_chat_delta, 10.0)
    reader.feed(Piece(0.0, EVENT))

    with counted() as count:
        for at in range(100):
            reader.feed(Piece(at / 40, EVENT))

    assert 0 < count.instructions / 100 < PER_EVENT


@pytest.mark.sockets
def test_a_free_probe() -> None:
    """From the run to the observation, over a connection of its own."""
    key = ProbeKey("target", "serverless", "health")

    async def runs(probe: HealthProbe) -> None:
        for _ in range(20):
            assert (await runner.run(probe)).verdict.passed

    with running_service() as service:
        client = client_of(service.simulator, "serverless")
        probe = HealthProbe(HealthSection.model_validate({}), key, client)
        asyncio.run(runs(probe))
        with counted() as count:
            asyncio.run(runs(probe))

    assert 0 < count.instructions / 20 < PER_PROBE


def test_a_run_that_becomes_series() -> None:
    """A slot, and an observation with the samples of a route or of a stream."""
    world = World(TARGETS)
    world.change()

    with counted() as count:
        world.change()

    assert 0 < count.instructions / (2 * TARGETS) < PER_PUBLISHED_RUN


def test_a_series_that_changed() -> None:
    """On a page that is asked for after each probe ran."""
    world = World(TARGETS)
    world.change()
    page(world)
    world.change()

    with counted() as count:
        text = page(world)

    assert 0 < count.instructions / series(text) < PER_CHANGED_SERIES


def test_a_series_that_did_not_change() -> None:
    """On a page that is asked for again at once."""
    world = World(TARGETS)
    world.change()
    page(world)

    with counted() as count:
        text = page(world)

    assert 0 < count.instructions / series(text) < PER_UNCHANGED_SERIES


def test_the_memory_of_a_series() -> None:
    """In the sink, with what a page remembers of it."""
    page(World(1))
    tracemalloc.start()
    try:
        world = World(TARGETS)
        world.change()
        lines = series(page(world))
        gc.collect()
        in_use, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 0 < in_use / lines < BYTES_PER_SERIES
