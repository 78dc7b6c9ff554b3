"""What is deployed, whether it works, and what the Control Plane says of access."""

from grafana_foundation_sdk.models import dashboard

from grafana.source.annotations import VERSIONS
from grafana.source.appearance import (
    COUNT,
    NUMBER,
    SECONDS,
    TIME_LEFT,
    Look,
    yes_or_no,
)
from grafana.source.frame import Row
from grafana.source.frame import board as framed
from grafana.source.panels import bars, lines, states, value
from grafana.source.promql import STEP, ago, grew, latest, left
from grafana.source.tables import rows
from tm_exporter.catalog import (
    ACTIVITIES,
    API_KEY_EXPIRY_TIMESTAMP_SECONDS,
    CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS,
    CONTROL_PLANE_TOKEN_VALID,
    DEPLOYMENT_EVENTS,
    DEPLOYMENT_GPUS,
    DEPLOYMENT_HEALTHY,
    DEPLOYMENT_INFO,
    DEPLOYMENT_METRIC,
    DEPLOYMENT_METRIC_TIMESTAMP_SECONDS,
    DEPLOYMENT_REPLICAS,
    DEPLOYMENT_STATUS,
    TICKETS,
    TOS_ACCEPTED,
    USER_METRIC,
    USER_METRIC_TIMESTAMP_SECONDS,
)


_NAMED = "* on (target, surface, deployment_id) group_left (model_name)"


def _one(expression: str) -> str:
    """Return one series of each deployment: instances look at different times."""
    return f"topk by (target, surface, deployment_id) (1, {expression})"


_NAMES = _one(
    latest(DEPLOYMENT_INFO, by=("target", "surface", "deployment_id", "model_name"))
)


def _by_name(expression: str) -> str:
    """Return what is told by a deployment's id with the name of its model."""
    return f"{expression} {_NAMED} {_NAMES}"


_DEPLOYMENTS: Row = (
    "Deployments",
    (
        rows(
            "What is deployed",
            f"{latest(DEPLOYMENT_INFO)} * on (target, surface, deployment_id) "
            f"group_left (status) {_one(latest(DEPLOYMENT_STATUS))}",
            of=(DEPLOYMENT_INFO, DEPLOYMENT_STATUS),
            columns={
                "model_name": "Model",
                "status": "Status",
                "gpu_type": "GPU",
                "cloud_provider": "Provider",
                "model_path": "Path",
                "deployment_id": "Id",
                "target": "Account",
            },
            size=(24, 8),
        ),
        states(
            "Deployments that work",
            (_by_name(latest(DEPLOYMENT_HEALTHY)), "{{model_name}} {{deployment_id}}"),
            of=(DEPLOYMENT_HEALTHY,),
            look=yes_or_no("works", "does not work"),
        ),
        lines(
            "Replicas",
            (_by_name(latest(DEPLOYMENT_REPLICAS)), "{{model_name}} {{deployment_id}}"),
            of=(DEPLOYMENT_REPLICAS,),
            look=COUNT,
            size=(8, 8),
        ),
        lines(
            "GPUs",
            (_by_name(latest(DEPLOYMENT_GPUS)), "{{model_name}} {{deployment_id}}"),
            of=(DEPLOYMENT_GPUS,),
            look=COUNT,
            size=(8, 8),
        ),
        bars(
            "Events",
            (
                grew(
                    DEPLOYMENT_EVENTS, by=("deployment_id", "event_type"), window=STEP
                ),
                "{{event_type}} {{deployment_id}}",
            ),
            of=(DEPLOYMENT_EVENTS,),
            look=COUNT,
            size=(8, 8),
        ),
    ),
)

_MEASUREMENTS: Row = (
    "What the service measures",
    (
        lines(
            "Metrics of the deployments",
            (latest(DEPLOYMENT_METRIC), "{{metric}} {{deployment_id}}"),
            of=(DEPLOYMENT_METRIC,),
            look=NUMBER,
            note="Each in its own unit, which the service does not tell.",
        ),
        lines(
            "Metrics of the user",
            (latest(USER_METRIC), "{{metric}}"),
            of=(USER_METRIC,),
            look=NUMBER,
            note="Each in its own unit, which the service does not tell.",
        ),
        lines(
            "Age of the newest samples",
            (
                ago(DEPLOYMENT_METRIC_TIMESTAMP_SECONDS, by=("deployment_id",)),
                "deployment {{deployment_id}}",
            ),
            (ago(USER_METRIC_TIMESTAMP_SECONDS, by=("target",)), "user of {{target}}"),
            of=(DEPLOYMENT_METRIC_TIMESTAMP_SECONDS, USER_METRIC_TIMESTAMP_SECONDS),
            look=SECONDS,
            note="What stays flat above while its age grows is not measured any more.",
            size=(24, 6),
        ),
    ),
)

_ACCESS: Row = (
    "Access to the Control Plane",
    (
        value(
            "Token",
            (latest(CONTROL_PLANE_TOKEN_VALID), "{{target}}"),
            of=(CONTROL_PLANE_TOKEN_VALID,),
            look=yes_or_no("valid", "refused"),
            size=(6, 7),
        ),
        value(
            "Token expires in",
            (left(CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS), "{{target}}"),
            of=(CONTROL_PLANE_TOKEN_EXPIRY_TIMESTAMP_SECONDS,),
            look=TIME_LEFT,
            size=(6, 7),
        ),
        value(
            "Terms of service",
            (latest(TOS_ACCEPTED), "{{target}}"),
            of=(TOS_ACCEPTED,),
            look=yes_or_no("accepted", "not accepted"),
            size=(6, 7),
        ),
        value(
            "API keys expire in",
            (left(API_KEY_EXPIRY_TIMESTAMP_SECONDS), "{{key}}"),
            of=(API_KEY_EXPIRY_TIMESTAMP_SECONDS,),
            look=TIME_LEFT,
            size=(6, 7),
        ),
        lines(
            "Activities of the last 24 hours",
            (latest(ACTIVITIES), "{{action}}"),
            of=(ACTIVITIES,),
            look=COUNT,
        ),
        rows(
            "Support tickets",
            latest(TICKETS),
            of=(TICKETS,),
            columns={"target": "Account", "status": "Status", "Value": "Tickets"},
            look=Look(unit="short", decimals=0, nothing="No ticket"),
        ),
    ),
)


def board() -> dashboard.Dashboard:
    """Return the dashboard."""
    return framed(
        "deployments",
        "deployments",
        "What is deployed on demand, whether it works, and what the account may do.",
        _DEPLOYMENTS,
        _MEASUREMENTS,
        _ACCESS,
        events=(VERSIONS,),
    )
