"""`/probe` of a whole daemon, against a simulated service."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sinks.pages import samples
from tests.web.clients import until
from tm_exporter.config.load import load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging
from tm_exporter.simulator.served import SERVERLESS_MODELS
from tm_exporter.simulator.server import Simulator


MODELS = [model.name for model in SERVERLESS_MODELS[:2]]
SELDOM = {"interval": "1h", "timeout": "10s"}
PROBES = {
    **dict.fromkeys(("health", "models", "tokenize", "chat", "kv_cache"), SELDOM),
    **dict.fromkeys(("version", "chat_stream", "completions"), False),
    **dict.fromkeys(("completions_stream", "responses", "responses_stream"), False),
}

NOTHING = 1e-6
"""Dollars a day that no paid run can be had for."""


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have what survives a restart in a folder of the test's own."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


@asynccontextmanager
async def watching(
    service: Simulator, logging: Logging, *, pays: bool = True, daily: float = 1e6
) -> AsyncIterator[httpx.AsyncClient]:
    """Run a daemon, and yield a client of it."""
    target = {
        "name": "eu",
        "surface": "serverless",
        "base_url": service.serverless_url,
        "api_key": service.api_key,
        "models": MODELS,
        "probes": PROBES,
    }
    overrides: dict[str, Any] = {
        "canary_budget": {"daily_usd": daily, "monthly_usd": daily * 100},
        "server": {"allow_paid_probe_requests": pays},
        "targets": [target],
    }
    loaded = load(file=None, environ={}, isolated=True, overrides=overrides)
    daemon = Daemon(loaded, logging, "127.0.0.1:0")
    url = await daemon.start()
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client:
        try:
            yield client
        finally:
            await daemon.stop()


async def about_runs(client: httpx.AsyncClient) -> float:
    """Return how many runs /metrics knows of."""
    text = (await client.get("/metrics")).text
    return sum(
        sample.value
        for sample in samples(text)
        if sample.name == "tensormesh_probe_attempts_total"
    )


async def about_the_service(client: httpx.AsyncClient) -> set[str]:
    """Return the lines of /metrics about the service, but for what time changes."""
    lines = (await client.get("/metrics")).text.splitlines()
    return {
        line
        for line in lines
        if line.startswith("tensormesh_")
        and not line.startswith(("tensormesh_exporter_", "tensormesh_canary_budget"))
    }


async def asked(client: httpx.AsyncClient, query: str, **headers: str) -> Any:
    """Return the values of an answer of /probe by name, probe and model."""
    answer = await client.get(f"/probe?{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        (each.name, each.labels.get("probe"), each.labels.get("model")): each.value
        for each in samples(answer.text)
    }


async def test_a_target_is_asked_and_the_page_of_metrics_knows_nothing(
    service: Simulator, logging: Logging
) -> None:
    """Twice, so that whatever a probe remembers would show."""
    async with watching(service, logging) as client:
        async with asyncio.timeout(20):  # for the first runs, and there are no others
            while await about_runs(client) < 2 + 3 * len(MODELS):
                await asyncio.sleep(0.05)
        before, sent = await about_the_service(client), len(service.requests)
        first = await asked(client, "target=eu")
        second = await asked(client, "target=eu&probe=kv_cache")
        after = await about_the_service(client)

    assert len(service.requests) > sent
    assert after == before
    success = "tensormesh_probe_success"
    expected = {("health", ""), ("models", "")} | {
        (probe, model) for probe in ("tokenize", "chat", "kv_cache") for model in MODELS
    }
    assert {key[1:]: value for key, value in first.items() if key[0] == success} == (
        dict.fromkeys(expected, 1.0)
    )
    for model in MODELS:
        delta = ("tensormesh_tokenizer_prompt_tokens_delta", "tokenize", model)
        assert first[delta] == 0.0
        assert second[success, "kv_cache", model] == 1.0
    assert "tensormesh_probe_slots_total" not in {key[0] for key in first}


async def test_without_leave_only_what_is_free_is_asked(
    service: Simulator, logging: Logging
) -> None:
    """Nothing that costs money leaves the house."""
    async with watching(service, logging, pays=False, daily=NOTHING) as client:
        whole = await client.get("/probe?target=eu")
        chat = await client.get("/probe?target=eu&probe=chat")
        tokenize = await client.get(
            f"/probe?target=eu&probe=tokenize&model={MODELS[1]}"
        )
        paths = {request.path for request in service.requests}

    assert [r.status_code for r in (whole, chat, tokenize)] == [200, 403, 200]
    assert "# left out: chat" in whole.text
    assert not any("completions" in path for path in paths)


async def test_a_service_that_hangs_is_told_before_prometheus_gives_up(
    service: Simulator, logging: Logging
) -> None:
    """As a failed run, by the reason that it has."""
    async with watching(service, logging) as client:
        service.switch("hang")
        begun = time.monotonic()
        seen = await asked(
            client,
            "target=eu&probe=health",
            **{"x-prometheus-scrape-timeout-seconds": "1"},
        )
        took = time.monotonic() - begun

    assert seen["tensormesh_probe_success", "health", ""] == 0.0
    assert took < 0.95


async def test_a_client_that_gives_up_ends_the_request(
    service: Simulator, logging: Logging
) -> None:
    """The money counts as spent."""
    async with watching(service, logging) as client:
        service.switch("hang")
        waiting = asyncio.create_task(client.get("/probe?target=eu&probe=chat"))
        await until(under_way)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await until(lambda: not under_way())


async def test_over_the_budget_nothing_is_asked(
    service: Simulator, logging: Logging
) -> None:
    """A tenth of next to nothing is nothing."""
    async with watching(service, logging, daily=NOTHING) as client:
        answer = await client.get("/probe?target=eu&probe=chat")
        paths = {request.path for request in service.requests}

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 86_400
    assert "a tenth of the canary budget" in answer.text
    assert not any("completions" in path for path in paths)


def under_way() -> bool:
    """Whether a task of a wish is left."""
    names = {task.get_name() for task in asyncio.all_tasks()}
    return "probes out of turn" in names
