"""All pages of a whole daemon, asked by someone who has only docs/openapi.yaml."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import httpx
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from starlette.applications import Starlette
from starlette.routing import Route

from tm_exporter.config.load import load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.logs.setup import Logging
from tm_exporter.simulator.server import Simulator
from tm_exporter.web import app
from tm_exporter.web.security import HEADERS


DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.yaml"
EXAMPLES = 12
"""Of each page, for each of good and bad requests."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]
ALERT = "TensormeshSurfaceDown"
PATIENCE = 20
SELDOM = {"interval": "1h", "timeout": "10s"}
PROBES = {
    **dict.fromkeys(("health", "version", "models", "tokenize", "chat"), SELDOM),
    **dict.fromkeys(("chat_stream", "kv_cache", "completions"), False),
    **dict.fromkeys(("completions_stream", "responses", "responses_stream"), False),
}


@pytest.fixture
async def url(logging: Logging) -> AsyncIterator[str]:
    """Run a daemon that watches a simulated service; yield its address."""
    async with Simulator(first_token_seconds=0.02, gap_seconds=0.001) as service:
        target = {
            "name": "eu",
            "surface": "serverless",
            "base_url": service.serverless_url,
            "api_key": service.api_key,
            "probes": PROBES,
        }
        overrides: dict[str, Any] = {
            "server": {"allow_paid_probe_requests": True, "allow_reload": True},
            "targets": [target],
        }
        loaded = load(file=None, environ={}, isolated=True, overrides=overrides)
        daemon = Daemon(loaded, logging, "127.0.0.1:0")
        try:
            yield await daemon.start()
        finally:
            await daemon.stop()


async def test_the_pages_are_as_the_document_says(url: str) -> None:
    """Whatever is asked: no fault, no answer that is not documented, safe headers."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        await ready(client)
        status = (await client.get("/api/v1/status")).json()
        run = status["targets"][0]["probes"][0]["models"][0]["probe_id"]

        for each in asked(url, run):
            await asyncio.to_thread(each)

        assert (await client.get("/-/healthy")).status_code == 200


def test_the_document_has_all_pages() -> None:
    """A page that it leaves out would be asked for by nobody here."""
    routed = {each.path for each in routes() if not each.path.startswith("/static/")}

    assert set(document()["paths"]) == routed


def document() -> dict[str, Any]:
    """Return what the pages promise."""
    read: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())
    return read


def asked(url: str, run: str) -> Iterator[Callable[[], None]]:
    """Yield what asks each page: well, badly, and for what there is."""
    known: dict[str, dict[str, Any]] = {
        "evidence": {"path_parameters": {"probe_id": run}},
        "page": {"query": {"target": "eu"}},
        "probe": {"query": {"target": "eu", "probe": "health"}},
        "runbook": {"path_parameters": {"name": ALERT}},
    }
    schema: Any = schemathesis.openapi.from_dict(document())
    for result in schema.get_all_operations():
        operation = result.ok()
        modes: list[dict[str, Any]] = [
            {"generation_mode": mode} for mode in GenerationMode
        ]
        names = known.get(operation.definition.raw["operationId"])
        for each in [*modes, *([names] if names else [])]:
            yield partial(ask, operation.as_strategy(**each), url)


def ask(cases: SearchStrategy[Any], url: str) -> None:
    """Ask one page for this and that; fail for an answer that is not as documented."""

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def every(case: Any) -> None:
        answer = case.call(base_url=url, timeout=PATIENCE)
        case.validate_response(answer, checks=CHECKS)
        for name, text in HEADERS.items():
            assert answer.headers[name] == [text]

    with suppress(Unsatisfiable):  # what takes nothing cannot be asked for badly
        every()


async def ready(client: httpx.AsyncClient) -> None:
    """Wait until each probe has run, for at most half a minute."""
    async with asyncio.timeout(30):
        while (await client.get("/-/ready")).status_code != 200:
            await asyncio.sleep(0.05)


def routes() -> Iterator[Route]:
    """Yield the routes of the exporter's main address."""
    sources: Any = Mock()
    guard: Any = app.build(sources)
    while not isinstance(guard, Starlette):
        guard = guard._app
    for each in guard.routes:
        assert isinstance(each, Route)
        yield each
