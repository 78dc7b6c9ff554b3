"""The exporter as a real process, asked over HTTP as anybody would."""

from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.e2e.children import Child
from tests.e2e.waiting import eventually


@dataclass(frozen=True)
class Page:
    """The samples of one answer of `/metrics`."""

    samples: tuple[Sample, ...]

    def select(self, name: str, **labels: str) -> list[Sample]:
        """Return the samples of that name which have these labels, among others."""
        return [
            sample
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the selected samples; 0 if there is none."""
        return sum(sample.value for sample in self.select(name, **labels))

    def verdicts(self, **labels: str) -> dict[tuple[str, str], bool]:
        """
        Return by (surface, probe) whether the last runs passed.

        A probe of several models passed if it did for each of them.
        """
        passed: dict[tuple[str, str], bool] = {}
        for sample in self.select("tensormesh_probe_success", **labels):
            key = sample.labels["surface"], sample.labels["probe"]
            passed[key] = passed.get(key, True) and sample.value == 1
        return passed


@dataclass(frozen=True)
class Daemon:
    """
    A running exporter.

    Attributes:
        child: Its process.
        url: Where it said that it listens.
    """

    child: Child
    url: str

    def get(self, path: str, accept: str = "text/plain") -> httpx.Response:
        """Request a path of it."""
        return httpx.get(
            f"{self.url}{path}", headers={"accept": accept}, trust_env=False, timeout=5
        )

    def page(self) -> Page:
        """Scrape it once."""
        return parsed(self.get("/metrics").raise_for_status().text)

    def wait_for_verdicts(
        self, probes: set[tuple[str, str]], *, within: float = 15
    ) -> dict[tuple[str, str], bool]:
        """Return the verdicts as soon as there is one for each of these probes."""

        def complete() -> dict[tuple[str, str], bool] | None:
            verdicts = self.page().verdicts()
            return verdicts if probes <= verdicts.keys() else None

        return eventually(
            complete, within=within, what="verdict for every probe", context=self._lack
        )

    def _lack(self) -> str:
        return (
            f"There are {sorted(self.page().verdicts())}. {self.child.stderr[-2000:]}"
        )


def parsed(text: str) -> Page:
    """Return the page that a text is."""
    families = text_string_to_metric_families(text)
    return Page(tuple(sample for family in families for sample in family.samples))


def listening(child: Child) -> Daemon:
    """Wait for the exporter's start line, and return the daemon that it is."""
    return Daemon(child, child.announced(r"^listening on (http://\S+)$"))
