"""
Write series as lines of Prometheus' text formats.

Byte for byte what prometheus_client writes, which a test compares, in a tenth of
its time: a page of thousands of series is written on the loop that times probes.

Source: Prometheus' exposition format 0.0.4, and OpenMetrics 1.0.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator

from prometheus_client.utils import floatToGoString

from tm_exporter.catalog import Family
from tm_exporter.sinks.histogram import Histogram
from tm_exporter.sinks.series import Labels, Rows


_number: Callable[[float], str] = floatToGoString


def head(family: Family, *, openmetrics: bool) -> str:
    """Return the two lines that name and explain a family."""
    name, text = family.name, family.help.replace("\\", r"\\").replace("\n", r"\n")
    if openmetrics:
        name, text = name.removesuffix("_total"), text.replace('"', r"\"")
    return f"# HELP {name} {text}\n# TYPE {name} {family.kind}\n"


def series(family: Family, rows: Rows) -> Iterator[str]:
    """Yield the lines of each series of a family, sorted by label values."""
    # Which value stands where, once the labels are sorted by name.
    order = sorted((name, at) for at, name in enumerate(family.label_names))
    bucket_at = bisect_left(order, ("le",))
    for values, value in sorted(rows.items(), key=lambda row: row[0]):
        labels = _labels(order, values)
        if isinstance(value, Histogram):
            yield "".join(_histogram(family.name, labels, bucket_at, value))
        else:
            yield f"{family.name}{_braced(labels)} {_number(value)}\n"


def _labels(order: list[tuple[str, int]], values: Labels) -> list[str]:
    """Return a series' labels, each with its value."""
    return [f'{name}="{_escaped(values[at])}"' for name, at in order]


def _histogram(
    name: str, labels: list[str], bucket_at: int, value: Histogram
) -> Iterator[str]:
    """Yield the lines of one histogram; `le` stands at `bucket_at` of its labels."""
    bounds = [*map(floatToGoString, value.bounds), "+Inf"]
    counts = value.cumulative
    for bound, count in zip(bounds, counts, strict=True):
        bucket = [*labels[:bucket_at], f'le="{bound}"', *labels[bucket_at:]]
        yield f"{name}_bucket{_braced(bucket)} {_number(count)}\n"
    plain = _braced(labels)
    yield f"{name}_count{plain} {_number(counts[-1])}\n"
    yield f"{name}_sum{plain} {_number(value.total)}\n"


def _braced(labels: list[str]) -> str:
    return f"{{{','.join(labels)}}}" if labels else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
