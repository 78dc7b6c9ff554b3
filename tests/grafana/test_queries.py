"""
Every query of every dashboard, on real Prometheuses that scraped the demo.

What is watched are the demo's targets and probes, several times as often as the demo
asks, so that a minute holds what three of its minutes do: with fewer than twenty runs
of a canary no p90 is drawn. Within it a surface fails, another is throttled, versions,
prices and streams change, so that what shows trouble has something to show.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.demo_probes import PROBES
from tests.e2e.prometheus import prometheus
from tests.e2e.waiting import eventually
from tests.grafana.boards import (
    FILES,
    ROOT,
    Json,
    annotation_queries,
    load,
    panel_queries,
    panels,
    variables,
)
from tests.grafana.watching import happen, watching


pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

LANES = ("oldest", "newest")

Labels = dict[str, str]

SILENT = {
    "Certificates expire in": "the simulator speaks plain HTTP",
    "Who issued the certificates": "the simulator speaks plain HTTP",
    "Other certificates shown": "the simulator speaks plain HTTP",
    "Left within the window": "the simulator tells no rate limits",
    "Ends of the windows": "the simulator tells no rate limits",
    "Bill against what the canaries used": "known after the first closed day",
    "Routes that the service lacks": "the simulator has all",
}
"""Panels whose queries bring nothing here, each with the reason."""

ELSEWHERE = {"What fires": {"instance", "model", "probe"}}
"""Labels of what is not in trouble here, by the panel that shows them."""

NO_CHOICE = {"cluster": "a label that only federated servers add"}
"""Variables that have nothing to choose from here, each with the reason."""


@dataclass(frozen=True)
class Scraped:
    """
    A Prometheus that has seen it all.

    Attributes:
        client: Asks it.
        start: When it had begun to scrape, in seconds since the epoch.
        end: When all had happened.
        brought: What was asked before.
    """

    client: httpx.Client
    start: float
    end: float
    brought: dict[str, list[Labels]] = field(default_factory=dict)

    def labels(self, expr: str) -> list[Labels]:
        """Return the labels of each series that a query brings at any time."""
        if expr not in self.brought:
            times = {"start": self.start, "end": self.end, "step": 2}
            found = self._ask("query_range", query=replaced(expr), **times)
            self.brought[expr] = [series["metric"] for series in found["result"]]
        return self.brought[expr]

    def choices(self, query: str) -> list[str]:
        """Return what a variable's query brings."""
        match = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
        assert match is not None
        selector, label = match.groups()
        path = f"label/{label}/values"
        values: list[str] = self._ask(path, **{"match[]": replaced(selector)})
        return values

    def _ask(self, path: str, **params: str | float) -> Any:
        answer = self.client.get(f"/api/v1/{path}", params=params)
        assert answer.is_success, answer.text
        return answer.json()["data"]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Scraped]]:
    """Yield by lane a Prometheus that scraped for a minute of events."""
    make = tmp_path_factory.mktemp
    rules = {"rule_files": [str(hurried(make("rules")))]}
    with watching(make("simulator"), make("exporter")) as (daemon, simulator):
        daemon.wait_for_verdicts(PROBES, within=30)
        address = daemon.url.removeprefix("http://")
        with (
            prometheus("oldest", address, make("oldest"), more=rules) as oldest,
            prometheus("newest", address, make("newest"), more=rules) as newest,
            asking(oldest.url) as old,
            asking(newest.url) as new,
        ):
            for server in (oldest, newest):
                eventually(partial(server.query, "up"), within=30, what="scrape")
            start = time.time()
            happen(simulator)
            end = time.time()
            yield {
                "oldest": Scraped(old, start, end),
                "newest": Scraped(new, start, end),
            }


@pytest.mark.parametrize("lane", LANES)
def test_every_panel_has_data(scraped: dict[str, Scraped], lane: str) -> None:
    """Prometheus can parse each query, and it brings something."""
    silent = [
        str(query)
        for query in panel_queries()
        if not scraped[lane].labels(query.expr) and query.panel not in SILENT
    ]

    assert silent == []


def test_the_panels_without_data_are_still_there() -> None:
    """What is excused above is a panel of today."""
    assert SILENT.keys() <= {query.panel for query in panel_queries()}


@pytest.mark.parametrize("lane", LANES)
def test_every_annotation_marks_what_happened(
    scraped: dict[str, Scraped], lane: str
) -> None:
    """Versions, identities and prices changed, and the exporter was started anew."""
    silent = [
        str(query)
        for query in annotation_queries()
        if not scraped[lane].labels(query.expr)
    ]

    assert silent == []


@pytest.mark.parametrize("lane", LANES)
def test_legends_and_columns_are_labels_that_come(
    scraped: dict[str, Scraped], lane: str
) -> None:
    """No name of a series and no column of a table stays empty everywhere."""
    wrong = [
        f"{panel['title']}: {label}"
        for name in FILES
        for panel in panels(load(name))
        if panel["title"] not in SILENT
        for label in shown_labels(panel) - brought_labels(scraped[lane], panel)
    ]

    assert wrong == []


@pytest.mark.parametrize("lane", LANES)
def test_every_variable_has_something_to_choose(
    scraped: dict[str, Scraped], lane: str
) -> None:
    """Each asks for the values of a label among what those before it choose."""
    empty = {
        each["name"]
        for name in FILES
        for each in variables(load(name)).values()
        if each["type"] == "query" and not scraped[lane].choices(each["query"]["query"])
    }

    assert empty == NO_CHOICE.keys()


def hurried(folder: Path) -> Path:
    """Return our rules, evaluated as often as this minute needs."""
    rules = (ROOT / "deploy/prometheus/rules.yml").read_text("utf-8")
    path = folder / "rules.yml"
    path.write_text(re.sub(r"\binterval: \w+", "interval: 2s", rules))
    return path


def asking(url: str) -> httpx.Client:
    """Return a client of a server, which many questions share."""
    return httpx.Client(base_url=url, trust_env=False, timeout=20)


def brought_labels(scraped: Scraped, panel: Json) -> set[str]:
    """Return the labels of what the queries of a panel bring."""
    return {
        label
        for target in panel["targets"]
        for labels in scraped.labels(target["expr"])
        for label in labels
    } | ELSEWHERE.get(panel["title"], set())


def shown_labels(panel: Json) -> set[str]:
    """Return the labels that a panel's legend or its columns name."""
    legends = " ".join(each.get("legendFormat", "") for each in panel["targets"])
    columns = {
        column
        for each in panel.get("transformations", ())
        for column in each["options"]["includeByName"]
    }
    return set(re.findall(r"{{(\w+)}}", legends)) | columns - {"Value"}


def replaced(expr: str) -> str:
    """Return a query as Grafana would send it, with all chosen and a range of 2 min."""
    for name, value in (("__rate_interval", "2m"), ("__range", "2m")):
        expr = expr.replace(f"${name}", value)
    for name in ("cluster", "job", "instance", "target", "surface", "model"):
        expr = expr.replace(f"${name}", ".*" if name in {"cluster", "model"} else ".+")
    assert "$" not in expr
    return expr
