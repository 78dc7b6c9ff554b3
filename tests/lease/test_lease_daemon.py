"""Daemons that compete, in one process, over real sockets."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.daemon.test_daemon import page
from tests.lease.server import Place, serving
from tm_exporter.config.load import Loaded, load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging, configure
from tm_exporter.simulator.server import Simulator


FAST = {"interval": "500ms", "timeout": "500ms"}
PASSED = 'tensormesh_probe_success{model="openai/gpt-oss-20b",probe="chat_stream"'
LEADS = "tensormesh_exporter_leader 1.0"
STANDS_BY = "tensormesh_exporter_leader 0.0"


@pytest.fixture
def place() -> Iterator[Place]:
    """Run an API server."""
    with serving("http://127.0.0.1:1") as served:
        yield served


@pytest.fixture
def logging(tmp_path: Path) -> Iterator[Logging]:
    """Log into a file."""
    with (tmp_path / "log").open("w") as stream:
        made = configure(level="debug", stream=stream, strict=True)
        yield made
        made.close()


def configured(service: Simulator, state: Path, **lease: Any) -> Loaded:
    """Return the configuration of one instance."""
    off = ("version", "models", "tokenize", "chat", "responses", "completions")
    more = ("responses_stream", "completions_stream", "kv_cache")
    return load(
        file=None,
        environ={},
        isolated=True,
        overrides={
            "state_dir": str(state),
            "server": {"allow_paid_probe_requests": True},
            "lease": {"enabled": True, "duration": "2s", **lease},
            "canary_budget": {"daily_usd": 1_000_000, "monthly_usd": 100_000_000},
            "targets": [
                {
                    "name": "serverless",
                    "surface": "serverless",
                    "base_url": service.serverless_url,
                    "api_key": service.api_key,
                    "models": ["openai/gpt-oss-20b"],
                    "probes": {
                        **dict.fromkeys((*off, *more), False),
                        "health": FAST,
                        "chat_stream": FAST,
                    },
                }
            ],
        },
    )


async def until(holds: Callable[[str], bool], url: str) -> str:
    """Return a page of metrics once something holds of it."""
    async with asyncio.timeout(20):
        while not holds(text := await page(url)):
            await asyncio.sleep(0.05)
    return text


async def started(stack: AsyncExitStack, loaded: Loaded, logging: Logging) -> str:
    """Start a daemon, to be stopped with the others, and return its address."""
    daemon = Daemon(loaded, logging, "127.0.0.1:0")
    url = await daemon.start()
    stack.push_async_callback(daemon.stop)
    return url


def in_cluster(place: Place, tmp_path: Path, name: str) -> dict[str, str]:
    """Return the lease of an instance that has a token of its own."""
    token = tmp_path / f"token-{name}"
    token.write_text(f"token-of-{name}")
    return {"api_url": place.url, "namespace": "default", "token_file": str(token)}


async def test_who_is_cut_off_stops_and_forgets_what_it_saw(
    service: Simulator, place: Place, logging: Logging, tmp_path: Path
) -> None:
    """Counters stay, free probes go on, and another instance pays."""
    async with AsyncExitStack() as stack:
        lease = in_cluster(place, tmp_path, "one")
        one = await started(
            stack, configured(service, tmp_path / "one", **lease), logging
        )
        before = await until(lambda text: PASSED in text, one)
        lease = in_cluster(place, tmp_path, "two")
        two = await started(
            stack, configured(service, tmp_path / "two", **lease), logging
        )
        await until(lambda text: STANDS_BY in text, two)
        place.faults["one"] = "silent"
        after = await until(lambda text: STANDS_BY in text, one)
        other = await until(lambda text: LEADS in text and PASSED in text, two)
        place.faults["one"] = ""
        refused = await asked(one)

    health = 'tensormesh_probe_success{model="",probe="health"'
    attempts = 'tensormesh_probe_attempts_total{model="openai/gpt-oss-20b"'
    assert LEADS in before
    assert PASSED not in after
    assert health in after
    assert attempts in after
    assert "tensormesh_canary_budget_remaining_usd{" in before
    assert "tensormesh_canary_budget_remaining_usd{" not in after
    assert "tensormesh_canary_budget_limit_usd{" not in after
    assert 'tensormesh_probe_skipped_total{model="openai/gpt-oss-20b"' in other
    assert refused.status_code == 403
    assert "another instance pays" in refused.text


async def asked(url: str) -> httpx.Response:
    """Ask a daemon for a paid run."""
    wanted = {"target": "serverless", "probe": "chat_stream"}
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"{url}/probe", params=wanted)


async def test_on_one_machine_a_lock_decides(
    service: Simulator, logging: Logging, tmp_path: Path
) -> None:
    """The second daemon takes over when the first one stops; the ledger is shared."""
    loaded = configured(service, tmp_path / "state", kind="file")
    async with AsyncExitStack() as stack:
        async with AsyncExitStack() as first:
            one = await started(first, loaded, logging)
            await until(lambda text: LEADS in text and PASSED in text, one)
            two = await started(stack, loaded, logging)
            standby = await until(lambda text: 'reason="not_leader"' in text, two)
        leader = await until(lambda text: LEADS in text and PASSED in text, two)
        front = await page(two, "/")

    assert STANDS_BY in standby
    assert PASSED not in standby
    assert LEADS in leader
    assert "This instance leads: it runs the paid probes." in front
