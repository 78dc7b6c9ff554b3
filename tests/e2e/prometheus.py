"""A real Prometheus that scrapes an address each second."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
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
        answer = self._get("/api/v1/query", query=expression).json()
        return [float(row["value"][1]) for row in answer["data"]["result"]]

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

    def _get(self, path: str, **params: str) -> httpx.Response:
        answer = httpx.get(f"{self.url}{path}", params=params, trust_env=False)
        return answer.raise_for_status()


def part(lane: str, name: str) -> Path:
    """Return a program of a lane, or fail with the way to get it."""
    path = ROOT / ".tools" / lane / "usr/bin" / name
    assert path.is_file(), f"{path} is missing: run make parts"
    return path


@contextlib.contextmanager
def prometheus(lane: str, address: str, folder: Path) -> Iterator[Prometheus]:
    """Run the Prometheus of a lane, with one job that scrapes `address`."""
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s}\n"
        "scrape_configs:\n"
        "  - job_name: tm-exporter\n"
        f"    static_configs: [{{targets: ['{address}']}}]\n"
    )
    with child(
        folder,
        part(lane, "prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.listen-address=127.0.0.1:0",
    ) as process:
        address = process.announced(r'msg="Listening on".* address=(\S+)')
        process.announced(r"(ready to receive web requests)")
        yield Prometheus(process, f"http://{address}")
