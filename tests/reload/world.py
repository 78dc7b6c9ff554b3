"""A daemon whose configuration is in files that a test changes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tm_exporter.config.load import Loaded, load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging
from tm_exporter.simulator.server import Simulator


MODEL = "openai/gpt-oss-20b"
FAST = {"interval": "1s", "timeout": "1s"}
HOURLY = {"interval": "1h", "timeout": "1s"}
OFF = dict.fromkeys(
    (
        *("version", "models", "tokenize", "chat_stream", "chat", "completions"),
        *("completions_stream", "responses", "responses_stream", "kv_cache"),
    ),
    False,
)
"""Everything but health, switched off."""

LOOK_EVERY = 0.05
"""Seconds between two looks at the files, in tests."""

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass(frozen=True)
class Files:
    """
    A configuration on disk.

    Attributes:
        folder: Where it is.
    """

    folder: Path

    @property
    def main(self) -> Path:
        """The file that the daemon is told of."""
        return self.folder / "exporter.yml"

    def write(self, *targets: Mapping[str, Any], **top: Any) -> None:
        """Write the configuration file anew."""
        whole = {
            "server": {"allow_reload": True},
            "canary_budget": {"daily_usd": 1_000_000, "monthly_usd": 100_000_000},
            "state_dir": "state",
            **top,
            "targets": list(targets),
        }
        put(self.main, yaml.safe_dump(whole))

    def read(self) -> Loaded:
        """Return what the files say."""
        return load(file=self.main, environ={}, isolated=True)


def put(path: Path, text: str) -> None:
    """Have a file hold a text, at once as an editor does it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_text(text)
    new.replace(path)


def target(name: str, service: Simulator | None = None, **more: Any) -> dict[str, Any]:
    """Return a serverless target that asks for its health every second."""
    url = "http://127.0.0.1:9" if service is None else service.serverless_url
    key = "ak-made-up-key" if service is None else service.api_key
    probes = {**OFF, "health": FAST, **more.pop("probes", {})}
    return {
        "name": name,
        "surface": "serverless",
        "base_url": url,
        "api_key": key,
        "models": [MODEL],
        "probes": probes,
        **more,
    }


@dataclass(frozen=True)
class Running:
    """
    A daemon at work.

    Attributes:
        daemon: The daemon.
        url: Of its pages.
        client: Asks them.
    """

    daemon: Daemon
    url: str
    client: httpx.AsyncClient

    async def get(self, path: str) -> str:
        """Return a page."""
        return (await self.client.get(self.url + path)).text

    async def reload(self) -> httpx.Response:
        """Have the configuration read again, and return the answer."""
        return await self.client.post(f"{self.url}/-/reload")

    async def series(self) -> Series:
        """Return all series of now."""
        return series_of(await self.get("/metrics"))

    async def value(self, name: str, **labels: str) -> float | None:
        """Return the one series of a name that has these labels, None for none."""
        found = select(await self.series(), name, **labels)
        assert len(found) <= 1, found
        return next(iter(found.values()), None)

    async def until(self, wanted: Callable[[Series], object]) -> Series:
        """Return the series once they are as wanted."""
        async with asyncio.timeout(20):
            while not wanted(found := await self.series()):
                await asyncio.sleep(0.03)
        return found


@contextlib.asynccontextmanager
async def running(
    files: Files, logging: Logging, *, look_every: float = LOOK_EVERY
) -> AsyncIterator[Running]:
    """Run a daemon for as long as the block takes."""
    daemon = Daemon(
        files.read(), logging, "127.0.0.1:0", load=files.read, look_every=look_every
    )
    url = await daemon.start()
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
            yield Running(daemon, url, client)
    finally:
        await daemon.stop()


def series_of(page: str) -> Series:
    """Return name, labels and value of everything on a page."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def select(series: Series, name: str, **labels: str) -> Series:
    """Return the series of a name which have these labels, among others."""
    return {
        key: value
        for key, value in series.items()
        if key[0] == f"tensormesh_{name}" and labels.items() <= dict(key[1]).items()
    }


def targets_in(series: Series) -> set[str]:
    """Return the targets that any series is about."""
    return {value for _, labels in series for key, value in labels if key == "target"}
