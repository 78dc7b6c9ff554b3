"""A daemon that lives in the test's process, and what is seen of it."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, TextIO

import httpx

from tests.e2e.daemon import Page, parsed
from tm_exporter.config.load import Loaded, load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging
from tm_exporter.simulator.world import Credentials


FAST = {"interval": "1s", "timeout": "1s"}
MODEL = "openai/gpt-oss-20b"


@dataclass
class Log:
    """
    What a daemon logs.

    Attributes:
        logging: As the daemon wants it.
    """

    logging: Logging
    _reading: int
    _stream: TextIO
    _lines: list[dict[str, Any]] | None = None

    def read(self) -> list[dict[str, Any]]:
        """End the log, and return its lines."""
        if self._lines is None:
            self.logging.close()
            self._stream.close()
            with os.fdopen(self._reading) as lines:
                self._lines = [json.loads(line) for line in lines]
        return self._lines

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of one event."""
        return [line for line in self.read() if line["event"] == name]


def configured(url: str, **target: Any) -> Loaded:
    """Return the configuration of one serverless target at a base URL."""
    named = {
        "name": "serverless",
        "surface": "serverless",
        "base_url": url,
        "api_key": Credentials().api_key,
        "models": [MODEL],
        "probes": {"health": FAST, "chat_stream": FAST, "models": FAST},
    }
    return loaded(targets=[{**named, **target}])


def loaded(**settings: Any) -> Loaded:
    """Return a configuration with money enough."""
    budget = {"daily_usd": 1_000_000, "monthly_usd": 100_000_000}
    overrides = {"canary_budget": budget, **settings}
    return load(file=None, environ={}, isolated=True, overrides=overrides)


@dataclass
class Living:
    """
    A daemon that was started.

    Attributes:
        daemon: It.
        url: Of its pages.
    """

    daemon: Daemon
    url: str

    async def get(self, path: str = "/metrics") -> httpx.Response:
        """Return an answer of it."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            return await client.get(self.url + path)

    async def page(self) -> Page:
        """Scrape it once."""
        return parsed((await self.get()).text)

    async def until(
        self, holds: Callable[[Page], object], *, within: float = 20.0
    ) -> Page:
        """Return the page as soon as something holds of it."""
        async with asyncio.timeout(within):
            while not holds(page := await self.page()):
                await asyncio.sleep(0.05)
        return page


@contextlib.asynccontextmanager
async def living(loaded: Loaded, log: Log) -> AsyncIterator[Living]:
    """Run a daemon for as long as the block takes, and end it in time."""
    daemon = Daemon(loaded, log.logging, "127.0.0.1:0")
    url = await daemon.start()
    try:
        yield Living(daemon, url)
    finally:
        async with asyncio.timeout(10):
            await daemon.stop()


def verdict(page: Page, probe: str = "health") -> float | None:
    """Return whether the last run of a probe passed; None if nothing is known."""
    found = page.select("tensormesh_probe_success", probe=probe)
    return found[0].value if found else None


def slots(page: Page, probe: str = "health") -> float:
    """Return how many slots of a probe fell due."""
    return page.total("tensormesh_probe_slots_total", probe=probe)


def unaccounted(page: Page) -> set[float]:
    """Return, of all series, slots without what became of them: runs in flight."""
    found = set()
    for each in page.select("tensormesh_probe_slots_total"):
        whose = dict(each.labels)
        done = page.total("tensormesh_probe_attempts_total", **whose)
        found.add(
            each.value - done - page.total("tensormesh_probe_skipped_total", **whose)
        )
    return found
