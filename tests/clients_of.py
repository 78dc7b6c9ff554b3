"""Clients of a simulated service."""

from typing import Literal, overload

from pydantic import SecretStr

from tm_exporter.clients.client import ControlPlaneClient, InferenceClient
from tm_exporter.clients.resolver import Resolver
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustStore
from tm_exporter.config.secrets import ValueSecret
from tm_exporter.simulator.server import Simulator


@overload
def client_of(
    service: Simulator, surface: Literal["serverless", "on_demand"]
) -> InferenceClient: ...
@overload
def client_of(
    service: Simulator, surface: Literal["control_plane"]
) -> ControlPlaneClient: ...
def client_of(
    service: Simulator, surface: Literal["serverless", "on_demand", "control_plane"]
) -> InferenceClient | ControlPlaneClient:
    """Return a client with the credentials that the surface wants."""
    transport = Transport(resolver=Resolver(), trust_store=TrustStore(), environ={})
    if surface == "control_plane":
        return ControlPlaneClient(
            base_url=service.control_plane_url,
            transport=transport,
            secret=ValueSecret(SecretStr(service.token)),
        )
    on_demand = surface == "on_demand"
    return InferenceClient(
        base_url=service.on_demand_url if on_demand else service.serverless_url,
        transport=transport,
        secret=ValueSecret(SecretStr(service.api_key)),
        user_id=service.user_id if on_demand else None,
        auth_on_get=on_demand,
    )
