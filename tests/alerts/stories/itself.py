"""The exporter's own troubles."""

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter.catalog import (
    DIAGNOSIS,
    EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL,
    EXPORTER_EVENT_LOOP_LAG_SECONDS,
    EXPORTER_FAULTS,
    EXPORTER_LABEL_OVERFLOW,
    EXPORTER_LEADER,
    EXPORTER_LEDGER_HEALTHY,
    EXPORTER_LOG_LINES_DROPPED,
    EXPORTER_MEASUREMENTS_DISCARDED,
    EXPORTER_SHARD_INFO,
    EXPORTER_SHARDS,
    EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL,
    PROBE_INTERVAL_SECONDS,
    PROBE_SKIPPED,
    Family,
)


CRITICAL = {"severity": "critical"}
WARNING = {"severity": "warning"}
SERVERLESS = {"target": "serverless", "surface": "serverless"}
CHAT = {**SERVERLESS, "probe": "chat_stream", "model": "m"}
DOWN = "TensormeshExporterDown"
INSTANCE_DOWN = "TensormeshInstanceDown"
MISSING = "TensormeshInstancesMissing"
SHARD = "TensormeshShardMissing"
WATCHDOG = "TensormeshWatchdog"
NO_LEADER = "TensormeshNoLeader"
TWO_LEADERS = "TensormeshTwoLeaders"
EXHAUSTED = "TensormeshCanaryBudgetExhausted"
LEDGER = "TensormeshLedgerUnusable"
RELOAD = "TensormeshReloadFailed"
LAG = "TensormeshEventLoopLag"
DISCARDED = "TensormeshMeasurementsDiscarded"
DROPPED = "TensormeshLogLinesDropped"
FAULTS = "TensormeshExporterFaults"
OVERFLOW = "TensormeshLabelOverflow"
NETWORK = "TensormeshOwnNetworkDown"
OFFLINE = "TensormeshInstanceOffline"

A, B = "exporter-0", "exporter-1"


def own(
    family: Family | str, values: str, instance: str = A, /, **labels: str
) -> Series:
    """Return what an exporter says of itself."""
    return Series(family, labels, values, instance=instance)


def shards(total: int, *, dead: int, at: int) -> list[Series]:
    """Return what shards say, of which one dies after some minutes."""
    told = []
    for index in range(total):
        name = f"shard-{index}"
        lives = f"1x{at - 1} stale" if index == dead else "1x120"
        labels = {"index": str(index), "total": str(total)}
        told += [
            own("up", f"1x{at - 1} 0x120" if index == dead else "1x120", name),
            own(EXPORTER_SHARD_INFO, lives, name, **labels),
            own(EXPORTER_LEADER, lives, name),
        ]
    return told


def lag(seconds: float) -> list[Series]:
    """Return the buckets of a loop that is always that late."""
    return [
        Series(
            EXPORTER_EVENT_LOOP_LAG_SECONDS,
            {"le": f"{bound:g}"},
            "0+240x60" if bound >= seconds else "0x60",
            suffix="_bucket",
        )
        for bound in (*EXPORTER_EVENT_LOOP_LAG_SECONDS.buckets, float("inf"))
    ]


def blind(instance: str, target: str, values: str) -> Series:
    """Return whether an instance blames its own network for a target."""
    labels = {**SERVERLESS, "target": target, "model": "", "verdict": "network_local"}
    return Series(DIAGNOSIS, labels, values, instance=instance)


STORIES = (
    Story(
        name="the exporter dies",
        series=(own("up", "1x9 0x30 1x20"),),
        expects=(
            Fires(WATCHDOG, "0s", [{"severity": "none"}]),
            Fires(DOWN, "15m", [CRITICAL], starts=True),
            Fires(INSTANCE_DOWN, "15m", [{"instance": A, **WARNING}], starts=True),
            Fires(DOWN, "41m"),
            Fires(INSTANCE_DOWN, "41m"),
            Fires(WATCHDOG, "1h", [{"severity": "none"}]),
        ),
    ),
    Story(
        name="the exporter vanishes from service discovery",
        series=(own("up", "1x9 stale"),),
        expects=(
            Fires(DOWN, "15m", [CRITICAL], starts=True),
            Fires(INSTANCE_DOWN, "30m"),
        ),
    ),
    Story(
        name="samples come by another way than a scrape",
        series=(
            Series("up", {}, "1x60", job="another"),
            Series(PROBE_INTERVAL_SECONDS, CHAT, "120x60"),
        ),
        expects=(Fires(DOWN, "1h"),),
        no_pages=("1h",),
    ),
    Story(
        name="the exporter dies, and what it told is still there",
        series=(
            own("up", "1x9 0x60"),
            Series(PROBE_INTERVAL_SECONDS, CHAT, "120x60"),
        ),
        expects=(Fires(DOWN, "15m", [CRITICAL], starts=True),),
    ),
    Story(
        name="the exporter restarts",
        series=(own("up", "1x9 0 0 1x50"),),
        expects=(
            Fires(DOWN, "1h"),
            Fires(INSTANCE_DOWN, "1h"),
            Fires(MISSING, "1h"),
        ),
        no_pages=("1h",),
    ),
    Story(
        name="another job's exporter does not stand in for ours",
        series=(
            Series("up", {}, "1x60", job="tm-exporter-staging"),
            own("up", "0x60"),
        ),
        expects=(
            Fires(DOWN, "6m", [CRITICAL]),
            Fires(MISSING, "11m", [WARNING]),
        ),
    ),
    Story(
        name="one shard of seven dies",
        series=(*shards(7, dead=3, at=30), own(EXPORTER_SHARDS, "7x120", "shard-0")),
        expects=(
            Fires(SHARD, "30m"),
            Fires(SHARD, "40m", [WARNING], starts=True),
            Fires(SHARD, "2h", [WARNING]),
            Fires(INSTANCE_DOWN, "36m", [{"instance": "shard-3"}]),
            Fires(TWO_LEADERS, "1h"),
        ),
        no_pages=("2h",),
    ),
    Story(
        name="one shard of seven dies, and nothing tells the number but the others",
        series=shards(7, dead=3, at=30),
        expects=(Fires(SHARD, "40m", [WARNING], starts=True),),
    ),
    Story(
        name="seven shards become six",
        series=(
            *(
                own(
                    EXPORTER_SHARD_INFO,
                    "1x29 stale",
                    f"shard-{index}",
                    index=str(index),
                    total="7",
                )
                for index in range(7)
            ),
            *(
                own(
                    EXPORTER_SHARD_INFO,
                    "_x30 1x60",
                    f"shard-{index}",
                    index=str(index),
                    total="6",
                )
                for index in range(6)
            ),
        ),
        expects=(Fires(SHARD, "70m"),),
    ),
    Story(
        name="the lease is lost, found, and then held by two",
        series=(
            own(EXPORTER_LEADER, "1x9 0x20 1x60", A),
            own(EXPORTER_LEADER, "0x60 1x29", B),
            own(EXPORTER_SHARD_INFO, "1x90", A, index="0", total="1"),
            own(EXPORTER_SHARD_INFO, "1x90", B, index="0", total="1"),
        ),
        expects=(
            Fires(NO_LEADER, "15m", [WARNING], starts=True),
            Fires(NO_LEADER, "31m"),
            Fires(TWO_LEADERS, "1h"),
            Fires(TWO_LEADERS, "66m", [WARNING], starts=True),
        ),
        no_pages=("90m",),
    ),
    Story(
        name="one of two shards has no leader any more",
        series=(
            own(EXPORTER_LEADER, "1x60", A),
            own(EXPORTER_SHARD_INFO, "1x60", A, index="0", total="2"),
            own(EXPORTER_LEADER, "1x9 0x50", B),
            own(EXPORTER_SHARD_INFO, "1x60", B, index="1", total="2"),
        ),
        expects=(
            Fires(NO_LEADER, "15m", [{"index": "1", **WARNING}], starts=True),
            Fires(TWO_LEADERS, "1h"),
        ),
        no_pages=("1h",),
    ),
    Story(
        name="the lease is handed over within a minute",
        series=(
            own(EXPORTER_LEADER, "1x10 0x60", A),
            own(EXPORTER_LEADER, "0x11 1x60", B),
        ),
        expects=(Fires(NO_LEADER, "1h"), Fires(TWO_LEADERS, "1h")),
    ),
    Story(
        name="a probe is not paid for any more",
        series=(
            own(PROBE_SKIPPED, "0x29 1 1 2 2 3 3 4+0.5x30", reason="budget", **CHAT),
            own(EXPORTER_LEDGER_HEALTHY, "1x90"),
        ),
        expects=(
            Fires(EXHAUSTED, "30m"),
            Fires(EXHAUSTED, "45m", [{**CHAT, **WARNING}], starts=True),
            Fires(LEDGER, "1h"),
        ),
        no_pages=("1h",),
    ),
    Story(
        name="the ledger cannot be written",
        series=(
            own(PROBE_SKIPPED, "0x29 1+1x60", reason="budget", **CHAT),
            own(EXPORTER_LEDGER_HEALTHY, "1x28 0x60"),
        ),
        expects=(
            Fires(LEDGER, "39m", [{"instance": A, **WARNING}], starts=True),
            Fires(EXHAUSTED, "50m"),
        ),
    ),
    Story(
        name="a bad configuration is refused, and mended",
        series=(own(EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL, "1x9 0x20 1x30"),),
        expects=(
            Fires(RELOAD, "10m"),
            Fires(RELOAD, "15m", [{"instance": A, **WARNING}], starts=True),
            Fires(RELOAD, "31m"),
        ),
    ),
    Story(
        name="a bad web configuration is refused, and mended",
        series=(
            own(EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL, "1x60"),
            own(EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL, "1x9 0x20 1x30"),
        ),
        expects=(
            Fires(RELOAD, "10m"),
            Fires(RELOAD, "15m", [{"instance": A, **WARNING}], starts=True),
            Fires(RELOAD, "31m"),
        ),
    ),
    Story(
        name="the loop is late all the time",
        series=lag(0.2),
        expects=(
            Fires(LAG, "10m"),
            Fires(LAG, "20m", [{"instance": A, **WARNING}]),
        ),
    ),
    Story(
        name="the loop is on time",
        series=lag(0.004),
        expects=(Fires(LAG, "1h"),),
    ),
    Story(
        name="times, lines and labels are thrown away",
        series=(
            own(EXPORTER_MEASUREMENTS_DISCARDED, "0x9 0+1x50", reason="loop_lag"),
            own(EXPORTER_LOG_LINES_DROPPED, "0x9 5x50"),
            own(EXPORTER_LABEL_OVERFLOW, "0x9 1x50", family="x"),
        ),
        expects=(
            Fires(DISCARDED, "10m"),
            Fires(DISCARDED, "50m", [{"instance": A, "severity": "info"}]),
            Fires(DROPPED, "9m"),
            Fires(DROPPED, "10m", [{"instance": A, "severity": "info"}], starts=True),
            Fires(OVERFLOW, "9m"),
            Fires(OVERFLOW, "10m", [{"family": "x", "severity": "info"}], starts=True),
        ),
        no_pages=("1h",),
    ),
    Story(
        name="a part of a page cannot be made, and a run crashes",
        series=(
            own(EXPORTER_FAULTS, "0x9 1x90", event="series_failed"),
            own(EXPORTER_FAULTS, "0x9 1x90", event="probe_crashed"),
            own(EXPORTER_FAULTS, "0x99", event="sink_failed"),
        ),
        expects=(
            Fires(FAULTS, "9m"),
            Fires(FAULTS, "10m", [{"event": "series_failed", **WARNING}], starts=True),
            Fires(FAULTS, "80m"),
        ),
        no_pages=("1h",),
    ),
    Story(
        name="our network is down for all instances",
        series=(
            blind(A, "serverless", "0x9 1x20 0x30"),
            blind(A, "staging", "0x9 1x20 0x30"),
            blind(B, "serverless", "0x9 1x20 0x30"),
        ),
        expects=(
            Fires(
                NETWORK,
                "11m",
                [
                    {**SERVERLESS, **CRITICAL},
                    {"target": "staging", **CRITICAL} | {"surface": "serverless"},
                ],
                starts=True,
            ),
            Fires(OFFLINE, "16m", [{"instance": A}, {"instance": B}]),
            # Canaries that failed meanwhile page unless they run before its end.
            Fires(
                NETWORK,
                "39m",
                [
                    {**SERVERLESS, **CRITICAL},
                    {"target": "staging", **CRITICAL} | {"surface": "serverless"},
                ],
            ),
            Fires(NETWORK, "42m"),
        ),
    ),
    Story(
        name="one of two instances has no egress",
        series=(
            blind(A, "serverless", "0x9 1x50"),
            blind(B, "serverless", "0x60"),
        ),
        expects=(
            Fires(NETWORK, "1h"),
            Fires(OFFLINE, "10m"),
            Fires(OFFLINE, "15m", [{"instance": A, **WARNING}], starts=True),
        ),
        no_pages=("1h",),
    ),
)
