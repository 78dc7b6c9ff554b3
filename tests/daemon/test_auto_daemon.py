"""Targets that say `models: auto`, in a daemon of its own against a whole service."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tm_exporter.config.load import Loaded, load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging, configure
from tm_exporter.simulator.server import Simulator


FAST = {"interval": "1s", "timeout": "1s"}
CHEAPEST = "openai/gpt-oss-20b"
TARGET = 'surface="serverless",target="serverless"'


@pytest.fixture
def logging() -> Iterator[Logging]:
    """Log to nowhere that matters."""
    made = configure(level="info", strict=True)
    yield made
    made.close()


def configured(service: Simulator, state: Path, *, account: bool) -> Loaded:
    """Return the configuration of a target that says nothing of models."""
    targets: list[dict[str, Any]] = [
        {
            "name": "serverless",
            "surface": "serverless",
            "base_url": service.serverless_url,
            "api_key": service.api_key,
            "probes": {"models": FAST, "chat_stream": FAST},
        }
    ]
    if account:
        targets.append(
            {
                "name": "account",
                "surface": "control_plane",
                "base_url": service.control_plane_url,
                "token": service.token,
                "probes": {"pricing": FAST},
            }
        )
    overrides = {
        "state_dir": str(state),
        "canary_budget": {"daily_usd": 10_000, "monthly_usd": 1_000_000},
        "targets": targets,
    }
    return load(file=None, environ={}, isolated=True, overrides=overrides)


async def page_with(url: str, *wanted: str) -> str:
    """Return the page of metrics once it has all that is wanted."""
    async with asyncio.timeout(20), httpx.AsyncClient() as client:
        while True:
            text = (await client.get(f"{url}/metrics")).text
            if all(part in text for part in wanted):
                return text
            await asyncio.sleep(0.1)


def passed(model: str) -> str:
    """Return the line of a chat_stream probe that passed."""
    labels = f'model="{model}",probe="chat_stream",{TARGET}'
    return f"tensormesh_probe_success{{{labels}}} 1.0"


def listed(model: str, value: int) -> str:
    """Return the line of a model that the list has, or lacks."""
    return f'tensormesh_model_listed{{model="{model}",{TARGET}}} {value}.0'


@pytest.mark.parametrize("account", [True, False])
async def test_a_model_is_chosen_and_asked(
    service: Simulator, logging: Logging, tmp_path: Path, *, account: bool
) -> None:
    """By the account's prices where they are known, else from the surface's list."""
    daemon = Daemon(
        configured(service, tmp_path, account=account), logging, "127.0.0.1:0"
    )
    url = await daemon.start()
    try:
        page = await page_with(url, passed(CHEAPEST), listed(CHEAPEST, 1))
    finally:
        await daemon.stop()

    assert page.count("tensormesh_model_listed{") == 1


async def test_a_withdrawn_model_stays_visible(
    service: Simulator, logging: Logging, tmp_path: Path
) -> None:
    """As not listed, while another one takes its place."""
    daemon = Daemon(
        configured(service, tmp_path, account=False), logging, "127.0.0.1:0"
    )
    url = await daemon.start()
    try:
        await page_with(url, passed(CHEAPEST))
        service.change("serverless", withdrawn=[CHEAPEST])
        async with asyncio.timeout(20):
            page = await page_with(url, listed(CHEAPEST, 0))
            while passed(CHEAPEST) in page or page.count('probe="chat_stream"') == 0:
                page = await page_with(url)
    finally:
        await daemon.stop()

    assert listed(CHEAPEST, 0) in page
