"""What the Control Plane says of the account and its deployments."""

from tm_exporter.catalog.family import Family


CONTROL_PLANE_TOKEN_VALID = Family(
    name="tensormesh_control_plane_token_valid",
    help="Whether the Control Plane took the token (1) or refused it (0) (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    source="Control Plane, GET /auth/profile, status code",
)
CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS = Family(
    name="tensormesh_control_plane_token_expiry_timestamp_seconds",
    help="When the Control Plane's token expires, since the epoch; "
    "absent where it is no JWT that says so (cached).",
    kind="gauge",
    scope="target",
    lifetime="pulled",
    source="claim exp of the token; its signature is not looked at",
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
DEPLOYMENT_HEALTHY = Family(
    name="tensormesh_deployment_healthy",
    help="Whether the deployment's status says that it works (1) or not (0); "
    "absent where it is stopped or the status says nothing (cached).",
    kind="gauge",
    scope="target",
    labels=("deployment_id",),
    lifetime="pulled",
    source="Control Plane, GET /v1/models, field status; "
    "settings healthy_statuses and stopped_statuses",
)
DEPLOYMENT_EVENTS = Family(
    name="tensormesh_deployment_events_total",
    help="Events of the deployment that were listed until now, by type.",
    kind="counter",
    scope="target",
    labels=("deployment_id", "event_type"),
    lifetime="listed",
    source="Control Plane, GET /v1/models, field events",
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
API_KEY_EXPIRY_TIMESTAMP_SECONDS = Family(
    name="tensormesh_api_key_expiry_timestamp_seconds",
    help="When the API key of this id expires; absent where it never does (cached).",
    kind="gauge",
    scope="target",
    labels=("key",),
    lifetime="pulled",
    source="Control Plane, GET /v1/users/api-keys, field expiresAt",
)
ACTIVITIES = Family(
    name="tensormesh_activities",
    help="What was done in the account within the last 24 hours, by action, "
    "of the first 2000 that are listed (cached).",
    kind="gauge",
    scope="target",
    labels=("action",),
    lifetime="pulled",
    source="Control Plane, GET /v1/activities",
)
TICKETS = Family(
    name="tensormesh_tickets",
    help="Support tickets by status, of the first 2000 that are listed (cached).",
    kind="gauge",
    scope="target",
    labels=("status",),
    lifetime="pulled",
    source="Control Plane, GET /v1/support/tickets",
)
