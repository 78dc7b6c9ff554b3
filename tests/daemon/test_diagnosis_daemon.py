"""Whose fault it is, from the wire to the page of metrics, the log and the table."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.piped_log import piped_log
from tests.scripted_server import free_port, head, relay, request, send, serving
from tm_exporter.config.load import Loaded, load
from tm_exporter.config.registry import kinds_of
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging
from tm_exporter.simulator.server import Simulator


MODELS = ["openai/gpt-oss-20b", "google/gemma-4-31B-it"]
FAST = {"interval": "1s", "timeout": "1s"}
QUICK: dict[str, Any] = {
    **dict.fromkeys(kinds_of("serverless"), False),  # that would run once an hour
    **dict.fromkeys(("health", "models", "tokenize", "chat", "chat_stream"), FAST),
}
ROW = re.compile(
    r'tensormesh_diagnosis\{model="(.*?)",surface=".*?",target="(.*?)",'
    r'verdict="(.*?)"\} (\S+)'
)
Log = tuple[Logging, Callable[[], list[dict[str, Any]]]]


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have what survives a restart in a folder of the test's own."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))


@pytest.fixture
def log() -> Iterator[Log]:
    """Log into a pipe, and return the lines that were written."""
    with piped_log("info") as (logging, written):
        yield logging, lambda: [json.loads(line) for line in written().splitlines()]


def configured(service: Simulator, **more: Any) -> Loaded:
    """Return the configuration of a target for inference, and of its account."""
    proxy = more.pop("proxy_url", None)
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
                    "models": MODELS,
                    "probes": QUICK,
                    "proxy_url": proxy,
                },
                {
                    "name": "account",
                    "surface": "control_plane",
                    "base_url": service.control_plane_url,
                    "token": service.token,
                    "probes": {"auth": FAST, "balance": FAST},
                    "proxy_url": proxy,
                },
            ],
            **more,
        },
    )


async def verdicts(url: str) -> dict[tuple[str, str], str]:
    """Return what is wrong by target and model; empty text for nothing."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{url}/metrics")).text
    found: dict[tuple[str, str], list[str]] = {}
    for model, target, verdict, value in ROW.findall(text):
        each = found.setdefault((target, model), [])
        each += [verdict] if float(value) else []
    assert all(len(each) <= 1 for each in found.values())
    return {key: "".join(each) for key, each in found.items()}


async def until(url: str, **wanted: str) -> None:
    """Wait until the target, or its first model, has a verdict."""
    keys = {"target": ("serverless", ""), "model": ("serverless", MODELS[0])}
    keys |= {"other": ("serverless", MODELS[1]), "account": ("account", "")}
    expected = {keys[name]: verdict for name, verdict in wanted.items()}
    last: dict[tuple[str, str], str] = {}
    try:
        async with asyncio.timeout(20):
            while not expected.items() <= last.items():
                await asyncio.sleep(0.2)
                last = await verdicts(url)
    except TimeoutError:
        pytest.fail(f"{expected} did not come, but {last}")


@pytest.mark.parametrize(
    ("scenario", "wanted"),
    [
        ("outage", {"target": "edge", "model": "edge", "other": "edge"}),
        ("hang", {"target": "edge", "model": "edge", "account": ""}),
        ("bad_key", {"target": "auth", "model": "auth", "account": ""}),
        ("expired_token", {"target": "", "model": "", "account": "auth"}),
        ("empty_balance", {"target": "quota", "model": "quota"}),
        ("overloaded", {"target": "throttled", "model": "throttled"}),
        ("model_renamed", {"target": "routing", "model": "routing", "other": ""}),
        ("broken_stream", {"target": "stream", "model": "stream"}),
        ("empty_output", {"target": "model", "model": "model"}),
        ("control_plane_outage", {"target": "", "account": "edge"}),
    ],
)
async def test_a_scenario_has_its_verdict_and_its_end(
    service: Simulator, log: Log, scenario: str, wanted: dict[str, str]
) -> None:
    """Within seconds, at the intervals of this test; the log says it too."""
    daemon = Daemon(configured(service), log[0], "127.0.0.1:0")
    url = await daemon.start()
    healthy = dict.fromkeys(("target", "model", "other", "account"), "")
    try:
        await until(url, **healthy)
        service.switch(scenario)
        await until(url, **wanted)
        service.switch("healthy")
        await until(url, **healthy)
    finally:
        await daemon.stop()

    said = {line.get("diagnosis") for line in log[1]()}
    assert said >= set(wanted.values()) - {""}


async def test_a_proxy_that_dies_is_our_network(service: Simulator, log: Log) -> None:
    """It takes along the targets and the reference URL."""
    opened = send(head(status="200 Connection established"))
    async with Simulator() as elsewhere:
        with serving(request, opened, relay(_port(service.url))) as proxy:
            loaded = configured(
                service,
                proxy_url=f"http://127.0.0.1:{proxy.port}",
                reference_url=elsewhere.url,
            )
            daemon = Daemon(loaded, log[0], "127.0.0.1:0")
            url = await daemon.start()
            await until(url, target="", model="", account="")
            assert await reference_up(url) == "1.0"
        try:
            local = "network_local"
            await until(url, target=local, model=local, account=local)
            assert await reference_up(url) == "0.0"
        finally:
            await daemon.stop()


async def test_a_dead_host_beside_a_live_reference_is_not_our_network(
    service: Simulator, log: Log
) -> None:
    """Our network is fine: something else answers."""
    loaded = configured(service, reference_url=service.url)
    dead = {"base_url": f"http://127.0.0.1:{free_port()}"}
    target = loaded.settings.targets[0].model_copy(update=dead)
    alone = loaded.settings.model_copy(update={"targets": (target,)})
    loaded = replace(loaded, settings=alone)
    daemon = Daemon(loaded, log[0], "127.0.0.1:0")
    url = await daemon.start()
    try:
        await until(url, target="network_remote", model="network_remote")
    finally:
        await daemon.stop()


async def reference_up(url: str) -> str:
    """Return what is told of the reference URL."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{url}/metrics")).text
    (value,) = re.findall(
        r"^tensormesh_exporter_reference_up (\S+)", text, re.MULTILINE
    )
    return str(value)


def _port(url: str) -> int:
    return httpx.URL(url).port or 80
