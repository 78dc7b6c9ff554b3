"""A simulated service, and a client of its Control Plane, for every pull."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest

from tests.clients_of import client_of
from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.simulator.server import Simulator


Answer = Callable[..., None]


@pytest.fixture
async def service() -> AsyncIterator[Simulator]:
    """Run a simulated service."""
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def client(service: Simulator) -> ControlPlaneClient:
    """Return a client of its Control Plane."""
    return client_of(service, "control_plane")


@pytest.fixture
def answer(service: Simulator) -> Answer:
    """Let a route answer with a payload from now on."""

    def set_answer(route: str, payload: Any, status: int = 200) -> None:
        body = orjson.dumps(payload).decode()
        headers = {"content-type": "application/json"}
        service.rule(route, status=status, headers=headers, body=body)

    return set_answer
