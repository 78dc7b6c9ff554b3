"""What the inference service says of itself."""

from tm_exporter.catalog.family import Family


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
CATALOG_MISMATCH = Family(
    name="tensormesh_catalog_mismatch",
    help="Always 1, absent otherwise; a model that is on one list and not on another, "
    "by kind, on two polls.",
    kind="gauge",
    scope="target",
    labels=("model", "kind"),
    lifetime="last_run",
    unbounded=True,
    source="GET /v1/models, price list, deployments and configuration",
)
