"""Checkov's rules for manifests, on every scenario of the chart."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.helm.engine import ROOT, of_file, scenarios


pytestmark = pytest.mark.e2e  # starts Helm and Checkov

_NO_CPU_LIMIT = "a throttled exporter would measure its own delays as the service's"
_PULLING = "the policy is a value; a release's tag is never moved"
_NO_DIGEST = "a value: there is no published image whose digest could be known"
_ENDS = "the pod of `helm test` ends within seconds, by itself"

EXCEPTIONS = {
    ("CKV_K8S_11", "Deployment"): _NO_CPU_LIMIT,
    ("CKV_K8S_11", "StatefulSet"): _NO_CPU_LIMIT,
    ("CKV_K8S_11", "Pod"): _NO_CPU_LIMIT,
    ("CKV_K8S_15", "Deployment"): _PULLING,
    ("CKV_K8S_15", "StatefulSet"): _PULLING,
    ("CKV_K8S_15", "Pod"): _PULLING,
    ("CKV_K8S_43", "Deployment"): _NO_DIGEST,
    ("CKV_K8S_43", "StatefulSet"): _NO_DIGEST,
    ("CKV_K8S_43", "Pod"): _NO_DIGEST,
    ("CKV_K8S_38", "Deployment"): "mounted with the lease alone, which needs it",
    ("CKV_K8S_38", "StatefulSet"): "mounted with the lease alone, which needs it",
    ("CKV_K8S_35", "Deployment"): "what a user wrote as extraEnv in a scenario",
    ("CKV_K8S_8", "Pod"): _ENDS,
    ("CKV_K8S_9", "Pod"): _ENDS,
    ("CKV2_K8S_6", "Pod"): _ENDS,
}
"""Findings by rule and kind of object that stay, and why."""


@pytest.mark.timeout(240)
def test_checkov_finds_only_what_has_its_reason(tmp_path: Path) -> None:
    """Each finding is an exception, and each exception is still needed."""
    for path in scenarios():
        (tmp_path / path.name).write_text(yaml.safe_dump_all(of_file(path)), "utf-8")
    checkov = ROOT / ".tools/checks/bin/checkov"
    how = [
        "--directory",
        ".",
        "--framework",
        "kubernetes",
        "--skip-download",
        "--output",
        "json",
    ]

    done = subprocess.run(  # noqa: S603  # our own words
        [str(checkov), *how], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    found = json.loads(done.stdout)

    assert found["summary"]["passed"] > 100
    assert found["summary"]["parsing_errors"] == 0
    failed = {
        (fault["check_id"], fault["resource"].partition(".")[0])
        for fault in found["results"]["failed_checks"]
    }
    assert failed == EXCEPTIONS.keys()
