"""Build a probe of any kind that goes a given way."""

from typing import Any

from tests.faults.scene import LONG, Way, World, secret
from tests.probes.conftest import MODEL
from tm_exporter.clients.client import ControlPlaneClient, InferenceClient
from tm_exporter.clients.transport import Transport
from tm_exporter.clients.trust import TrustStore
from tm_exporter.config.registry import KINDS
from tm_exporter.fault_matrix import Sort
from tm_exporter.kinds import PROBES
from tm_exporter.observation import Probe, ProbeKey
from tm_exporter.section import Surface
from tm_exporter.simulator.surfaces import PREFIXES


TRUST_STORE = TrustStore()


def probe(world: World, way: Way, kind: str, sort: Sort) -> Probe:
    """Return a probe of a kind, configured as a file would."""
    surface: Surface = "control_plane" if sort == "account" else "serverless"
    section = KINDS[kind].model_validate(_keys(way, kind, sort))
    key = ProbeKey("target", surface, kind, MODEL if section.per_model else "")
    client = _client(world, way, surface)
    return PROBES[KINDS[kind]](section, key, client, (MODEL,))


def _keys(way: Way, kind: str, sort: Sort) -> dict[str, Any]:
    """Return the keys of its section."""
    streamed = sort == "streamed"
    timeout = way.timeout if way.idle is None or streamed else way.idle
    keys: dict[str, Any] = {"timeout": f"{timeout:g}s", "interval": "1h"}
    if streamed:
        keys["idle_timeout"] = f"{way.idle or LONG:g}s"
    if kind == "kv_cache":
        keys["settle"] = "1ms"
    return {**keys, **way.section}


def _client(
    world: World, way: Way, surface: Surface
) -> InferenceClient | ControlPlaneClient:
    """Return a client that goes the way."""
    transport = Transport(
        resolver=way.resolver,
        trust_store=TRUST_STORE,
        trust=way.trust,
        proxy=way.proxy,
        environ={},
    )
    url = f"{way.scheme}://{way.host}:{way.port}{PREFIXES[surface]}"
    if surface == "control_plane":
        token = way.secret or secret(world.service.token)
        return ControlPlaneClient(base_url=url, transport=transport, secret=token)
    return InferenceClient(
        base_url=url,
        transport=transport,
        secret=way.secret or secret(world.service.api_key),
        auth_on_get=way.secret is not None,
    )
