"""Alerts on the instances of an installation: are they there, and do they lead?"""

from tm_exporter.alerts.expression import INSTANCES, JOB, SURFACE, indented, series
from tm_exporter.alerts.rule import Alert, Group
from tm_exporter.catalog import (
    DIAGNOSIS,
    EXPORTER_LEADER,
    EXPORTER_SHARD_INFO,
    EXPORTER_SHARDS,
    PROBE_INTERVAL_SECONDS,
)


_UP = f"up{{{JOB}}}"

_DOWN = (
    Alert(
        name="TensormeshExporterDown",
        severity="critical",
        hold="5m",
        # Where samples come by another way than a scrape, there is no `up`.
        expr=(
            f"sum({_UP}) == 0\n"
            f"or\nabsent({_UP})\nunless on () {series(PROBE_INTERVAL_SECONDS)}"
        ),
        summary="No tm-exporter can be scraped: Tensormesh is not watched",
        description="Nothing is known of the service now, good or bad. Fault: us. "
        "Look at the exporter's process and log; if it runs, look at the scrape's "
        "error in Prometheus under Status, Targets.",
    ),
    Alert(
        name="TensormeshInstanceDown",
        severity="warning",
        hold="5m",
        expr=f"{_UP} == 0",
        summary="{{ $labels.instance }} cannot be scraped",
        description="Other instances go on, or TensormeshExporterDown says that none "
        "does. Fault: us. Look at the process, its log, and the scrape's error in "
        "Prometheus under Status, Targets.",
    ),
    Alert(
        name="TensormeshInstancesMissing",
        severity="warning",
        hold="10m",
        expr=f"sum by (job) ({_UP}) < {INSTANCES}",
        summary="Only {{ $value }} of the expected instances of tm-exporter are up",
        description="Whoever should take over when the last one ends is not there. "
        "Fault: us. Look at the pods or units that do not start.",
    ),
)

_SHARDS_SEEN = (
    f"count by (job) (\n  count by (job, index) ({series(EXPORTER_SHARD_INFO)})\n)"
)
_SHARD = Alert(
    name="TensormeshShardMissing",
    severity="warning",
    hold="10m",
    # By the number that the others tell, and by the shards that were there lately.
    expr=(
        f"{_SHARDS_SEEN}\n< max by (job) ({series(EXPORTER_SHARDS)})\n"
        "or\n"
        f"{_SHARDS_SEEN}\n< count by (job) (\n"
        "  count by (job, index) (\n"
        f"    last_over_time({series(EXPORTER_SHARD_INFO)}[1h])\n"
        f"    and on (job, total) {series(EXPORTER_SHARD_INFO)}\n"
        "  )\n"
        ")"
    ),
    summary="Only {{ $value }} shards of tm-exporter are up: some targets are not "
    "watched",
    description="Each shard watches its own share of the targets, and no other one "
    "takes it over. Fault: us. `tensormesh_exporter_shard_info` has the indices "
    "that are up; start the missing one, or lower `shard.total` everywhere.",
)

_SHARE = series(EXPORTER_SHARD_INFO, 'total!="1"')
_LEADERS = (
    Alert(
        name="TensormeshNoLeader",
        severity="warning",
        hold="5m",
        # Each shard has a leader of its own, whoever leads elsewhere.
        expr=(
            "max by (job, index) (\n"
            f"  {series(EXPORTER_LEADER)}\n"
            f"  * on (job, instance) group_left (index) {_SHARE}\n"
            ") == 0\n"
            "or\nmax by (job) (\n"
            f"  {series(EXPORTER_LEADER)} unless on (job, instance) {_SHARE}\n"
            ") == 0"
        ),
        summary="No instance of tm-exporter leads"
        "{{ with $labels.index }} for shard {{ . }}{{ end }}: no paid probe runs",
        description="Whether models generate is not watched. Fault: us. Look at the "
        "lease and at whether instances may write it; the log says `lease` and why.",
    ),
    Alert(
        name="TensormeshTwoLeaders",
        severity="warning",
        hold="5m",
        # Shards lead their own targets, each on its own.
        expr=(
            "count by (job, index) (\n"
            f"  ({series(EXPORTER_LEADER)} == 1)\n"
            f"  * on (job, instance) group_left (index) "
            f"{series(EXPORTER_SHARD_INFO)}\n"
            ") > 1\n"
            f"or\ncount by (job) (\n"
            f"  ({series(EXPORTER_LEADER)} == 1)\n"
            f"  unless on (job, instance) {series(EXPORTER_SHARD_INFO)}\n"
            ") > 1"
        ),
        summary="{{ $value }} instances of tm-exporter lead: paid probes run that "
        "many times",
        description="Canaries cost that many times as much, and count double. Fault: "
        "us. Switch the lease on (`lease.enabled`), or run one instance. Vantage "
        "points that pay on purpose belong into jobs of their own.",
    ),
)

_BLIND = series(DIAGNOSIS, 'verdict="network_local"')
_NETWORK = (
    Alert(
        name="TensormeshOwnNetworkDown",
        severity="critical",
        hold="1m",
        # When we get out again, what failed has failed until its next run, and would
        # page: canaries that page run every ten minutes at least.
        lingers="10m",
        # An instance that still gets through shows that the service can be reached.
        expr=(
            f"min by ({SURFACE}) (\n"
            f"{indented(f'max by ({SURFACE}, instance) ({_BLIND})')}\n"
            ") == 1"
        ),
        summary="{{ $labels.target }}: our own network does not let us out",
        description="Nothing that is not ours can be reached either, so this says "
        "nothing about Tensormesh. Fault: us. Look at DNS, egress rules, the proxy "
        "and the uplink of where the exporter runs.",
    ),
    Alert(
        name="TensormeshInstanceOffline",
        severity="warning",
        hold="5m",
        expr=f"max by (job, instance) ({_BLIND}) == 1",
        summary="{{ $labels.instance }}: its own network does not let it out",
        description="Other instances may still see the service. Fault: us. Look at "
        "the node, the network policy and the proxy of this instance.",
    ),
)

GROUPS = (
    Group(
        name="tensormesh-instances",
        rules=(*_DOWN, _SHARD, *_LEADERS, *_NETWORK),
    ),
)
