"""The dashboards and the catalogue of metrics are about the same."""

import re

from tests.grafana.boards import annotation_queries, metrics, panel_queries
from tm_exporter.catalog import FAMILIES


SUFFIXES = {"histogram": ("", "_bucket", "_count", "_sum")}

OF_OTHERS = {
    "ALERTS": "of Prometheus: what fires",
    "up": "of Prometheus: whether a scrape succeeded",
    "scrape_duration_seconds": "of Prometheus: how long a scrape took",
    "scrape_samples_scraped": "of Prometheus: how many samples it brought",
    "process_cpu_seconds_total": "of prometheus_client: the process",
    "process_max_fds": "of prometheus_client: the process",
    "process_open_fds": "of prometheus_client: the process",
    "process_resident_memory_bytes": "of prometheus_client: the process",
}

LEFT_OUT: dict[str, str] = {}
"""Families on no dashboard, each with the reason."""


def used() -> set[str]:
    """Return the names of all that any dashboard asks for."""
    queries = (*panel_queries(), *annotation_queries())
    return {name for query in queries for name in metrics(query.expr)}


def test_every_metric_on_a_dashboard_is_declared() -> None:
    """Or is named above, with whose it is."""
    declared = {
        family.name + suffix
        for family in FAMILIES
        for suffix in SUFFIXES.get(family.kind, ("",))
    }

    assert used() - declared == OF_OTHERS.keys()


def test_every_declared_metric_is_on_a_dashboard() -> None:
    """Or is named above, with the reason."""
    shown = {re.sub("_(bucket|count|sum)$", "", name) for name in used()}

    assert {family.name for family in FAMILIES} - shown == LEFT_OUT.keys()
