"""Fifty targets, and the services whose faults change under them."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.children import TM_EXPORTER, child
from tests.scripted_server import free_port
from tm_exporter.simulator.served import ON_DEMAND_MODELS, SERVERLESS_MODELS
from tm_exporter.simulator.surfaces import PREFIXES
from tm_exporter.simulator.world import Credentials


TARGETS = 50

PATIENCE = 120.0  # seconds for one answer, on a machine that has much else to do

OURS = {"PYTHONPATH": str(Path(__file__).parents[2])}  # and not what is installed

_FAST = {"interval": "2s", "timeout": "1500ms"}
_STREAM = {**_FAST, "idle_timeout": "500ms", "max_tokens": 8}
_INFERENCE: dict[str, Any] = {
    **dict.fromkeys(("version", "tokenize", "chat", "completions"), False),
    **dict.fromkeys(("completions_stream", "responses", "responses_stream"), False),
    "kv_cache": False,
    "health": _FAST,
    "models": _FAST,
    "chat_stream": _STREAM,
}
_ACCOUNT: dict[str, Any] = {
    **dict.fromkeys(("metrics", "transactions", "api_keys", "payment_methods"), False),
    **dict.fromkeys(("activities", "tickets", "usage", "spending"), False),
    **dict.fromkeys(("auth", "balance", "pricing", "deployments"), _FAST),
}


@dataclass
class Service:
    """A simulated service that can be killed, and come back at the same address."""

    folder: Path
    port: int = field(default_factory=free_port)
    _life: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        self.folder.mkdir(exist_ok=True)
        address = ("--listen", f"127.0.0.1:{self.port}")
        program = child(
            self.folder, TM_EXPORTER, "simulate", *address, environment=OURS
        )
        self._life.enter_context(program).announced(
            r"^listening on (\S+)$", within=PATIENCE
        )
        self._hurry()

    def stop(self) -> None:
        """Refuse connections."""
        self._life.close()

    def play(self, scenario: str) -> None:
        """Put a scenario in force."""
        self._tell("PUT", "scenario", {"name": scenario})
        self._hurry()

    def _hurry(self) -> None:
        pace = {"first_token_seconds": 0.02, "gap_seconds": 0.001}
        self._tell("PATCH", "switches", pace)

    def _tell(self, method: str, route: str, values: dict[str, Any]) -> None:
        url = f"{self.url}/simulator/{route}"
        httpx.request(method, url, json=values, trust_env=False, timeout=PATIENCE)


def configuration(folder: Path, services: Sequence[Service]) -> dict[str, Any]:
    """Return the exporter's configuration, as its file has it."""
    return {
        "state_dir": str(folder / "state"),
        "canary_budget": {"daily_usd": 100_000_000, "monthly_usd": 10_000_000_000},
        "targets": [
            _target(number, services[number % len(services)])
            for number in range(TARGETS)
        ],
    }


def _target(number: int, service: Service) -> dict[str, Any]:
    """Return one of ten accounts, ten on-demand targets, and serverless ones."""
    made_up = Credentials()
    kind = number % 10
    surface = {0: "control_plane", 1: "on_demand"}.get(kind, "serverless")
    target: dict[str, Any] = {
        "name": f"target-{number}",
        "surface": surface,
        "base_url": service.url + PREFIXES[surface],  # type: ignore[index] # one of them
        "probes": _INFERENCE,
    }
    if surface == "control_plane":
        return {**target, "token": made_up.token, "probes": _ACCOUNT}
    of_surface = {"serverless": SERVERLESS_MODELS, "on_demand": ON_DEMAND_MODELS}
    target |= {"api_key": made_up.api_key, "models": [of_surface[surface][0].name]}
    return target | ({"user_id": made_up.user_id} if kind == 1 else {})
