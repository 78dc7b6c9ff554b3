"""What the daemon is made of, for the programs that measure one part of it."""

from pathlib import Path

from tm_exporter.assembly.assembly import Assembly
from tm_exporter.clients.stamps import Stamps
from tm_exporter.config.load import load
from tm_exporter.exposition.page import Exposition
from tm_exporter.observation import Probe
from tm_exporter.process.event_loop import run
from tm_exporter.sinks.metrics import MetricsSink


PROMETHEUS = (
    "application/openmetrics-text;version=1.0.0,"
    "application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus 2.42 says that it likes."""

__all__ = ["PROMETHEUS", "page_of", "probes_of", "run", "watched"]


def probes_of(config: Path, stamps: Stamps | None = None) -> list[Probe]:
    """
    Return the probes of a configuration file, with clients as the daemon's.

    Args:
        config: The file.
        stamps: Where times come from; as in the daemon where left out.
    """
    loaded = load(file=config, environ={}, isolated=True)
    stamps = stamps or Stamps()
    stamps.start()
    assembly = Assembly(tell_secret=lambda _: None, environ={}, stamps=stamps)
    return assembly.probes(loaded.settings)


def watched(probes: list[Probe]) -> MetricsSink:
    """Return a sink that has the series of these probes."""
    sink = MetricsSink()
    for probe in probes:
        sink.watch(
            probe.key,
            interval=probe.section.interval,
            reasons=probe.reasons,
            skips=(),
            starts=probe.starts,
        )
    return sink


def page_of(sink: MetricsSink) -> Exposition:
    """Return what renders the series of a sink."""
    return Exposition(sink.owners, about_process=False)
