"""Everything that the routes of one simulator share."""

import base64
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal

import orjson

from tm_exporter.simulator.account import Account
from tm_exporter.simulator.kv_cache import KvCache
from tm_exporter.simulator.panel import Panel
from tm_exporter.simulator.record import RequestLog
from tm_exporter.simulator.served import (
    ON_DEMAND_MODELS,
    SERVERLESS_MODELS,
    ServedModel,
)
from tm_exporter.simulator.surfaces import INFERENCE, Surface
from tm_exporter.simulator.switches import Switches


OPENING_BALANCE = Decimal("25.00")
_TOKEN_EXPIRES = 4_102_444_800  # 2100-01-01


def _made_up_token(user_id: str) -> str:
    """Return what looks like a JWT; nothing has signed it."""
    parts = [{"alg": "none", "typ": "JWT"}, {"sub": user_id, "exp": _TOKEN_EXPIRES}]
    encoded = [base64.urlsafe_b64encode(orjson.dumps(p)).rstrip(b"=") for p in parts]
    return b".".join([*encoded, b"simulated"]).decode()


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    What callers must show; made up, and the same for every simulator.

    Attributes:
        api_key: Of both inference surfaces.
        user_id: The X-User-Id of the on-demand surface.
        token: The bearer token of the Control Plane.
    """

    api_key: str = "ak-simulated-not-a-secret"
    user_id: str = "5e7f0000-0000-4000-8000-000000000001"
    token: str = _made_up_token("5e7f0000-0000-4000-8000-000000000001")


@dataclass(slots=True)
class World:
    """
    The simulated service.

    Attributes:
        panel: Scenario and switches.
        account: Money and use.
        now: Wall clock, in seconds since the epoch.
        clock: Monotonic clock, in seconds.
        caches: KV cache by surface.
        log: Requests seen.
        url: Where the server listens, without a path.
        cut: Resets the connection of a request; told its client address.
    """

    panel: Panel
    account: Account
    now: Callable[[], float]
    clock: Callable[[], float]
    caches: dict[Surface, KvCache]
    log: RequestLog = field(default_factory=RequestLog)
    credentials: Credentials = field(default_factory=Credentials)
    url: str = ""
    cut: Callable[[tuple[str, int]], None] = lambda _: None

    def models(self, surface: Surface) -> dict[str, ServedModel]:
        """Return the models an inference surface serves now, by name."""
        models = ON_DEMAND_MODELS if surface == "on_demand" else SERVERLESS_MODELS
        switches = self.panel.switches[surface]
        served = (model for model in models if model.name not in switches.withdrawn)
        named = (_renamed(model, switches.renamed) for model in served)
        added = (_made_up_model(name) for name in switches.added)
        return {model.name: model for model in (*named, *added)}

    @property
    def price_factor(self) -> int:
        """Factor on the price list, which inference is billed at too."""
        return self.panel.switches["control_plane"].price_factor


def _renamed(model: ServedModel, names: Collection[str]) -> ServedModel:
    """Return a model under the name that it is served by now."""
    if model.name not in names:
        return model
    return replace(model, name=f"{model.name}-v2")


def _made_up_model(name: str) -> ServedModel:
    """Return a model that is like any other."""
    owner = name.partition("/")[0]
    return ServedModel(name=name, owner=owner, max_model_len=131_072)


def new_world(
    base: Switches,
    *,
    now: Callable[[], float] = time.time,
    clock: Callable[[], float] = time.monotonic,
) -> World:
    """Return a service that begins healthy."""
    return World(
        panel=Panel(base),
        account=Account(SERVERLESS_MODELS, OPENING_BALANCE, now),
        now=now,
        clock=clock,
        caches={surface: KvCache(clock) for surface in INFERENCE},
    )
