"""What the service charges, as the Control Plane lists it."""

from tm_exporter.catalog.family import Family


MODEL_PRICE_PER_TOKEN = Family(
    name="tensormesh_model_price_per_token",
    help="Listed price of one token of the model, in units of the currency (cached).",
    kind="gauge",
    scope="target",
    labels=("model", "kind", "currency"),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/serverless-pricing, active entries",
)
PRICE_UNIT_PLAUSIBLE = Family(
    name="tensormesh_price_unit_plausible",
    help="Whether the listed prices, read in the unit that is configured, "
    "are of the size that tokens cost (1) or not (0) (cached).",
    kind="gauge",
    scope="target",
    labels=("unit",),
    lifetime="pulled",
    source="setting price_unit, and the prices of GET /v1/billing/serverless-pricing",
)
GPU_PRICE_PER_HOUR = Family(
    name="tensormesh_gpu_price_per_hour",
    help="Listed price of one GPU for an hour, in units of the currency (cached).",
    kind="gauge",
    scope="target",
    labels=("gpu_type", "cloud_provider", "currency"),
    lifetime="pulled",
    source="Control Plane, GET /v1/billing/gpu-pricing, active entries",
)
MODEL_PRICE_CHANGES = Family(
    name="tensormesh_model_price_changes_total",
    help="Times that a listed price was another one than the last time it was listed, "
    "one from before the exporter's start included.",
    kind="counter",
    scope="target",
    labels=("model", "kind"),
    lifetime="listed",
    source="Control Plane, GET /v1/billing/serverless-pricing, active entries",
)
