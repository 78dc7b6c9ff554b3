"""What prometheus_client would write of the series, to compare with."""

from collections.abc import Iterator

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

from tm_exporter.catalog import Family
from tm_exporter.sinks.histogram import Exemplar as Known
from tm_exporter.sinks.histogram import Histogram
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.series import Rows


class SeriesCollector(Collector):
    """Builds its families afresh at each scrape, sorted by label values."""

    def __init__(self, sink: MetricsSink) -> None:
        self._sink = sink

    def collect(self) -> Iterator[Metric]:
        """Yield the families that have a series now."""
        for family, rows in self._sink.families():
            if rows:
                yield _filled(family, rows)


def _metric(family: Family) -> Metric:
    """Return the family without a series."""
    return Metric(family.name.removesuffix("_total"), family.help, family.kind)


def _filled(family: Family, rows: Rows) -> Metric:
    metric = _metric(family)
    for values, value in sorted(rows.items(), key=lambda row: row[0]):
        labels = dict(zip(family.label_names, values, strict=True))
        if isinstance(value, Histogram):
            _add_histogram(metric, labels, value)
        else:
            metric.add_sample(family.name, labels, value)
    return metric


def _exemplar(known: Known | None) -> Exemplar | None:
    if known is None:
        return None
    run = known.run
    return Exemplar({"probe_id": run.probe_id}, known.value, run.ended_at)


def _add_histogram(metric: Metric, labels: dict[str, str], value: Histogram) -> None:
    bounds = [*map(floatToGoString, value.bounds), "+Inf"]
    counts = value.cumulative
    for bound, count, example in zip(bounds, counts, value.exemplars, strict=True):
        bucket = {**labels, "le": bound}
        metric.add_sample(
            f"{metric.name}_bucket", bucket, count, exemplar=_exemplar(example)
        )
    metric.add_sample(f"{metric.name}_count", labels, counts[-1])
    metric.add_sample(f"{metric.name}_sum", labels, value.total)
