"""Deployments, and lists of models that disagree."""

from tests.alerts.promtool import Fires, Series, Story
from tm_exporter.catalog import (
    CATALOG_MISMATCH,
    DEPLOYMENT_HEALTHY,
    DEPLOYMENT_INFO,
    DEPLOYMENT_REPLICAS,
    MAINTENANCE_ACTIVE,
)


ACCOUNT = {"target": "account", "surface": "control_plane"}
SERVERLESS = {"target": "serverless", "surface": "serverless"}
D1 = {**ACCOUNT, "deployment_id": "d1"}
D2 = {**ACCOUNT, "deployment_id": "d2"}
UNHEALTHY = "TensormeshDeploymentNotHealthy"
NO_REPLICAS = "TensormeshDeploymentNoReplicas"
MISMATCH = "TensormeshCatalogMismatch"
GAP = "TensormeshCatalogGap"


def _info(deployment: dict[str, str], model: str) -> Series:
    return Series(DEPLOYMENT_INFO, {**deployment, "model_name": model}, "1x120")


def _listed(model: str, kind: str, values: str) -> Series:
    return Series(
        CATALOG_MISMATCH, {**SERVERLESS, "model": model, "kind": kind}, values
    )


STORIES = (
    Story(
        name="a deployment breaks and another one works",
        series=(
            _info(D1, "llama"),
            _info(D2, "qwen"),
            Series(DEPLOYMENT_HEALTHY, D1, "1x9 0x49 1x60"),
            Series(DEPLOYMENT_HEALTHY, D2, "1x120"),
            Series(DEPLOYMENT_REPLICAS, D1, "2x9 0x49 2x60"),
            Series(DEPLOYMENT_REPLICAS, D2, "1x120"),
        ),
        expects=(
            Fires(UNHEALTHY, "25m", [{**D1, "model": "llama"}], starts=True),
            Fires(NO_REPLICAS, "25m", [{**D1, "model": "llama"}], starts=True),
            Fires(UNHEALTHY, "61m"),
            Fires(NO_REPLICAS, "61m"),
        ),
        no_pages=("1h",),
    ),
    Story(
        name="a broken deployment is renamed, which one of two instances saw first",
        series=(
            _info(D1, "llama"),
            Series(
                DEPLOYMENT_INFO,
                {**D1, "model_name": "llama-2"},
                "1x120",
                instance="exporter-1",
            ),
            Series(DEPLOYMENT_HEALTHY, D1, "0x120"),
        ),
        expects=(Fires(UNHEALTHY, "1h", [D1]),),
    ),
    Story(
        name="a deployment is stopped, one starts within ten minutes, one is serviced",
        series=(
            _info(D1, "llama"),
            _info(D2, "qwen"),
            Series(DEPLOYMENT_REPLICAS, D1, "2x9 0x110"),
            Series(DEPLOYMENT_HEALTHY, D1, "1x9 stale"),
            Series(DEPLOYMENT_REPLICAS, D2, "0x9 1x110"),
            Series(DEPLOYMENT_HEALTHY, D2, "0x9 1x110"),
            Series(DEPLOYMENT_HEALTHY, {**D2, "target": "b"}, "0x120"),
            Series(
                DEPLOYMENT_INFO, {**D2, "target": "b", "model_name": "qwen"}, "1x120"
            ),
            Series(
                MAINTENANCE_ACTIVE, {**ACCOUNT, "target": "b", "model": ""}, "1x120"
            ),
        ),
        expects=(Fires(UNHEALTHY, "1h"), Fires(NO_REPLICAS, "1h")),
    ),
    Story(
        name="lists of models disagree",
        series=(
            _listed("renamed", "configured_not_served", "_x10 1x110"),
            _listed("free", "served_not_priced", "_x10 1x110"),
            _listed("new", "priced_not_served", "_x10 1x110"),
            _listed("many", "served_not_monitored", "_x10 1x110"),
            _listed("short", "configured_not_served", "_x10 1 1 1 stale"),
        ),
        expects=(
            Fires(
                MISMATCH,
                "15m",
                [
                    {**SERVERLESS, "model": "renamed", "severity": "warning"},
                    {**SERVERLESS, "model": "free", "severity": "warning"},
                ],
                starts=True,
            ),
            Fires(GAP, "1h9m"),
            Fires(
                GAP,
                "1h10m",
                [
                    {**SERVERLESS, "model": "new", "severity": "info"},
                    {**SERVERLESS, "model": "many", "severity": "info"},
                ],
            ),
        ),
        no_pages=("90m",),
    ),
    Story(
        name="lists of models agree",
        series=(Series(CATALOG_MISMATCH, SERVERLESS, "_x60"),),
        expects=(Fires(MISMATCH, "1h"), Fires(GAP, "1h")),
    ),
)
