"""Maintenance as a whole daemon shows it, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import yaml

from tm_exporter.cli import main
from tm_exporter.config.load import load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging
from tm_exporter.simulator.server import Simulator


FAST = {"interval": "500ms", "timeout": "400ms"}
ACTIVE = 'tensormesh_maintenance_active{model="",surface="serverless",target="a"}'
SKIPPED = (
    'tensormesh_probe_skipped_total{model="",probe="health",reason="maintenance",'
    'surface="serverless",target="%s"}'
)
Page = Callable[[str], Awaitable[str]]


@pytest.fixture
async def service() -> AsyncIterator[Simulator]:
    """Run a simulated service."""
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def file(service: Simulator, tmp_path: Path) -> Path:
    """Return a configuration of two targets with a free probe each."""
    path = tmp_path / "exporter.yml"
    targets = [
        {
            "name": name,
            "surface": "serverless",
            "base_url": service.serverless_url,
            "probes": {"health": FAST, "models": False, "version": False},
        }
        for name in ("a", "b")
    ]
    content = {"state_dir": str(tmp_path / "state"), "targets": targets}
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
async def daemon(file: Path, logging: Logging) -> AsyncIterator[Page]:
    """Run the daemon, and return a function that reads its pages."""
    running = Daemon(load(file=file, environ={}), logging, "127.0.0.1:0")
    url = await running.start()

    async def page(path: str) -> str:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(url + path)).text

    try:
        yield page
    finally:
        async with asyncio.timeout(2):
            await running.stop()


async def until(daemon: Page, holds: Callable[[str], bool]) -> str:
    """Return the page of metrics once something holds of it."""
    async with asyncio.timeout(15):
        while not holds(text := await daemon("/metrics")):
            await asyncio.sleep(0.05)
    return text


def value(text: str, series: str) -> float:
    """Return the value of a series on a page of metrics."""
    (line,) = (line for line in text.splitlines() if line.startswith(series + " "))
    return float(line.rsplit(" ", 1)[1])


async def test_a_window_that_is_begun_by_hand_is_heeded_and_shown(
    daemon: Page, file: Path
) -> None:
    """Within seconds, for the target that it names, and only until it is ended."""
    config = ("--config", str(file))
    begun = ("--target", "a", "--by", "ann", "--reason", "<b>new cards</b>")
    before = await until(daemon, lambda text: value(text, ACTIVE) == 0)

    await asyncio.to_thread(main, ["maintenance", "start", *begun, *config])
    meanwhile = await until(daemon, lambda text: value(text, SKIPPED % "a") >= 2)
    people = await daemon("/")
    (told,) = json.loads(await daemon("/api/v1/status"))["maintenance"]
    await asyncio.to_thread(main, ["maintenance", "end", *config])
    after = await until(daemon, lambda text: value(text, ACTIVE) == 0)

    assert value(before, SKIPPED % "a") == 0
    assert value(meanwhile, ACTIVE) == 1
    assert value(meanwhile, ACTIVE.replace('"a"', '"b"')) == 0
    assert value(after, SKIPPED % "b") == 0
    assert all(word in people for word in ("In maintenance", "ann", "&lt;b&gt;new"))
    assert (told["who"], told["why"]) == ("ann", "<b>new cards</b>")
    assert (told["targets"], told["origin"]) == (["a"], "command")
    assert told["until"].endswith("Z")
