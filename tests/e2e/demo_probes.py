"""What the demo shows, by surface."""

INFERENCE = ("health", "version", "models", "chat", "chat_stream", "tokenize")
CONTROL_PLANE = ("auth", "deployments", "balance", "spending")

PROBES = {
    *(("serverless", probe) for probe in INFERENCE),
    *(("on_demand", probe) for probe in INFERENCE),
    *(("control_plane", probe) for probe in CONTROL_PLANE),
}
