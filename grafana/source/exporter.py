"""Whether the exporter itself can be relied on."""

from grafana_foundation_sdk.models import dashboard

from grafana.source.annotations import RELEASES, RELOADS
from grafana.source.appearance import (
    BAD_EVENTS,
    COUNT,
    GREEN,
    GREY,
    RED,
    SECONDS,
    YELLOW,
    Look,
    yes_or_no,
)
from grafana.source.frame import Row
from grafana.source.frame import board as framed
from grafana.source.panels import bars, lines, states, value
from grafana.source.promql import (
    INSTALLATION,
    PROBE,
    SHOWN,
    SLOW,
    STEP,
    above,
    ago,
    grew,
    latest,
    of_rules,
    share,
)
from grafana.source.tables import rows
from grafana.source.trust_rows import PROCESS, WORK
from tm_exporter.alerts.coverage import due
from tm_exporter.catalog import (
    EXPORTER_BUILD_INFO,
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL,
    EXPORTER_CONFIG_RELOADS,
    EXPORTER_LEADER,
    EXPORTER_REFERENCE_UP,
    EXPORTER_SHARD_INFO,
    EXPORTER_SHARDS,
    EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL,
    EXPORTER_WEB_CONFIG_RELOADS,
    PROBE_ATTEMPTS,
    PROBE_FAILURES,
    PROBE_INTERVAL_SECONDS,
    PROBE_SKIPPED,
    PROBE_SLOTS,
    PROBE_SUPPORTED,
    TARGET_INFO,
)


_EACH = ("instance",)
_NAME = "{{target}} {{probe}} {{model}}"
_SHOWN = "Within the time that the dashboard shows."

_COVERAGE = share(
    grew(PROBE_ATTEMPTS, by=PROBE, window=SLOW),
    f"({' '.join(of_rules(due()).split())})",
)


_INSTANCES: Row = (
    "Instances",
    (
        states(
            "Instances that can be scraped",
            (f"max by (instance) (up{{{INSTALLATION}}})", "{{instance}}"),
            of=(),
            look=yes_or_no("up", "down"),
            note="up: whether Prometheus could scrape the exporter (1) or not (0).",
            size=(12, 6),
        ),
        states(
            "Who runs paid probes",
            (latest(EXPORTER_LEADER, by=_EACH), "{{instance}}"),
            of=(EXPORTER_LEADER,),
            look=yes_or_no("leads", "waits", colors=(GREEN, GREY)),
            size=(12, 6),
        ),
        rows(
            "Releases",
            latest(EXPORTER_BUILD_INFO, by=("instance", "version", "python_version")),
            of=(EXPORTER_BUILD_INFO,),
            columns={
                "instance": "Instance",
                "version": "Version",
                "python_version": "Python",
            },
            size=(8, 6),
        ),
        rows(
            "Shards",
            f"{latest(EXPORTER_SHARD_INFO, by=('instance', 'index'))} "
            f"* on (instance) group_left () {latest(EXPORTER_SHARDS, by=_EACH)}",
            of=(EXPORTER_SHARD_INFO, EXPORTER_SHARDS),
            columns={"instance": "Instance", "index": "Shard", "Value": "Of"},
            look=COUNT,
            size=(8, 6),
        ),
        rows(
            "Targets",
            latest(TARGET_INFO),
            of=(TARGET_INFO,),
            columns={"target": "Target", "surface": "Surface"},
            size=(8, 6),
        ),
        value(
            "Configuration",
            (
                latest(EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL, by=_EACH),
                "{{instance}}",
            ),
            (
                latest(EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL, by=_EACH),
                "{{instance}}, web",
            ),
            of=(
                EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL,
                EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL,
            ),
            look=yes_or_no("in force", "the new one was refused"),
            size=(8, 5),
        ),
        value(
            "Configuration read",
            (
                ago(EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS, by=_EACH),
                "{{instance}}",
            ),
            of=(EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS,),
            look=SECONDS,
            note="So long ago.",
            size=(8, 5),
        ),
        value(
            "Reloads",
            (
                grew(EXPORTER_CONFIG_RELOADS, by=("result",), window=SHOWN),
                "{{result}}",
            ),
            (
                grew(EXPORTER_WEB_CONFIG_RELOADS, by=("result",), window=SHOWN),
                "web: {{result}}",
            ),
            of=(EXPORTER_CONFIG_RELOADS, EXPORTER_WEB_CONFIG_RELOADS),
            look=COUNT,
            note=_SHOWN,
            size=(8, 5),
        ),
    ),
)

_COVERED: Row = (
    "What is looked at",
    (
        lines(
            "Share of slots that became a run",
            (_COVERAGE, _NAME),
            of=(PROBE_ATTEMPTS, PROBE_SLOTS, PROBE_SKIPPED),
            look=Look(
                unit="percentunit",
                steps=((None, RED), (0.9, YELLOW), (0.99, GREEN)),
                lowest=0,
                highest=1,
            ),
            note=f"Over the {SLOW} before each point, all instances together. Slots "
            "in maintenance, or of an instance that does not lead, are left out.",
        ),
        bars(
            "Slots skipped",
            (
                above(
                    grew(
                        PROBE_SKIPPED,
                        'reason!="not_leader"',
                        by=("target", "reason"),
                        window=STEP,
                    ),
                    0,
                ),
                "{{target}} {{reason}}",
            ),
            of=(PROBE_SKIPPED,),
            look=COUNT,
            note="Those of an instance that does not lead are left out: the leader "
            "runs them.",
        ),
        lines(
            "Intervals in force",
            (latest(PROBE_INTERVAL_SECONDS), _NAME),
            of=(PROBE_INTERVAL_SECONDS,),
            look=SECONDS,
            note="They stretch where the canary budget does not last.",
        ),
        bars(
            "Runs that failed by the exporter's own fault",
            (
                grew(
                    PROBE_FAILURES,
                    'reason="internal"',
                    by=("target", "probe"),
                    window=STEP,
                ),
                "{{target}} {{probe}}",
            ),
            of=(PROBE_FAILURES,),
            look=BAD_EVENTS,
        ),
        rows(
            "Routes that the service lacks",
            f"{latest(PROBE_SUPPORTED)} == 0",
            of=(PROBE_SUPPORTED,),
            columns={"target": "Target", "probe": "Probe"},
            look=Look(unit="none", nothing="It has all"),
        ),
        states(
            "Independent address",
            (latest(EXPORTER_REFERENCE_UP, by=_EACH), "{{instance}}"),
            of=(EXPORTER_REFERENCE_UP,),
            look=yes_or_no("reached", "not reached"),
            size=(12, 8),
        ),
    ),
)


def board() -> dashboard.Dashboard:
    """Return the dashboard."""
    return framed(
        "exporter",
        "exporter",
        "Whether the exporter runs, sees all it should, and can be trusted.",
        _INSTANCES,
        _COVERED,
        WORK,
        PROCESS,
        events=(RELEASES, RELOADS),
    )
