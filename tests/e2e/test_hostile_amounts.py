"""
Fifty targets that answer more than anyone could want, for as long as it takes.

`make attack-test` takes three minutes of it; ATTACK_SECONDS says how long here.
"""

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.machine import python as exporter_python
from tests.e2e.children import Child, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.prometheus import ROOT


SECONDS = float(os.environ.get("ATTACK_SECONDS", "10"))

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180 + 2 * SECONDS)]

MOST = 150_000_000
"""Bytes of memory that it may take at any time."""

RUNS = 40
INFERENCE = (
    *("health", "version", "models", "tokenize", "chat", "chat_stream"),
    *("completions", "completions_stream", "responses", "responses_stream"),
)
ACCOUNT = (
    *("auth", "deployments", "metrics", "balance", "spending", "usage", "pricing"),
    *("transactions", "api_keys", "payment_methods", "activities", "tickets"),
)


def probes(*names: str) -> dict[str, Any]:
    """Return sections of probes that run often."""
    found: dict[str, Any] = {
        name: {"interval": "30s", "timeout": "15s"} for name in names
    }
    for name in names:
        if name.endswith("_stream"):
            found[name]["idle_timeout"] = "10s"
    return found


def targets(url: str) -> list[dict[str, Any]]:
    """Return forty inference targets and ten accounts of one service."""
    inference = probes(*INFERENCE) | {"kv_cache": False}
    asked: dict[str, Any] = {"surface": "serverless", "models": ["m"], "api_key": "k"}
    account: dict[str, Any] = {"surface": "control_plane", "token": "t"}
    return [
        *(
            {"name": f"i{n}", "base_url": f"{url}/ti{n}", "probes": inference, **asked}
            for n in range(40)
        ),
        *(
            {"name": f"c{n}", "base_url": f"{url}/tc{n}", **account}
            | {"probes": probes(*ACCOUNT)}
            for n in range(10)
        ),
    ]


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """Run a daemon that watches the service."""
    folders = [tmp_path / name for name in ("service", "daemon")]
    for folder in folders:
        folder.mkdir()
    command = (sys.executable, "-m", "tests.e2e.huge_service")
    environment = {"PYTHONPATH": str(ROOT)}
    with child(folders[0], *command, environment=environment) as service:
        url = service.announced(r"^serving on (\S+)$")
        document = {
            "targets": targets(url),
            "state_dir": str(tmp_path),
            "canary_budget": {"daily_usd": 1_000_000, "monthly_usd": 31_000_000},
        }
        file = tmp_path / "exporter.yml"
        file.write_text(yaml.safe_dump(document))
        # Without what only tests need, where such a Python was made.
        program = (exporter_python(), "-m", "tm_exporter")
        run = (*program, "run", "--config", file, "--listen", "127.0.0.1:0")
        with child(folders[1], *run, environment=environment) as process:
            yield listening(process)


def most_memory(process: Child) -> int:
    """Return the bytes of memory that a process has taken at the most so far."""
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    assert found is not None
    return int(found[1]) * 1024


def test_memory_is_bounded_and_pages_are_answered(daemon: Daemon) -> None:
    """The loop hardly ever stands still for a second, and nothing ends the exporter."""
    took = []
    begun, ran = time.monotonic(), 0.0
    while time.monotonic() < begun + (SECONDS if ran > RUNS else 4 * SECONDS):
        started = time.monotonic()
        assert daemon.get("/metrics").status_code == 200
        took.append(time.monotonic() - started)
        ran = daemon.page().total("tensormesh_probe_attempts_total")
        time.sleep(0.5)
    page = daemon.page()
    lags = "tensormesh_exporter_event_loop_lag_seconds"
    slow = page.total(f"{lags}_count") - page.total(f"{lags}_bucket", le="1.0")

    assert most_memory(daemon.child) < MOST, took
    assert slow <= 2, took  # a machine that is busy itself has its part in it
    assert ran > RUNS
    assert page.total("tensormesh_exporter_label_overflow_total") > 1000
    assert page.total("tensormesh_probe_failures_total", reason="internal") == 0
    assert daemon.child.stderr.count('"event":"label_overflow"') < 30
