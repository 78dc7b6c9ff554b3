"""
Every metric family, declared once, as data.

The only place where a metric's name is a string. Sinks, documentation,
dashboards, rules and tests are derived from these declarations or checked
against them.
"""

from dataclasses import dataclass
from typing import Literal


Kind = Literal["counter", "gauge", "histogram"]
Scope = Literal["probe", "target", "exporter"]
Lifetime = Literal["process", "last_run", "pulled"]
Stability = Literal["experimental", "stable", "deprecated"]

BASE_LABELS: dict[Scope, tuple[str, ...]] = {
    "probe": ("target", "surface", "probe", "model"),
    "target": ("target", "surface"),
    "exporter": (),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """
    The declaration of one metric family.

    Attributes:
        name: Full name, ending in its unit and, for a counter, in `_total`.
        help: One sentence: what is measured, from which event to which.
        kind: Prometheus type.
        scope: Whom a series is about; decides the labels that come first.
        labels: Label names after those of the scope.
        source: Where the number comes from: a clock, a header, a route's field.
        lifetime: `process` is kept while its owner is configured; `last_run` is
            absent once no run finished for three intervals; `pulled` is absent
            after max(three intervals, 15 minutes) without a success.
        buckets: Upper bounds in the unit of the name; only for a histogram.
        stability: A stable family is renamed only after a deprecation.
    """

    name: str
    help: str
    kind: Kind
    source: str
    scope: Scope = "probe"
    labels: tuple[str, ...] = ()
    lifetime: Lifetime = "process"
    buckets: tuple[float, ...] = ()
    stability: Stability = "experimental"

    @property
    def label_names(self) -> tuple[str, ...]:
        """All label names, those of the scope first."""
        return BASE_LABELS[self.scope] + self.labels


TTFT_BUCKETS = (
    *(0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5),
    *(2.5, 4.0, 6.0, 10.0, 15.0, 30.0, 60.0),
)
DURATION_BUCKETS = (
    *(0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
    *(5.0, 10.0, 20.0, 30.0, 60.0, 120.0),
)
GAP_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.5)
LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)

# What every probe has.

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
FAILURE_REASON_INFO = Family(
    name="tensormesh_failure_reason_info",
    help="Always 1; who has to act on each failure reason.",
    kind="gauge",
    scope="exporter",
    labels=("reason", "party"),
    source="the table of failure reasons",
)

# What a canary measures.

CANARY_TTFT_SECONDS = Family(
    name="tensormesh_canary_ttft_seconds",
    help="From just before the request's first byte is written "
    "to the first chunk with content or reasoning, of runs that passed.",
    kind="histogram",
    buckets=TTFT_BUCKETS,
    source="transport, monotonic clock",
)
CANARY_LAST_TTFT_SECONDS = Family(
    name="tensormesh_canary_last_ttft_seconds",
    help="Time to first token of the last run.",
    kind="gauge",
    lifetime="last_run",
    source="transport, monotonic clock",
)
CANARY_ITL_SECONDS = Family(
    name="tensormesh_canary_itl_seconds",
    help="Inter-token latency, the mean of one request: "
    "from the first chunk to the last, over the output tokens but one.",
    kind="histogram",
    buckets=GAP_BUCKETS,
    source="transport, monotonic clock; output tokens from usage",
)
CANARY_CHUNK_GAP_SECONDS = Family(
    name="tensormesh_canary_chunk_gap_seconds",
    help="From one chunk with content or reasoning to the next.",
    kind="histogram",
    buckets=GAP_BUCKETS,
    source="transport, monotonic clock",
)
CANARY_OUTPUT_TOKENS_PER_SECOND = Family(
    name="tensormesh_canary_output_tokens_per_second",
    help="Output tokens but one of the last run, over the time from first to last.",
    kind="gauge",
    lifetime="last_run",
    source="transport, monotonic clock; output tokens from usage",
)
CANARY_TOKENS = Family(
    name="tensormesh_canary_tokens_total",
    help="Tokens of the exporter's own requests, as the service counted them.",
    kind="counter",
    labels=("kind",),
    source="field usage of the answer",
)
CANARY_STREAM_VIOLATIONS = Family(
    name="tensormesh_canary_stream_violations_total",
    help="Breaches of the streaming protocol that were seen, by kind.",
    kind="counter",
    labels=("kind",),
    source="events of the stream",
)

# What the inference service says of itself.

SERVICE_VERSION_INFO = Family(
    name="tensormesh_service_version_info",
    help="Always 1; the version that the service names.",
    kind="gauge",
    scope="target",
    labels=("version",),
    lifetime="last_run",
    source="GET /version, field version",
)
SERVICE_VERSION_CHANGES = Family(
    name="tensormesh_service_version_changes_total",
    help="Times that the service named another version than the time before.",
    kind="counter",
    scope="target",
    source="GET /version, field version",
)
MODELS_LISTED = Family(
    name="tensormesh_models_listed",
    help="Models in the service's list.",
    kind="gauge",
    scope="target",
    lifetime="last_run",
    source="GET /v1/models, length of data",
)
MODEL_LISTED = Family(
    name="tensormesh_model_listed",
    help="Whether the service's list has the configured model (1) or lacks it (0).",
    kind="gauge",
    scope="target",
    labels=("model",),
    lifetime="last_run",
    source="GET /v1/models, field id",
)
MODEL_MAX_MODEL_LEN = Family(
    name="tensormesh_model_max_model_len",
    help="Tokens of prompt and answer which the model takes at the most.",
    kind="gauge",
    scope="target",
    labels=("model",),
    lifetime="last_run",
    source="GET /v1/models, field max_model_len",
)

# What the Control Plane says.

CONTROL_PLANE_TOKEN_VALID = Family(
    name="tensormesh_control_plane_token_valid",
    help="Whether the Control Plane took the token (1) or refused it (0) (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    source="Control Plane, GET /auth/profile, status code",
)
TOS_ACCEPTED = Family(
    name="tensormesh_tos_accepted",
    help="Whether the user accepted the terms of service (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    source="Control Plane, GET /auth/profile, field tosAcceptedAt",
)
DEPLOYMENT_INFO = Family(
    name="tensormesh_deployment_info",
    help="Always 1; what is deployed and on what (cached).",
    kind="gauge",
    scope="target",
    labels=("deployment_id", "model_name", "gpu_type", "cloud_provider", "model_path"),
    lifetime="pulled",
    source="Control Plane, GET /v1/models",
)
DEPLOYMENT_STATUS = Family(
    name="tensormesh_deployment_status",
    help="Always 1; the deployment's current status, in the service's words (cached).",
    kind="gauge",
    scope="target",
    labels=("deployment_id", "status"),
    lifetime="pulled",
    source="Control Plane, GET /v1/models, field status",
)
DEPLOYMENT_REPLICAS = Family(
    name="tensormesh_deployment_replicas",
    help="Replicas of the deployment (cached).",
    kind="gauge",
    scope="target",
    labels=("deployment_id",),
    lifetime="pulled",
    source="Control Plane, GET /v1/models, field replicas",
)
DEPLOYMENT_GPUS = Family(
    name="tensormesh_deployment_gpus",
    help="GPUs of the deployment (cached).",
    kind="gauge",
    scope="target",
    labels=("deployment_id",),
    lifetime="pulled",
    source="Control Plane, GET /v1/models, field gpuCount",
)
BILLING_BALANCE = Family(
    name="tensormesh_billing_balance",
    help="Prepaid credit that is left, in units of the currency (cached).",
    kind="gauge",
    scope="target",
    labels=("currency",),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/balance, field balance",
)
BILLING_SPEND = Family(
    name="tensormesh_billing_spend",
    help="Spent within a rolling window, in units of the currency (cached).",
    kind="gauge",
    scope="target",
    labels=("window", "currency"),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/spending/summary",
)

# What the exporter says of itself.

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
EXPORTER_EVENT_LOOP_LAG_SECONDS = Family(
    name="tensormesh_exporter_event_loop_lag_seconds",
    help="How much later than asked the event loop woke a task up.",
    kind="histogram",
    scope="exporter",
    buckets=LAG_BUCKETS,
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
EXPORTER_LABEL_OVERFLOW = Family(
    name="tensormesh_exporter_label_overflow_total",
    help="Values left out because their family had too many label values, by family.",
    kind="counter",
    scope="exporter",
    labels=("family",),
    source="metrics sink",
)
EXPORTER_LOG_LINES_DROPPED = Family(
    name="tensormesh_exporter_log_lines_dropped_total",
    help="Log lines that were thrown away because nobody read them in time.",
    kind="counter",
    scope="exporter",
    source="log writer",
)
EXPORTER_TIMESTAMP_SOURCE_INFO = Family(
    name="tensormesh_exporter_timestamp_source_info",
    help="Always 1; which clock stamps the bytes that arrive.",
    kind="gauge",
    scope="exporter",
    labels=("source",),
    source="transport",
)

FAMILIES = tuple(value for value in vars().values() if isinstance(value, Family))
