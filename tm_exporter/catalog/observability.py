"""What the service measures itself, passed on under its own names."""

from tm_exporter.catalog.family import Family


USER_METRIC = Family(
    name="tensormesh_user_metric",
    help="Newest sample of a metric that the service has of the user, by the "
    "service's name for it and the labels in which several of it differ (cached).",
    kind="gauge",
    scope="target",
    labels=("metric",),
    lifetime="pulled",
    source="Control Plane, GET /v1/observability/users/metrics",
)
USER_METRIC_TIMESTAMP_SECONDS = Family(
    name="tensormesh_user_metric_timestamp_seconds",
    help="When the service took that sample, since the epoch (cached).",
    kind="gauge",
    scope="target",
    labels=("metric",),
    lifetime="pulled",
    source="Control Plane, GET /v1/observability/users/metrics",
)
DEPLOYMENT_METRIC = Family(
    name="tensormesh_deployment_metric",
    help="Newest sample of a metric that the service has of the deployment, one of "
    "the first 20, named as those of the user are (cached).",
    kind="gauge",
    scope="target",
    labels=("deployment_id", "metric"),
    lifetime="pulled",
    source="Control Plane, GET /v1/observability/deployments/{id}/metrics",
)
DEPLOYMENT_METRIC_TIMESTAMP_SECONDS = Family(
    name="tensormesh_deployment_metric_timestamp_seconds",
    help="When the service took that sample, since the epoch (cached).",
    kind="gauge",
    scope="target",
    labels=("deployment_id", "metric"),
    lifetime="pulled",
    source="Control Plane, GET /v1/observability/deployments/{id}/metrics",
)
