"""A simulator that answers at once, and ways to talk to it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Protocol

import httpx
import pytest

from tm_exporter.simulator.server import Simulator


Read = Callable[..., Awaitable[httpx.Response]]


class Post(Protocol):
    """Sends a JSON body to a serverless route, by default with the right key."""

    async def __call__(
        self, path: str, body: dict[str, Any], **options: Any
    ) -> httpx.Response:
        """Return the answer."""
        ...


async def reached(condition: Callable[[], object]) -> None:
    """
    Wait until a condition holds, for five seconds at most.

    Raises:
        TimeoutError: It did not.
    """
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
async def sim() -> AsyncIterator[Simulator]:
    """Run a simulator whose tokens come without a wait."""
    async with Simulator(first_token_seconds=0.0, gap_seconds=0.0) as simulator:
        yield simulator


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Open a client that knows no proxy, no credentials and no authorities."""
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading them takes 20 ms
    async with httpx.AsyncClient(verify=nobody, trust_env=False, timeout=10) as http:
        yield http


@pytest.fixture
def post(sim: Simulator, client: httpx.AsyncClient) -> Post:
    """Return a function that posts to the serverless surface."""

    async def send(path: str, body: dict[str, Any], **options: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {sim.api_key}"}
        model = {"model": sim.models[0]}
        url = sim.serverless_url + path
        return await client.post(
            url, json=model | body, headers=options.get("headers", headers)
        )

    return send


@pytest.fixture
def read(sim: Simulator, client: httpx.AsyncClient) -> Read:
    """Return a function that reads a route of the Control Plane, with the token."""

    async def get(path: str, **query: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {sim.token}"}
        url = sim.control_plane_url + path
        return await client.get(url, headers=headers, params=query)

    return get
