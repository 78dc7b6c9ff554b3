"""Alerts on what the account has deployed, and on lists of models that disagree."""

from tm_exporter.alerts.expression import (
    MODEL,
    SURFACE,
    indented,
    outside_maintenance,
    series,
)
from tm_exporter.alerts.rule import Alert, Group
from tm_exporter.catalog import (
    CATALOG_MISMATCH,
    DEPLOYMENT_HEALTHY,
    DEPLOYMENT_INFO,
    DEPLOYMENT_REPLICAS,
    Family,
)


_DEPLOYMENT = f"{SURFACE}, deployment_id"

# One for each: instances that look at different times may tell two names.
_INFO = (
    f"topk by ({_DEPLOYMENT}) (1, max by ({MODEL}, deployment_id) (\n"
    f'  label_replace({series(DEPLOYMENT_INFO)}, "model", "$1", "model_name", "(.*)")\n'
    "))"
)


def _named(expression: str) -> str:
    """Return an expression on deployments with their models, where those are known."""
    inside = f"(\n{indented(expression)}\n)"
    return (
        f"{inside}\n* on ({_DEPLOYMENT}) group_left (model) {_INFO}\n"
        f"or on ({_DEPLOYMENT})\n{inside}"
    )


def _of_deployment(family: Family) -> str:
    return f"max by ({_DEPLOYMENT}) ({series(family)})"


_DEPLOYMENTS = (
    Alert(
        name="TensormeshDeploymentNotHealthy",
        severity="warning",
        hold="15m",
        expr=outside_maintenance(_named(f"{_of_deployment(DEPLOYMENT_HEALTHY)} == 0")),
        summary="{{ $labels.target }}: deployment {{ $labels.model }} is not healthy, "
        "by its status",
        description="The Control Plane says so for 15 minutes; whether users notice "
        "is for the canaries of On-Demand to tell. Look at the deployment "
        "{{ $labels.deployment_id }} in the console, at its events and its logs.",
    ),
    Alert(
        name="TensormeshDeploymentNoReplicas",
        severity="warning",
        hold="15m",
        # A stopped deployment has no series of its health, and needs no replicas.
        expr=outside_maintenance(
            _named(
                f"{_of_deployment(DEPLOYMENT_REPLICAS)} == 0\n"
                f"and on ({_DEPLOYMENT}) {series(DEPLOYMENT_HEALTHY)}"
            )
        ),
        summary="{{ $labels.target }}: deployment {{ $labels.model }} has no replicas",
        description="It is not stopped and nothing runs for it. Look at the "
        "deployment {{ $labels.deployment_id }} in the console: is there quota, are "
        "there GPUs, do its pods fail to start? If it is down on purpose, stop it.",
    ),
)


def _mismatch(*kinds: str) -> str:
    matcher = f'kind=~"{"|".join(kinds)}"'
    return outside_maintenance(
        f"max by ({MODEL}, kind) ({series(CATALOG_MISMATCH, matcher)}) == 1"
    )


_LISTS = (
    Alert(
        name="TensormeshCatalogMismatch",
        severity="warning",
        hold="5m",
        expr=_mismatch("configured_not_served", "served_not_priced"),
        summary="{{ $labels.target }}: {{ $labels.model }} is "
        "{{ $labels.kind }} (lists of models disagree)",
        description="`configured_not_served`: we ask for a model that the service "
        "does not list; fault: us, correct its name or drop it. "
        "`served_not_priced`: it answers and nobody knows at what price; ask "
        "Tensormesh before it is used.",
    ),
    Alert(
        name="TensormeshCatalogGap",
        severity="info",
        hold="1h",
        expr=_mismatch("priced_not_served", "served_not_monitored"),
        summary="{{ $labels.target }}: {{ $labels.model }} is {{ $labels.kind }}",
        description="`priced_not_served`: it has a price or a deployment, and is not "
        "on the list; it may come or go. `served_not_monitored`: nothing here asks "
        "it; add it to `models` if somebody depends on it.",
    ),
)

GROUPS = (Group(name="tensormesh-offers", rules=(*_DEPLOYMENTS, *_LISTS)),)
