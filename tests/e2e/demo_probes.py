"""What the demo shows, by surface."""

INFERENCE = (
    *("health", "version", "models", "tokenize"),
    *("chat", "chat_stream", "completions", "completions_stream"),
    *("responses", "responses_stream", "kv_cache"),
)
CONTROL_PLANE = (
    "auth",
    "deployments",
    "metrics",
    "balance",
    "pricing",
    "spending",
    "usage",
    "transactions",
    "api_keys",
    "payment_methods",
    "activities",
    "tickets",
)

PROBES = {
    *(("serverless", probe) for probe in INFERENCE),
    *(("on_demand", probe) for probe in INFERENCE),
    *(("control_plane", probe) for probe in CONTROL_PLANE),
}
