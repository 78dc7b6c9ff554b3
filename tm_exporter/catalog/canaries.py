"""What a canary measures."""

from tm_exporter.catalog.family import GAP_BUCKETS, TTFT_BUCKETS, Family


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
