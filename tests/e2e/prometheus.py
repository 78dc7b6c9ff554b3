"""A real Prometheus that scrapes an address each second, or as often as is wanted."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.children import Child, child


ROOT = Path(__file__).parents[2]
TROUBLE = ("level=warn", "level=error")


@dataclass(frozen=True)
class Prometheus:
    """
    A running server.

    Attributes:
        child: Its process.
        url: Where it listens.
    """

    child: Child
    url: str

    def query(self, expression: str) -> list[float]:
        """Return the values of an expression now, in no particular order."""
        return [float(row["value"][1]) for row in self._rows(expression)]

    def labels(self, expression: str) -> list[dict[str, str]]:
        """Return the labels of what an expression gives now."""
        return [row["metric"] for row in self._rows(expression)]

    def examples(self, expression: str) -> list[dict[str, Any]]:
        """Return the examples of the last hour for the series of an expression."""
        now = time.time()
        times = {"start": str(now - 3600), "end": str(now)}
        found = self._get("/api/v1/query_exemplars", query=expression, **times).json()
        return [each for series in found["data"] for each in series["exemplars"]]

    def targets(self) -> list[dict[str, Any]]:
        """Return what it says about the addresses that it scrapes."""
        active: list[dict[str, Any]] = self._get("/api/v1/targets").json()["data"][
            "activeTargets"
        ]
        return active

    def rejections(self) -> dict[str, float]:
        """Return by family how many samples or scrapes it threw away."""
        return {
            sample.name: sample.value
            for family in text_string_to_metric_families(self._get("/metrics").text)
            for sample in family.samples
            if sample.name.startswith("prometheus_target_scrapes_") and sample.value
        }

    def troubles(self) -> list[str]:
        """Return the lines of its log at warning and above."""
        return [
            line
            for line in self.child.stderr.splitlines()
            if any(word in line.lower() for word in TROUBLE)
        ]

    def _rows(self, expression: str) -> list[dict[str, Any]]:
        answer = self._get("/api/v1/query", query=expression).json()
        rows: list[dict[str, Any]] = answer["data"]["result"]
        return rows

    def _get(self, path: str, **params: str) -> httpx.Response:
        answer = httpx.get(f"{self.url}{path}", params=params, trust_env=False)
        return answer.raise_for_status()


def part(lane: str, name: str) -> Path:
    """Return a program of a lane, or fail with the way to get it."""
    path = ROOT / ".tools" / lane / "usr/bin" / name
    assert path.is_file(), f"{path} is missing: run make parts"
    return path


@contextlib.contextmanager
def prometheus(
    lane: str,
    address: str,
    folder: Path,
    *flags: str,
    every: str = "1s",
    more: Mapping[str, Any] | None = None,
) -> Iterator[Prometheus]:
    """
    Run the Prometheus of a lane, with one job that scrapes `address`.

    Args:
        lane: Which one.
        address: Host and port.
        folder: For its files.
        flags: More of its command line.
        every: How often it scrapes, and evaluates rules.
        more: Sections of its configuration, besides.
    """
    times = {"scrape_interval": every, "scrape_timeout": every}
    config = {
        "global": {**times, "evaluation_interval": every},
        "scrape_configs": [
            {"job_name": "tm-exporter", "static_configs": [{"targets": [address]}]}
        ],
        **(more or {}),
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with child(
        folder,
        part(lane, "prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
        *flags,
    ) as process:
        address = process.announced(r'msg="Listening on".* address=(\S+)')
        process.announced(r"(ready to receive web requests)")
        yield Prometheus(process, f"http://{address}")
