"""A simulated service, and clients that speak to it over real sockets."""

from collections.abc import Callable

import pytest

from tests.clients_of import client_of
from tm_exporter.clients.client import InferenceClient
from tm_exporter.observation import ProbeKey
from tm_exporter.section import Surface
from tm_exporter.simulator.server import Simulator


MODEL = "openai/gpt-oss-20b"
Key = Callable[..., ProbeKey]


@pytest.fixture
def client(service: Simulator) -> InferenceClient:
    """Return a client of the serverless surface."""
    return client_of(service, "serverless")


@pytest.fixture
def key() -> Key:
    """Return keys of probes of the serverless surface."""

    def make(
        probe: str, model: str = MODEL, surface: Surface = "serverless"
    ) -> ProbeKey:
        return ProbeKey("target", surface, probe, model)

    return make
