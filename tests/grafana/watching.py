"""An exporter that watches the demo's targets several times as often as the demo."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.demo_probes import CONTROL_PLANE, INFERENCE
from tm_exporter.demo import BUDGET, targets


EVENTS = (
    # From which second on; which scenario; on which surface, or all.
    (30, "outage", "serverless"),
    (42, "healthy", None),
    (44, "overloaded", "on_demand"),
    (48, "version_change", "serverless"),
    (48, "long_gap", "on_demand"),
    (48, "price_change", "control_plane"),
)
LASTS = 64
"""Seconds: three minutes of the demo at this pace."""

_FAST = {"interval": "3s", "timeout": "3s"}
_PROBES: dict[str, dict[str, dict[str, str]]] = {
    "inference": {
        **dict.fromkeys(INFERENCE, _FAST),
        # Panels want twenty runs that nothing disturbed, also on a busy machine.
        "chat_stream": {"interval": "1500ms", "timeout": "1500ms"},
        "kv_cache": {
            **_FAST,
            "settle": "100ms",
            "warm_again_after": "200ms",
        },
    },
    "control_plane": dict.fromkeys(CONTROL_PLANE, _FAST),
}
_LATER = {"name": "later", "targets": ["on_demand"], "duration": "1h"}


@contextlib.contextmanager
def watching(simulated: Path, folder: Path) -> Iterator[tuple[Daemon, str]]:
    """
    Run a simulated service and an exporter that watches it.

    Args:
        simulated: A folder for the service.
        folder: One for the exporter.

    Yields:
        The exporter, and the address of the simulated service.
    """
    listen = ("--listen", "127.0.0.1:0")
    with child(simulated, TM_EXPORTER, "simulate", *listen) as simulator:
        url = simulator.announced(r"^listening on (http://\S+)$")
        file = folder / "config.yml"
        file.write_text(yaml.safe_dump(_configuration(folder, url)))
        (folder / "web.yml").touch()
        with child(folder, TM_EXPORTER, "run", "--config", file, *listen) as process:
            yield listening(process), url


def happen(simulator: str) -> None:
    """Have the events happen, each in its time, and return after the last."""
    begin = time.monotonic()
    for after, name, surface in (*EVENTS, (LASTS, "", None)):
        time.sleep(max(0, begin + after - time.monotonic()))
        if name:
            scenario = {"name": name, "surface": surface}
            answer = httpx.put(
                f"{simulator}/simulator/scenario", json=scenario, trust_env=False
            )
            answer.raise_for_status()


def _configuration(folder: Path, url: str) -> dict[str, Any]:
    return {
        "server": {"web_config_file": "web.yml"},
        "state_dir": str(folder / "state"),
        "canary_budget": BUDGET,
        "reference_url": f"{url}/simulator/scenarios",
        "maintenance": [{**_LATER, "from": "2199-01-01T00:00:00Z"}],
        "targets": targets(url, _PROBES["inference"], _PROBES["control_plane"]),
    }
