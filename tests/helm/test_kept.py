"""What an upgrade must not change: Kubernetes refuses it, or the ledger is lost."""

import json
from typing import Any

import pytest

from tests.helm.engine import (
    ROOT,
    Json,
    of_file,
    of_kind,
    pod,
    render,
    scenarios,
    workload,
)


pytestmark = pytest.mark.e2e  # starts Helm

GOLDEN = ROOT / "tests/golden/chart-kept.json"


def _kept(documents: list[Json]) -> Json:
    """Return all that has to stay as it is over versions of the chart."""
    work = workload(documents)
    claims = [v for v in pod(documents)["volumes"] if "persistentVolumeClaim" in v]
    return {
        "workload": [work["kind"], work["metadata"]["name"]],
        "selector": work["spec"]["selector"],
        "service": work["spec"].get("serviceName"),
        "podManagementPolicy": work["spec"].get("podManagementPolicy"),
        "volumeClaimTemplates": work["spec"].get("volumeClaimTemplates", []),
        "claims": claims,
        "claimsMade": [
            {"name": claim["metadata"]["name"], "spec": claim["spec"]}
            for claim in of_kind("PersistentVolumeClaim", documents)
        ],
        "leases": [
            rule.get("resourceNames", [])
            for role in of_kind("Role", documents)
            for rule in role["rules"]
        ],
        "servicesSelect": {
            service["metadata"]["name"]: service["spec"]["selector"]
            for service in of_kind("Service", documents)
        },
        "stateDirectory": "/var/lib/tm-exporter",
    }


def test_upgrade_keeps_selectors_and_ledger(update_golden: bool) -> None:  # noqa: FBT001  # a fixture
    """Compare with what the first version of the chart made; only add to the file."""
    now = {
        path.stem.removesuffix("-values"): _kept(of_file(path, name="mon"))
        for path in scenarios()
    }
    if update_golden:
        GOLDEN.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", "utf-8")

    assert json.loads(GOLDEN.read_text("utf-8")) == now


def test_labels_change_nothing_that_is_kept() -> None:
    """Selectors and claims have none of the labels that change, as the version does."""
    values: dict[str, Any] = {
        "sharding": {"enabled": True},
        "persistence": {"enabled": True, "labels": {"a": "b"}},
    }
    more = values | {"labels": {"new": "label"}, "podLabels": {"new": "label"}}
    kept = _kept(render(values))

    assert _kept(render(more)) == kept
    assert "helm.sh/chart" not in json.dumps(kept)
    assert "app.kubernetes.io/version" not in json.dumps(kept)
