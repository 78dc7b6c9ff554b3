"""
Write series as OpenMetrics, which is the text format and the runs behind buckets.

Source: OpenMetrics 1.0.
"""

from collections.abc import Callable, Iterable
from typing import ClassVar

from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest

from tm_exporter.catalog import Family
from tm_exporter.exposition.text import Text, escaped, head_lines, number
from tm_exporter.sinks.histogram import Exemplar, Histogram


_page: Callable[[CollectorRegistry], bytes] = generate_latest


class OpenMetrics(Text):
    """The format that names the run behind a bucket, 1.0.0."""

    media = "application/openmetrics-text"
    parameters: ClassVar = {"version": "1.0.0"}
    content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    def head(self, family: Family, _pieces: Iterable[bytes]) -> bytes:
        """Return the two lines that name and explain a family."""
        name = family.name.removesuffix("_total")
        return head_lines(name, escaped(family.help), family.kind)

    def process(self, registry: CollectorRegistry) -> bytes:
        """Return the lines about process and interpreter."""
        return _page(registry).removesuffix(self.end(()))

    def end(self, _remarks: Iterable[str]) -> bytes:
        """Return the line without which a page counts as cut off."""
        return b"# EOF\n"

    def _examples(self, value: Histogram) -> Iterable[str]:
        """Return the example of each bucket."""
        return (_example(each) if each else "" for each in value.exemplars)


def _example(exemplar: Exemplar) -> str:
    """Return what stands behind a bucket."""
    run = escaped(exemplar.run.probe_id)
    value, at = number(exemplar.value), exemplar.run.ended_at
    return f' # {{probe_id="{run}"}} {value} {at}'
