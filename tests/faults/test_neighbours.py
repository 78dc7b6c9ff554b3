"""What one target suffers never changes what is found out about another."""

import asyncio
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.faults.crowd import crowd
from tests.faults.probing import probe
from tests.faults.scene import Way, World
from tm_exporter import runner
from tm_exporter.config.load import Loaded, load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging, configure


PACE = {"interval": "500ms", "timeout": "450ms"}
WELL = {"interval": "1s", "timeout": "1s"}
RUNS = 3
BOUND = 0.25
"""Seconds by which a healthy target may seem slower: machines have other work."""

BURST = 0.05
"""Seconds of processor time in a row that one target may take."""

HANGING = 12
"""Targets whose names hang: more than any pool of threads that they might share."""


@pytest.fixture(scope="module")
def others() -> Iterator[Mapping[str, str]]:
    """Run servers that misbehave; give their URLs by name."""
    with crowd() as urls:
        yield urls


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have names of `.hang.test` hang, and `well.test` be this machine."""
    over, resolve = threading.Event(), socket.getaddrinfo

    def look_up(host: str, *rest: Any, **named: Any) -> Any:
        if host.endswith(".hang.test"):
            over.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "gave up")
        return resolve("127.0.0.1" if host == "well.test" else host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield
    over.set()


@pytest.fixture
def logging() -> Iterator[Logging]:
    """Log nowhere."""
    with open("/dev/null", "w", encoding="utf-8") as stream:  # noqa: PTH123 -- no file of ours
        logs = configure(level="error", stream=stream)
        yield logs
        logs.close()


def target(
    name: str, url: str, pace: Mapping[str, str], key: str = "sk-made-up"
) -> dict[str, Any]:
    """Return a target that is asked often."""
    return {
        "name": name,
        "surface": "serverless",
        "base_url": url,
        "api_key": key,
        "allow_plain_http": True,
        "models": ["openai/gpt-oss-20b"],
        "probes": {
            "health": pace,
            "chat_stream": pace,
            **dict.fromkeys(("version", "models", "tokenize", "chat"), False),
            **dict.fromkeys(("completions", "responses", "kv_cache"), False),
            **dict.fromkeys(("completions_stream", "responses_stream"), False),
        },
    }


def configured(world: World, others: Mapping[str, str]) -> Loaded:
    """Return a configuration of a healthy target, and of others."""
    url = world.service.serverless_url.replace("127.0.0.1", "well.test")
    healthy = target("healthy", url, WELL, world.service.api_key)
    broken = [target(name, url, PACE) for name, url in others.items()]
    budget = {"daily_usd": 1_000_000, "monthly_usd": 100_000_000}
    overrides = {"canary_budget": budget, "targets": [*broken, healthy]}
    return load(file=None, environ={}, isolated=True, overrides=overrides)


async def watched(loaded: Loaded, logging: Logging) -> dict[str, float]:
    """Run a daemon until the healthy target was asked often; return its metrics."""
    daemon = Daemon(loaded, logging, "127.0.0.1:0")
    url = await daemon.start()
    try:
        async with asyncio.timeout(90), httpx.AsyncClient(trust_env=False) as client:
            while True:
                found = read((await client.get(f"{url}/metrics")).text)
                if least_attempts(found) >= RUNS:
                    return found
                await asyncio.sleep(0.1)
    finally:
        await daemon.stop()


def read(page: str) -> dict[str, float]:
    """Return the samples of a page; labels stand in the order of the alphabet."""
    rows = re.findall(r"^(tensormesh_\w+\{.*\}) (\S+)$", page, re.MULTILINE)
    return {name: float(value) for name, value in rows}


def of(found: dict[str, float], family: str, target: str) -> dict[str, float]:
    """Return the samples of a family and a target."""
    return {
        name: value
        for name, value in found.items()
        if name.startswith(f"tensormesh_{family}{{") and f'target="{target}"' in name
    }


def least_attempts(found: dict[str, float]) -> float:
    """Return how often the probe of the healthy target ran that ran least."""
    return min(of(found, "probe_attempts_total", "healthy").values(), default=0)


def ratio(found: dict[str, float], family: str) -> float:
    """Return the mean of a histogram of the healthy target."""
    total, number = (
        sum(of(found, f"{family}_{part}", "healthy").values())
        for part in ("sum", "count")
    )
    assert number
    return total / number


@pytest.mark.usefixtures("names")
async def test_a_healthy_target_does_not_notice_the_others(
    world: World, logging: Logging, others: Mapping[str, str]
) -> None:
    """Names that hang, bombs, endless streams and drips: it passes, and as fast."""
    alone = await watched(configured(world, {}), logging)
    hanging = {f"hanging-{n}": f"http://n{n}.hang.test" for n in range(HANGING)}
    broken = {**others, **hanging, "deaf": f"http://127.0.0.1:{world.deaf}"}
    crowded = await watched(configured(world, broken), logging)

    failed = of(crowded, "probe_failures_total", "healthy")
    assert {name: count for name, count in failed.items() if count} == {}
    assert set(of(crowded, "probe_success", "healthy").values()) == {1.0}
    for family in ("canary_ttft_seconds", "probe_duration_seconds"):
        assert ratio(crowded, family) < ratio(alone, family) + BOUND
    for name in broken:
        outcomes = of(crowded, "probe_failures_total", name)
        assert sum(outcomes.values()) > 0, name
        assert sum(n for row, n in outcomes.items() if '"internal"' in row) == 0


@pytest.mark.parametrize("name", ["bomb", "lines", "endless"])
async def test_no_answer_takes_the_loop_for_long(
    world: World, others: Mapping[str, str], name: str
) -> None:
    """In processor time, which is the same however busy the machine is."""
    way = Way(port=httpx.URL(others[name]).port or 0, timeout=0.5)
    running = asyncio.create_task(
        runner.run(probe(world, way, "chat_stream", "streamed"))
    )
    bursts = [burst async for burst in bursts_during(running)]

    assert not running.result().verdict.passed
    assert max(bursts) < BURST


async def bursts_during(running: "asyncio.Task[Any]") -> AsyncIterator[float]:
    """Yield how long others worked between one turn and the next."""
    before = time.thread_time()
    while not running.done():
        await asyncio.sleep(0.001)
        now = time.thread_time()
        yield now - before
        before = now
