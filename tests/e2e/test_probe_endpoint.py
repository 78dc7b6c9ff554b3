"""A real Prometheus that has the exporter probe targets by the documented job."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.daemon import Daemon
from tests.e2e.demo_probes import PROBES
from tests.e2e.prometheus import ROOT, prometheus
from tests.e2e.waiting import eventually


pytestmark = pytest.mark.e2e

TARGETS = {"serverless": "health", "on_demand": "health", "account": ""}


def documented_jobs(address: str) -> list[dict[str, Any]]:
    """Return the job of the documentation, with the demo's targets and address."""
    text = (ROOT / "docs/probe-endpoint.md").read_text()
    [block] = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    [job] = yaml.safe_load(block.replace("exporter.example:9877", address))[
        "scrape_configs"
    ]
    job |= {"scrape_interval": "2s", "scrape_timeout": "2s"}
    return [
        job
        | {
            "job_name": f"{job['job_name']}-{name}",
            "params": {"probe": [probe]} if probe else {},
            "static_configs": [{"targets": [name]}],
        }
        for name, probe in TARGETS.items()
    ]


def test_targets_are_probed_when_prometheus_asks(demo: Daemon, tmp_path: Path) -> None:
    """Each target is an instance that is up, with the verdicts of its probes."""
    address = demo.url.removeprefix("http://")
    more = {"scrape_configs": documented_jobs(address)}
    up = 'count(count_over_time(up{job=~"tm-exporter-probe.*"}[1m]) >= 2)'

    with prometheus("newest", address, tmp_path, more=more) as server:
        eventually(
            lambda: server.query(up) == [float(len(TARGETS))],
            within=30,
            what="second scrape of each target",
            context=lambda: str(server.targets()),
        )
        verdicts = server.labels("tensormesh_probe_success == 1")
        targets = server.targets()
        foreign = server.query("count({__name__=~'process_.*'})")

    control_plane = {probe for surface, probe in PROBES if surface == "control_plane"}
    assert [(t["health"], t["lastError"]) for t in targets] == [("up", "")] * 3
    assert {(v["instance"], v["probe"]) for v in verdicts} == {
        ("serverless", "health"),
        ("on_demand", "health"),
        *(("account", probe) for probe in control_plane),
    }
    assert {(v["instance"] == v["target"]) for v in verdicts} == {True}
    assert foreign == []
