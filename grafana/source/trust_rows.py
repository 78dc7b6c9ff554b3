"""Rows about how far the exporter can be trusted."""

from grafana.source.appearance import (
    BAD_EVENTS,
    NUMBER,
    SECONDS,
    SHARE,
    Look,
)
from grafana.source.frame import Row
from grafana.source.panels import bars, heat_map, lines, value
from grafana.source.promql import (
    INSTALLATION,
    SHOWN,
    STEP,
    grew,
    latest,
    over,
    quantile,
)
from grafana.source.tables import rows
from tm_exporter.catalog import (
    EXPORTER_EVENT_LOOP_LAG_SECONDS,
    EXPORTER_FAULTS,
    EXPORTER_LABEL_OVERFLOW,
    EXPORTER_LOG_LINES_DROPPED,
    EXPORTER_MEASUREMENTS_DISCARDED,
    EXPORTER_TIMESTAMP_SOURCE_INFO,
    EXPORTER_TIMESTAMPS,
)


_EACH = ("instance",)
_SHOWN = "Within the time that the dashboard shows."


def _process(name: str) -> str:
    """Return the selector of a metric that every program tells of its process."""
    return f"process_{name}{{{INSTALLATION}}}"


WORK: Row = (
    "Trust in what is measured",
    (
        heat_map(
            "Lag of the event loop",
            EXPORTER_EVENT_LOOP_LAG_SECONDS,
            look=SECONDS,
            step="1m",
        ),
        lines(
            "Lag of the event loop, p50 and p99",
            *(
                (
                    quantile(q, EXPORTER_EVENT_LOOP_LAG_SECONDS, by=_EACH, window=STEP),
                    f"p{q * 100:g} {{{{instance}}}}",
                )
                for q in (0.5, 0.99)
            ),
            of=(EXPORTER_EVENT_LOOP_LAG_SECONDS,),
            look=SECONDS,
            note="There are four values a second.",
            step="1m",
        ),
        bars(
            "Times that were left out",
            (
                grew(EXPORTER_MEASUREMENTS_DISCARDED, by=("reason",), window=STEP),
                "{{reason}}",
            ),
            of=(EXPORTER_MEASUREMENTS_DISCARDED,),
            look=BAD_EVENTS,
            size=(6, 7),
        ),
        value(
            "Values and log lines lost",
            (
                over(
                    "sum",
                    grew(EXPORTER_LABEL_OVERFLOW, by=("family",), window=SHOWN),
                    (),
                )
                + " or vector(0)",
                "values",
            ),
            (grew(EXPORTER_LOG_LINES_DROPPED, by=(), window=SHOWN), "log lines"),
            (
                over("sum", grew(EXPORTER_FAULTS, by=("event",), window=SHOWN), ()),
                "faults",
            ),
            of=(EXPORTER_LABEL_OVERFLOW, EXPORTER_LOG_LINES_DROPPED, EXPORTER_FAULTS),
            look=BAD_EVENTS,
            note=_SHOWN,
            size=(6, 7),
        ),
        rows(
            "Clock that stamps what arrives",
            latest(EXPORTER_TIMESTAMP_SOURCE_INFO, by=("instance", "source")),
            of=(EXPORTER_TIMESTAMP_SOURCE_INFO,),
            columns={"instance": "Instance", "source": "Clock"},
            size=(6, 7),
        ),
        bars(
            "Readings by that clock",
            (
                grew(EXPORTER_TIMESTAMPS, by=("source",), window=STEP),
                "{{source}}",
            ),
            of=(EXPORTER_TIMESTAMPS,),
            look=NUMBER,
            size=(6, 7),
        ),
    ),
)

PROCESS: Row = (
    "Process",
    (
        lines(
            "Memory",
            (
                f"max by (instance) ({_process('resident_memory_bytes')})",
                "{{instance}}",
            ),
            of=(),
            look=Look(unit="bytes", lowest=0),
            note="process_resident_memory_bytes: Resident memory size in bytes.",
            size=(8, 7),
        ),
        lines(
            "CPU",
            (
                f"max by (instance) (rate({_process('cpu_seconds_total')}[{STEP}]))",
                "{{instance}}",
            ),
            of=(),
            look=SHARE,
            note="process_cpu_seconds_total: Total user and system CPU time spent in "
            "seconds. 100 % is one core.",
            size=(8, 7),
        ),
        lines(
            "File descriptors in use",
            (
                f"max by (instance) ({_process('open_fds')} / {_process('max_fds')})",
                "{{instance}}",
            ),
            of=(),
            look=SHARE,
            note="process_open_fds over process_max_fds: Share of the file descriptors "
            "that the process may open.",
            size=(8, 7),
        ),
        lines(
            "Time that a scrape takes",
            (
                f"max by (instance) (scrape_duration_seconds{{{INSTALLATION}}})",
                "{{instance}}",
            ),
            of=(),
            look=SECONDS,
            note="scrape_duration_seconds: Duration of the scrape, by Prometheus.",
        ),
        lines(
            "Series",
            (
                f"max by (instance) (scrape_samples_scraped{{{INSTALLATION}}})",
                "{{instance}}",
            ),
            of=(),
            look=NUMBER,
            note="scrape_samples_scraped: Samples that the exporter exposed.",
        ),
    ),
)
