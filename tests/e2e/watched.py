"""What the daemon watches in tests of pages, and how often: `FACTOR` times faster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.breakable import Service
from tests.e2e.time_scale import shorter
from tm_exporter.simulator.served import ON_DEMAND_MODELS, SERVERLESS_MODELS
from tm_exporter.simulator.surfaces import PREFIXES
from tm_exporter.simulator.world import Credentials


FACTOR = 60
MINUTE = 60 / FACTOR
"""Seconds that a minute takes here."""

MODEL = SERVERLESS_MODELS[0].name
"""The one that is watched unless others are named; the scenarios rename it."""

_PROBES: Mapping[str, Mapping[str, str]] = {
    # As often as by default, FACTOR times faster; but health not every 15 seconds.
    "inference": {
        **dict.fromkeys(("health", "models", "tokenize"), shorter("1m", FACTOR)),
        "chat_stream": shorter("2m", FACTOR),
        "version": shorter("5m", FACTOR),
        "chat": shorter("10m", FACTOR),
    },
    "control_plane": {
        **dict.fromkeys(("auth", "deployments"), shorter("1m", FACTOR)),
        **dict.fromkeys(("balance", "spending"), shorter("5m", FACTOR)),
        "usage": shorter("15m", FACTOR),
        "pricing": shorter("1h", FACTOR),
    },
}
_OFF: Mapping[str, Sequence[str]] = {
    "inference": (
        *("completions", "completions_stream"),
        *("responses", "responses_stream", "kv_cache"),
    ),
    "control_plane": (
        *("metrics", "transactions", "api_keys", "payment_methods"),
        *("activities", "tickets"),
    ),
}
_BUDGET = {"daily_usd": 100_000_000, "monthly_usd": 10_000_000_000}


@dataclass(frozen=True)
class Watched:
    """
    What the daemon watches, besides the account that pays.

    Attributes:
        models: Of the serverless surface.
        added: Models of it that the service has besides those it begins with.
        on_demand: Whether it watches that surface, too.
        proxied: Whether all goes through the proxy, the reference URL included.
    """

    models: tuple[str, ...] = (MODEL,)
    added: tuple[str, ...] = ()
    on_demand: bool = False
    proxied: bool = False


def configuration(
    service: Service, watched: Watched, state_dir: Path
) -> Mapping[str, Any]:
    """
    Return the daemon's configuration, as its file has it.

    Args:
        service: What is watched, and the proxy in front of it.
        watched: Which parts of it.
        state_dir: An empty directory for its state.
    """
    made_up = Credentials()
    way = {"proxy_url": f"http://127.0.0.1:{service.proxy_port}"}
    proxied = way if watched.proxied else {}
    serverless = {
        **_target(service, "serverless", "inference"),
        "api_key": made_up.api_key,
        "models": [*watched.models, *watched.added],
    }
    on_demand = {
        **_target(service, "on_demand", "inference"),
        "api_key": made_up.api_key,
        "user_id": made_up.user_id,
        "models": [model.name for model in ON_DEMAND_MODELS],
    }
    account = {
        **_target(service, "control_plane", "control_plane"),
        "token": made_up.token,
    }
    targets = [serverless, *([on_demand] if watched.on_demand else []), account]
    return {
        "state_dir": str(state_dir),
        "canary_budget": _BUDGET,
        # Not independent of the service here, but no incident breaks it.
        "reference_url": f"{service.url}/simulator/scenarios",
        "targets": [{**target, **proxied} for target in targets],
    }


def _target(service: Service, surface: str, probes: str) -> dict[str, Any]:
    on = {
        name: {"interval": interval, "timeout": interval}
        for name, interval in _PROBES[probes].items()
    }
    return {
        "name": surface,
        "surface": surface,
        "base_url": f"{service.url}{PREFIXES[surface]}",  # type: ignore[index]  # it is a surface
        "probes": {**on, **dict.fromkeys(_OFF[probes], False)},
    }
