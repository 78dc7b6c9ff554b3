"""
The main job without credentials: the daemon against a simulated Tensormesh.

The simulator is a process of its own, so that what it computes does not disturb
what the daemon times.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from tm_exporter.config.load import Loaded, load
from tm_exporter.logs.setup import Format
from tm_exporter.simulator.served import ON_DEMAND_MODELS, SERVERLESS_MODELS
from tm_exporter.simulator.surfaces import PREFIXES
from tm_exporter.simulator.world import Credentials


LISTEN = "127.0.0.1:9877"

Probes = Mapping[str, Mapping[str, str]]

_PROBES: Mapping[str, Probes] = {
    # Faster than anyone would pay for: the simulator's tokens are free.
    "inference": {
        "health": {"interval": "5s", "timeout": "2s"},
        "version": {"interval": "10s"},
        "models": {"interval": "10s", "timeout": "5s"},
        "tokenize": {"interval": "10s", "timeout": "5s"},
        "chat_stream": {"interval": "10s", "timeout": "10s", "idle_timeout": "5s"},
        "chat": {"interval": "15s", "timeout": "10s"},
        "kv_cache": {"interval": "15s", "timeout": "10s", "settle": "500ms"},
        "completions": {"interval": "15s", "timeout": "10s"},
        "completions_stream": {"interval": "15s", "timeout": "10s"},
        "responses": {"interval": "15s", "timeout": "10s"},
        "responses_stream": {"interval": "15s", "timeout": "10s"},
    },
    "control_plane": {
        "auth": {"interval": "10s", "timeout": "5s"},
        "deployments": {"interval": "10s", "timeout": "5s"},
        "balance": {"interval": "10s", "timeout": "5s"},
        "spending": {"interval": "10s", "timeout": "5s"},
        "usage": {"interval": "10s", "timeout": "5s"},
        "transactions": {"interval": "10s", "timeout": "5s"},
        "api_keys": {"interval": "10s", "timeout": "5s"},
        "payment_methods": {"interval": "10s", "timeout": "5s"},
        "activities": {"interval": "10s", "timeout": "5s"},
        "tickets": {"interval": "10s", "timeout": "5s"},
        "pricing": {"interval": "10s", "timeout": "5s"},
        "metrics": {"interval": "10s", "timeout": "5s"},
    },
}


BUDGET = {"daily_usd": 10_000, "monthly_usd": 310_000}
"""So much, since a new ledger has the share of day and month that is still to come,
which in the last second of a month is next to nothing."""


class SimulatorFailed(Exception):  # noqa: N818 -- what it did
    """The simulator did not start."""


@contextmanager
def simulator(scenario: str) -> Iterator[str]:
    """
    Run the simulator beside us, and end it with us, however we end.

    It watches its standard input, whose other end is closed by our death.

    Yields:
        Its address.

    Raises:
        SimulatorFailed: It ended before it listened; it said why.
    """
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-m", "tm_exporter.simulator", scenario],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None  # noqa: S101 -- for the type checker
            line = process.stdout.readline().split()
            if line[:2] != ["listening", "on"]:
                raise SimulatorFailed("the simulator did not start")
            yield line[2]
        finally:
            process.terminate()


@contextmanager
def state() -> Iterator[str]:
    """
    Make a state directory that is gone afterwards.

    Yields:
        Its name.
    """
    with TemporaryDirectory(
        prefix="tm-exporter-demo-", ignore_cleanup_errors=True
    ) as directory:
        yield directory


def configuration(
    url: str, listen: str, log_format: Format, state_dir: str | None = None
) -> Loaded:
    """
    Return the demo's configuration: all three surfaces of a simulator.

    Args:
        url: Where it listens.
        listen: `host:port` of the daemon's pages.
        log_format: `console` where a person reads the log as it is written.
        state_dir: A directory for state, empty.
    """
    return load(
        file=None,
        environ={},
        isolated=True,
        overrides={
            "server": {"listen": listen},
            "log": {"format": log_format},
            "state_dir": state_dir,
            "canary_budget": BUDGET,
            # Not independent of the service here, but no scenario breaks it.
            "reference_url": f"{url}/simulator/state",
            "targets": targets(url, _PROBES["inference"], _PROBES["control_plane"]),
        },
    )


def targets(url: str, inference: Probes, control_plane: Probes) -> list[dict[str, Any]]:
    """
    Return a target for each surface of a simulator.

    Args:
        url: Where it listens.
        inference: The probes of the two inference surfaces, by name.
        control_plane: Those of the account.
    """
    made_up = Credentials()
    return [
        {
            "name": "serverless",
            "surface": "serverless",
            "base_url": url + PREFIXES["serverless"],
            "api_key": made_up.api_key,
            "models": [model.name for model in SERVERLESS_MODELS[:2]],
            "probes": inference,
        },
        {
            "name": "on_demand",
            "surface": "on_demand",
            "base_url": url + PREFIXES["on_demand"],
            "api_key": made_up.api_key,
            "user_id": made_up.user_id,
            "models": [model.name for model in ON_DEMAND_MODELS],
            "probes": inference,
        },
        {
            "name": "account",
            "surface": "control_plane",
            "base_url": url + PREFIXES["control_plane"],
            "token": made_up.token,
            "probes": control_plane,
        },
    ]


def instructions(url: str) -> str:
    """Return what can be done with the demo while it runs."""
    return (
        f"a simulated Tensormesh runs at {url}; break it and watch:\n"
        f'  curl -X PUT {url}/simulator/scenario -d \'{{"name": "outage"}}\'\n'
        f'  curl -X PUT {url}/simulator/scenario -d \'{{"name": "healthy"}}\''
    )
