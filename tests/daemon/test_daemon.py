"""Everything put together, in one process, over real sockets."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.piped_log import PipedLog, piped_log
from tm_exporter.config.load import Loaded, load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.simulator.server import Simulator


FAST = {"interval": "1s", "timeout": "1s"}


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have what survives a restart in a folder of the test's own."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    return tmp_path


@pytest.fixture
def log() -> Iterator[PipedLog]:
    """Log at the finest level into a pipe, and return what was written."""
    with piped_log("debug") as log:
        yield log


def configured(service: Simulator, **target: Any) -> Loaded:
    """Return the configuration of one serverless target."""
    return load(
        file=None,
        environ={},
        isolated=True,
        overrides={
            "canary_budget": {"daily_usd": 1_000_000, "monthly_usd": 100_000_000},
            "targets": [
                {
                    "name": "serverless",
                    "surface": "serverless",
                    "base_url": service.serverless_url,
                    "api_key": service.api_key,
                    "models": ["openai/gpt-oss-20b"],
                    "labels": {"team": "search"},
                    "probes": {"health": FAST, "chat_stream": FAST, "models": FAST},
                    **target,
                }
            ],
        },
    )


async def page(url: str, path: str = "/metrics") -> str:
    """Return a page of the daemon."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url + path)).text


async def until(url: str, wanted: str, path: str = "/metrics") -> str:
    """Return the page once something is on it."""
    async with asyncio.timeout(15):
        while wanted not in (text := await page(url, path)):
            await asyncio.sleep(0.05)
    return text


async def test_what_is_probed_is_exposed(service: Simulator, log: PipedLog) -> None:
    """From a configuration to a passing verdict on the page, and back to nothing."""
    daemon = Daemon(configured(service), log[0], "127.0.0.1:0")
    url = await daemon.start()
    series = 'model="openai/gpt-oss-20b",probe="chat_stream"'
    try:
        # What is timed while the machine stood still is left out: the next run counts.
        text = await until(url, f'canary_ttft_seconds_bucket{{le="3.0",{series}')
        status = await page(url, "/api/v1/status")
    finally:
        await daemon.stop()

    assert f'{series},surface="serverless",target="serverless"}} 1.0' in text
    assert 'tensormesh_target_info{surface="serverless",target="serverless"' in text
    assert 'team="search"' in text
    assert 'tensormesh_failure_reason_info{party="us",reason="auth"} 1.0' in text
    assert '"state":"ok"' in status


async def test_an_outage_shows_within_an_interval_and_so_does_its_end(
    service: Simulator, log: PipedLog
) -> None:
    """Failing and recovering are one log line each."""
    daemon = Daemon(configured(service), log[0], "127.0.0.1:0")
    url = await daemon.start()
    health = 'tensormesh_probe_success{model="",probe="health",surface="serverless",'
    try:
        await until(url, health + 'target="serverless"} 1.0')
        service.switch("outage")
        await until(url, health + 'target="serverless"} 0.0')
        service.switch("healthy")
        await until(url, health + 'target="serverless"} 1.0')
    finally:
        await daemon.stop()

    events = [line for line in log[1]().splitlines() if '"probe":"health"' in line]
    kinds = [
        kind
        for kind in ("probe_failing", "probe_recovered")
        for line in events
        if f'"event":"{kind}"' in line
    ]
    assert kinds == ["probe_failing", "probe_recovered"]


async def test_no_secret_is_in_anything_that_is_said(
    service: Simulator, log: PipedLog
) -> None:
    """Not on a page, and not in a log line at the finest level."""
    planted = "ak-planted-5d8e1f"
    loaded = configured(service, api_key=planted, headers={"X-Extra": "hush-77aa21"})
    daemon = Daemon(loaded, log[0], "127.0.0.1:0")
    url = await daemon.start()
    try:
        await until(url, 'reason="auth",surface="serverless",target="serverless"} 1.0')
        said = [
            await page(url, path)
            for path in ("/metrics", "/", "/config", "/api/v1/status")
        ]
    finally:
        await daemon.stop()
    said.append(log[1]())

    assert not any("planted" in text or "hush" in text for text in said)


async def test_a_scrape_does_not_wait_for_a_service_that_hangs(
    service: Simulator, log: PipedLog
) -> None:
    """And neither does the end."""
    service.switch("hang")
    daemon = Daemon(configured(service), log[0], "127.0.0.1:0")
    url = await daemon.start()
    try:
        async with asyncio.timeout(10):
            await until(url, 'tensormesh_probe_slots_total{model="",probe="health"')
            while not any(r.path == "/health" for r in service.requests):
                await asyncio.sleep(0.05)
        async with asyncio.timeout(1):
            await page(url)
    finally:
        async with asyncio.timeout(2):
            await daemon.stop()


async def test_with_no_target_it_still_answers(log: PipedLog) -> None:
    """An exporter that dies for want of targets cannot say what is missing."""
    loaded = load(file=None, environ={}, isolated=True)
    daemon = Daemon(loaded, log[0], "127.0.0.1:0")
    url = await daemon.start()
    try:
        text = await page(url)
        ready = await page(url, "/-/ready")
    finally:
        await daemon.stop()

    assert "tensormesh_exporter_build_info" in text
    assert ready.strip() == "ready"


async def test_what_was_spent_is_told(service: Simulator, log: PipedLog) -> None:
    """As metrics, on the page, and in the ledger for the next start."""
    daemon = Daemon(configured(service), log[0], "127.0.0.1:0")
    url = await daemon.start()
    cost = r'canary_cost_usd_total{.*probe="chat_stream".*} (?!0\.0\n)'
    try:
        first = await page(url)
        async with asyncio.timeout(15):
            while not re.search(cost, text := await page(url)):
                await asyncio.sleep(0.05)
        people = await page(url, "/")
        status = json.loads(await page(url, "/api/v1/status"))
    finally:
        await daemon.stop()

    assert re.search(r'canary_cost_usd_total{.*probe="chat_stream".*} 0.0', first)
    assert 'probe="health",reason="budget"' not in first
    assert 'probe="chat_stream",reason="budget"' in first
    assert not re.search(r'canary_cost_usd_total{.*probe="health"', text)
    assert "tensormesh_exporter_ledger_healthy 1.0" in text
    assert 'tensormesh_canary_budget_limit_usd{window="day"} 1e+06' in text
    assert 'tensormesh_canary_budget_remaining_usd{window="month"}' in text
    assert "of 1,000,000.00 USD are left today" in people
    assert status["budget"]["ledger"] == "usable"


async def test_without_a_ledger_free_probes_go_on(
    service: Simulator, log: PipedLog, state: Path
) -> None:
    """Said in the log, as a metric and on the page; slots are skipped."""
    (state / "ledger.sqlite3").mkdir()
    daemon = Daemon(configured(service), log[0], "127.0.0.1:0")
    url = await daemon.start()
    health = 'tensormesh_probe_success{model="",probe="health",surface="serverless",'
    skipped = r'skipped_total{.*probe="chat_stream",reason="budget".*} [1-9]'
    try:
        await until(url, health + 'target="serverless"} 1.0')
        async with asyncio.timeout(15):
            while not re.search(skipped, text := await page(url)):
                await asyncio.sleep(0.05)
        people = await page(url, "/")
    finally:
        async with asyncio.timeout(2):
            await daemon.stop()
    lines = [json.loads(line) for line in log[1]().splitlines()]

    assert "tensormesh_exporter_ledger_healthy 0.0" in text
    assert "tensormesh_canary_budget_remaining_usd{" not in text
    assert "tensormesh_canary_budget_limit_usd{" in text
    assert "No paid probe runs, since the ledger cannot be used" in people
    assert not any("chat" in request.path for request in service.requests)
    assert [each["level"] for each in lines if each["event"] == "ledger_unusable"] == [
        "error"
    ]


async def test_a_paid_probe_that_ran_lately_has_no_first_run(
    service: Simulator, log: PipedLog
) -> None:
    """A crash loop must not be one of requests that cost money."""
    hourly = {"interval": "1h", "timeout": "1s"}
    probes = {"chat": hourly, "health": FAST, "chat_stream": False, "kv_cache": False}
    loaded = configured(service, probes=probes)
    for _ in range(2):
        daemon = Daemon(loaded, log[0], "127.0.0.1:0")
        url = await daemon.start()
        try:
            await until(url, 'probe_success{model="",probe="health"')
            await until(url, "\n", path="/-/ready")
            async with asyncio.timeout(15):
                while not asked_for_chat(service):
                    await asyncio.sleep(0.05)
        finally:
            await daemon.stop()

    assert asked_for_chat(service) == 1


def asked_for_chat(service: Simulator) -> int:
    """Return how often a chat completion was asked for."""
    return sum(
        request.path.endswith("/chat/completions") for request in service.requests
    )
