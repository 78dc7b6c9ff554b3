"""What every probe has, and what is known of a target."""

from tm_exporter.catalog.family import DURATION_BUCKETS, Family


PROBE_SUCCESS = Family(
    name="tensormesh_probe_success",
    help="Whether the last finished run passed (1) or failed (0).",
    kind="gauge",
    lifetime="last_run",
    source="verdict of the run",
)
PROBE_ATTEMPTS = Family(
    name="tensormesh_probe_attempts_total",
    help="Runs that finished, whether they passed or failed.",
    kind="counter",
    source="runner",
)
PROBE_FAILURES = Family(
    name="tensormesh_probe_failures_total",
    help="Runs that failed, by the one reason of each.",
    kind="counter",
    labels=("reason",),
    source="verdict of the run",
)
PROBE_SLOTS = Family(
    name="tensormesh_probe_slots_total",
    help="Slots of the grid that fell due: attempts, skipped and in flight.",
    kind="counter",
    source="schedule",
)
PROBE_SKIPPED = Family(
    name="tensormesh_probe_skipped_total",
    help="Slots that fell due and did not become a run, by reason.",
    kind="counter",
    labels=("reason",),
    source="schedule",
)
PROBE_DURATION_SECONDS = Family(
    name="tensormesh_probe_duration_seconds",
    help="From the start of a run to its end, of runs that passed.",
    kind="histogram",
    buckets=DURATION_BUCKETS,
    native=True,
    source="runner, monotonic clock",
)
PROBE_LAST_DURATION_SECONDS = Family(
    name="tensormesh_probe_last_duration_seconds",
    help="From the start of the last run to its end, passed or not.",
    kind="gauge",
    lifetime="last_run",
    source="runner, monotonic clock",
)
PROBE_PHASE_SECONDS = Family(
    name="tensormesh_probe_phase_seconds",
    help="Where the time of the last run's last request went, by phase.",
    kind="gauge",
    labels=("phase",),
    lifetime="last_run",
    source="transport, monotonic clock",
)
PROBE_HTTP_STATUS_CODE = Family(
    name="tensormesh_probe_http_status_code",
    help="Status code of the last run's last answer.",
    kind="gauge",
    lifetime="last_run",
    source="status line",
)
PROBE_CONSECUTIVE_FAILURES = Family(
    name="tensormesh_probe_consecutive_failures",
    help="Failed runs since the last one that passed; "
    "those throttled or failed by the exporter's own fault neither raise nor reset it.",
    kind="gauge",
    lifetime="last_run",
    source="verdicts of the runs",
)
PROBE_LAST_RUN_TIMESTAMP_SECONDS = Family(
    name="tensormesh_probe_last_run_timestamp_seconds",
    help="When the last finished run ended, since the epoch.",
    kind="gauge",
    source="runner, wall clock",
)
PROBE_LAST_SUCCESS_TIMESTAMP_SECONDS = Family(
    name="tensormesh_probe_last_success_timestamp_seconds",
    help="When the last run that passed ended, since the epoch.",
    kind="gauge",
    source="runner, wall clock",
)
PROBE_INTERVAL_SECONDS = Family(
    name="tensormesh_probe_interval_seconds",
    help="Time between two slots of the grid, as in force now.",
    kind="gauge",
    source="schedule",
)
PROBE_SUPPORTED = Family(
    name="tensormesh_probe_supported",
    help="Whether the service has the route that the probe asks (1) or not (0).",
    kind="gauge",
    source="status code and shape of the answer",
)

# What is known of a target.

TARGET_INFO = Family(
    name="tensormesh_target_info",
    help="Always 1; the labels that the configuration gives to the target.",
    kind="gauge",
    scope="target",
    source="configuration, the labels of all targets, empty where one has none",
)
TARGET_ACCOUNT_INFO = Family(
    name="tensormesh_target_account_info",
    help="Always 1; which account pays for the target, by the account's name; "
    "absent where that is not known.",
    kind="gauge",
    scope="target",
    labels=("account",),
    source="configuration, setting account",
)
TLS_CERTIFICATE_EXPIRY_TIMESTAMP_SECONDS = Family(
    name="tensormesh_tls_certificate_expiry_timestamp_seconds",
    help="When the certificate that the server showed last expires, since the epoch.",
    kind="gauge",
    scope="target",
    lifetime="last_run",
    source="leaf certificate, field notAfter",
)
TLS_CERTIFICATE_INFO = Family(
    name="tensormesh_tls_certificate_info",
    help="Always 1; who issued the certificate that the server showed last.",
    kind="gauge",
    scope="target",
    labels=("issuer",),
    lifetime="last_run",
    source="leaf certificate, common name or organisation of the issuer",
)
TLS_CERTIFICATE_CHANGES = Family(
    name="tensormesh_tls_certificate_changes_total",
    help="Times that the server showed another certificate than the time before.",
    kind="counter",
    scope="target",
    source="leaf certificate, SHA-256 fingerprint",
)
CLOCK_SKEW_SECONDS = Family(
    name="tensormesh_clock_skew_seconds",
    help="How far the service's clock is ahead of ours, to about a second.",
    kind="gauge",
    scope="target",
    lifetime="last_run",
    source="header Date, against the wall clock when the header was complete",
)
RETRY_AFTER_TIMESTAMP_SECONDS = Family(
    name="tensormesh_retry_after_timestamp_seconds",
    help="Until when the service asked to wait, since the epoch.",
    kind="gauge",
    scope="target",
    labels=("model",),
    source="header Retry-After",
)
RATE_LIMIT_LIMIT = Family(
    name="tensormesh_rate_limit_limit",
    help="What the service says that it grants within one window, by kind.",
    kind="gauge",
    scope="target",
    labels=("model", "kind"),
    lifetime="last_run",
    source="headers x-ratelimit-limit-* and ratelimit",
)
RATE_LIMIT_REMAINING = Family(
    name="tensormesh_rate_limit_remaining",
    help="What of it the service says is left in this window, by kind.",
    kind="gauge",
    scope="target",
    labels=("model", "kind"),
    lifetime="last_run",
    source="headers x-ratelimit-remaining-* and ratelimit",
)
RATE_LIMIT_RESET_TIMESTAMP_SECONDS = Family(
    name="tensormesh_rate_limit_reset_timestamp_seconds",
    help="When the window ends, since the epoch, by kind.",
    kind="gauge",
    scope="target",
    labels=("model", "kind"),
    lifetime="last_run",
    source="headers x-ratelimit-reset-* and ratelimit, wall clock",
)
MAINTENANCE_ACTIVE = Family(
    name="tensormesh_maintenance_active",
    help="Whether the target, or the model if one is named, is in maintenance now (1) "
    "or not (0).",
    kind="gauge",
    scope="target",
    labels=("model",),
    source="configured windows and those started by `tm-exporter maintenance`",
)
DIAGNOSIS = Family(
    name="tensormesh_diagnosis",
    help="Where the trouble is, by all that was seen in the same minute: "
    "1 for the one verdict, 0 for the others, all 0 where nothing is wrong.",
    kind="gauge",
    scope="target",
    labels=("model", "verdict"),
    source="runs of all probes of the exporter, and the reference address",
)
FAILURE_REASON_INFO = Family(
    name="tensormesh_failure_reason_info",
    help="Always 1; who has to act on each failure reason.",
    kind="gauge",
    scope="exporter",
    labels=("reason", "party"),
    source="the table of failure reasons",
)
