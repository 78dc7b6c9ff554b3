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
