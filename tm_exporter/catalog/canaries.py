"""What a canary measures."""

from tm_exporter.catalog.family import GAP_BUCKETS, TTFT_BUCKETS, Family


CANARY_TTFT_SECONDS = Family(
    name="tensormesh_canary_ttft_seconds",
    help="From just before the request's first byte is written "
    "to the first chunk with content or reasoning, of runs that passed.",
    kind="histogram",
    buckets=TTFT_BUCKETS,
    native=True,
    source="transport, monotonic clock",
)
CANARY_LAST_TTFT_SECONDS = Family(
    name="tensormesh_canary_last_ttft_seconds",
    help="Time to first token of the last run.",
    kind="gauge",
    lifetime="last_run",
    source="transport, monotonic clock",
)
CANARY_TTFT_OBJECTIVE_SECONDS = Family(
    name="tensormesh_canary_ttft_objective_seconds",
    help="Within which time the first token must come, by the objective in force.",
    kind="gauge",
    source="configuration, slo.ttft.threshold",
)
CANARY_TTFT_OBJECTIVE_EVALUATED = Family(
    name="tensormesh_canary_ttft_objective_evaluated_total",
    help="Runs that passed and whose time to first token was held to the objective.",
    kind="counter",
    source="transport, monotonic clock",
)
CANARY_TTFT_OBJECTIVE_MISSED = Family(
    name="tensormesh_canary_ttft_objective_missed_total",
    help="Of the runs evaluated, those whose first token came after the threshold.",
    kind="counter",
    source="transport, monotonic clock",
)
SLO_OBJECTIVE = Family(
    name="tensormesh_slo_objective",
    help="Share that must be good, by objective; "
    "only a probe that has the objective has the series.",
    kind="gauge",
    labels=("slo",),
    source="configuration, slo.availability and slo.ttft.objective",
)
MODEL_IDENTITY_CHANGES = Family(
    name="tensormesh_model_identity_changes_total",
    help="Times that a model answered with another identity than on the run before, "
    "by the field that tells it.",
    kind="counter",
    scope="target",
    labels=("model", "field"),
    source="field system_fingerprint of the answer",
)
CANARY_ITL_SECONDS = Family(
    name="tensormesh_canary_itl_seconds",
    help="Inter-token latency, the mean of one request: "
    "from the first chunk to the last, over the output tokens but one.",
    kind="histogram",
    buckets=GAP_BUCKETS,
    native=True,
    source="transport, monotonic clock; output tokens from usage",
)
CANARY_CHUNK_GAP_SECONDS = Family(
    name="tensormesh_canary_chunk_gap_seconds",
    help="From one chunk with content or reasoning to the next.",
    kind="histogram",
    buckets=GAP_BUCKETS,
    native=True,
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
CACHE_CANARY_TTFT_RATIO = Family(
    name="tensormesh_cache_canary_ttft_ratio",
    help="Time to first token of the warm request over that of the cold one.",
    kind="gauge",
    lifetime="last_run",
    source="transport, monotonic clock",
)
CACHE_CANARY_CACHED_TOKEN_RATIO = Family(
    name="tensormesh_cache_canary_cached_token_ratio",
    help="Share of the warm request's prompt tokens that came from the KV cache.",
    kind="gauge",
    lifetime="last_run",
    source="field usage of the answer: cached_tokens over prompt tokens",
)
CACHE_CANARY_DETAILS_AVAILABLE = Family(
    name="tensormesh_cache_canary_details_available",
    help="Whether the service tells how many tokens were cached (1) or not (0).",
    kind="gauge",
    lifetime="last_run",
    source="field usage of the warm request's answer",
)
CACHE_CANARY_PERSISTENT_CACHED_TOKEN_RATIO = Family(
    name="tensormesh_cache_canary_persistent_cached_token_ratio",
    help="Share of the prompt tokens of an earlier run's prompt "
    "that still came from the KV cache after `warm_again_after`.",
    kind="gauge",
    lifetime="last_run",
    source="field usage of the answer: cached_tokens over prompt tokens",
)
TOKENIZER_ROUNDTRIP_SUCCESS = Family(
    name="tensormesh_tokenizer_roundtrip_success",
    help="Whether a text came back from /tokenize and /detokenize as it was (1) "
    "or changed (0).",
    kind="gauge",
    lifetime="last_run",
    source="POST /detokenize, field prompt",
)
TOKENIZER_PROMPT_TOKENS_DELTA = Family(
    name="tensormesh_tokenizer_prompt_tokens_delta",
    help="Tokens that a chat's usage counts for the built-in prompt "
    "beyond those that /tokenize counts for the same messages.",
    kind="gauge",
    lifetime="last_run",
    source="field usage.prompt_tokens of a chat, minus POST /tokenize, field count",
)
CANARY_COST_USD = Family(
    name="tensormesh_canary_cost_usd_total",
    help="US dollars that paid runs were charged to the canary budget with, "
    "at the price list or the fallback price.",
    kind="counter",
    source="usage of the answer and prices; the worst case where usage is unknown",
)
CANARY_BUDGET_LIMIT_USD = Family(
    name="tensormesh_canary_budget_limit_usd",
    help="US dollars that the canaries of this installation may cost, "
    "by day and month in UTC.",
    kind="gauge",
    scope="exporter",
    labels=("window",),
    source="configuration, canary_budget",
)
CANARY_BUDGET_REMAINING_USD = Family(
    name="tensormesh_canary_budget_remaining_usd",
    help="US dollars left of that, runs in flight counted at their worst; "
    "absent while the ledger cannot be used.",
    kind="gauge",
    scope="exporter",
    labels=("window",),
    source="ledger",
)
