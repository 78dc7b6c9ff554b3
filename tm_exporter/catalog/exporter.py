"""What the exporter says of itself."""

from tm_exporter.catalog.family import LAG_BUCKETS, Family


EXPORTER_BUILD_INFO = Family(
    name="tensormesh_exporter_build_info",
    help="Always 1; the exporter's version and the Python that runs it.",
    kind="gauge",
    scope="exporter",
    labels=("version", "python_version"),
    source="package and interpreter",
)
EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL = Family(
    name="tensormesh_exporter_config_last_reload_successful",
    help="Whether the configuration was read without an error the last time.",
    kind="gauge",
    scope="exporter",
    source="configuration",
)
EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS = Family(
    name="tensormesh_exporter_config_last_reload_success_timestamp_seconds",
    help="When the configuration in force was read, since the epoch.",
    kind="gauge",
    scope="exporter",
    source="configuration, wall clock",
)
EXPORTER_CONFIG_RELOADS = Family(
    name="tensormesh_exporter_config_reloads_total",
    help="Attempts to read the configuration again, by result.",
    kind="counter",
    scope="exporter",
    labels=("result",),
    source="configuration",
)
EXPORTER_WEB_CONFIG_RELOADS = Family(
    name="tensormesh_exporter_web_config_reloads_total",
    help="Changes of the web configuration file or of the files that it names, by "
    "result; absent where there is none.",
    kind="counter",
    scope="exporter",
    labels=("result",),
    source="server.web_config_file",
)
EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL = Family(
    name="tensormesh_exporter_web_config_last_reload_successful",
    help="Whether the web configuration file and the files that it names could be "
    "used the last time they changed; absent where there is none.",
    kind="gauge",
    scope="exporter",
    source="server.web_config_file",
)
EXPORTER_EVENT_LOOP_LAG_SECONDS = Family(
    name="tensormesh_exporter_event_loop_lag_seconds",
    help="How much later than asked the event loop woke a task up, "
    "the worst of each quarter second.",
    kind="histogram",
    scope="exporter",
    buckets=LAG_BUCKETS,
    source="event loop, monotonic clock",
)
EXPORTER_MEASUREMENTS_DISCARDED = Family(
    name="tensormesh_exporter_measurements_discarded_total",
    help="Times left out of histograms and objectives for not being trustworthy, "
    "by reason; the verdicts of their runs stand.",
    kind="counter",
    scope="exporter",
    labels=("reason",),
    source="event loop, monotonic clock",
)
EXPORTER_LEADER = Family(
    name="tensormesh_exporter_leader",
    help="Whether this instance is the one that runs paid probes.",
    kind="gauge",
    scope="exporter",
    source="lease; 1 where there is none",
)
EXPORTER_SHARD_INFO = Family(
    name="tensormesh_exporter_shard_info",
    help="Always 1; which share of the targets this instance watches.",
    kind="gauge",
    scope="exporter",
    labels=("index", "total"),
    source="configuration",
)
EXPORTER_SHARDS = Family(
    name="tensormesh_exporter_shards",
    help="How many shares the targets are split into; as many instances are needed.",
    kind="gauge",
    scope="exporter",
    source="configuration, setting shard.total",
)
EXPORTER_LABEL_OVERFLOW = Family(
    name="tensormesh_exporter_label_overflow_total",
    help="Values left out because their family had too many label values, by family.",
    kind="counter",
    scope="exporter",
    labels=("family",),
    source="metrics sink",
)
EXPORTER_FAULTS = Family(
    name="tensormesh_exporter_faults_total",
    help="Faults of the exporter itself, each with a traceback in the log, by the "
    "event of the log: a run, a part of a page or a look was lost, and nothing else.",
    kind="counter",
    scope="exporter",
    labels=("event",),
    source="log",
)
EXPORTER_LOG_LINES_DROPPED = Family(
    name="tensormesh_exporter_log_lines_dropped_total",
    help="Log lines that were thrown away because nobody read them in time.",
    kind="counter",
    scope="exporter",
    source="log writer",
)
EXPORTER_LEDGER_HEALTHY = Family(
    name="tensormesh_exporter_ledger_healthy",
    help="Whether the ledger can be used; without it, no paid request is sent. "
    "Absent where no probe costs money.",
    kind="gauge",
    scope="exporter",
    source="ledger, looked at every minute at least",
)
EXPORTER_REFERENCE_UP = Family(
    name="tensormesh_exporter_reference_up",
    help="Whether the reference URL gave any HTTP answer the last time (1) or none "
    "(0). Absent where none is configured.",
    kind="gauge",
    scope="exporter",
    source="setting reference_url, asked every 30 s and when a target gives no answer",
)
EXPORTER_TIMESTAMP_SOURCE_INFO = Family(
    name="tensormesh_exporter_timestamp_source_info",
    help="Always 1; who stamps the bytes that arrive: the kernel, or the exporter "
    "(user_space) where the kernel does not.",
    kind="gauge",
    scope="exporter",
    labels=("source",),
    source="transport, the last readings",
)
EXPORTER_TIMESTAMPS = Family(
    name="tensormesh_exporter_timestamps_total",
    help="Readings of answers, by who stamped them: the kernel, or the exporter "
    "(user_space), which is late by as much as its event loop.",
    kind="counter",
    scope="exporter",
    labels=("source",),
    source="transport",
)
