"""Read a rendered page the way that Prometheus does."""

import asyncio
from collections import Counter
from collections.abc import Iterator

from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text
from prometheus_client.samples import Sample

from tm_exporter.catalog import Family
from tm_exporter.exposition.page import Exposition
from tm_exporter.sinks.metrics import MetricsSink


OPENMETRICS = "application/openmetrics-text;version=1.0.0"


def text(sink: MetricsSink, accept: str = "") -> str:
    """Return the page of the sink's series alone."""
    page = asyncio.run(Exposition(sink.owners).render(accept)).body.decode()
    return own_lines(page)


def own_lines(page: str) -> str:
    """Return the lines of a page that are about us and not the interpreter."""
    foreign = ("process_", "python_")
    kept = [line for line in page.splitlines() if not line.startswith(foreign)]
    heads = tuple(f"# {word} {name}" for word in ("HELP", "TYPE") for name in foreign)
    return "".join(f"{line}\n" for line in kept if not line.startswith(heads))


def samples(page: str) -> Iterator[Sample]:
    """Yield every sample of a page, whichever of both forms it has."""
    is_openmetrics = page.endswith("# EOF\n")
    parse = parse_openmetrics if is_openmetrics else parse_text
    for family in parse(page):
        yield from family.samples


def values(sink: MetricsSink, family: Family, **labels: str) -> dict[str, float]:
    """
    Return the values of a family's series that have these labels.

    They are keyed by the values of the labels that the family adds to those of
    its scope, joined by commas.
    """
    return {
        ",".join(sample.labels[name] for name in family.labels): sample.value
        for sample in samples(text(sink))
        if sample.name == family.name and labels.items() <= sample.labels.items()
    }


def duplicates(page: str) -> list[tuple[str, str]]:
    """Return the series that stand on a page more than once."""
    series = Counter(
        (each.name, str(sorted(each.labels.items()))) for each in samples(page)
    )
    return [name for name, count in series.items() if count > 1]
