"""The notes after an installation: what to do next, and what is open to whom."""

import json
from pathlib import Path

import pytest

from tests.helm.engine import CHART, Json, helm, scenarios


pytestmark = pytest.mark.e2e  # starts Helm


def _notes(*arguments: str | Path, values: Json | None = None) -> str:
    """Return what Helm tells who installs; Helm 3 would ask a cluster for it."""
    how = ("--namespace", "ns", "--dry-run=client", "--values")
    given = json.dumps(values or {})
    files = arguments or ("-",)
    said = helm("install", "mon", CHART, *how, *files, given=given)
    return said.partition("NOTES:")[2]


@pytest.mark.parametrize("path", scenarios(), ids=lambda path: path.stem)
def test_commands_are_of_this_release(path: Path) -> None:
    """They can be copied: nothing of the template is left in them."""
    notes = _notes(path)

    assert "Next steps:" in notes
    assert "kubectl -n ns rollout status" in notes
    assert not any(left in notes for left in ("{{", "}}", "<nil>", "%!", "map["))


def test_default_says_what_is_missing() -> None:
    """What is watched, that there is no image, that nobody scrapes, who may look."""
    notes = _notes()

    assert "`config` names no targets" in notes
    assert "There is no published image" in notes
    assert "Nothing tells Prometheus to scrape" in notes
    assert "Everyone who reaches port 9877" in notes
    assert "No NetworkPolicy" in notes
    assert "no access to the cluster's API" in notes
    assert "Paid probes" not in notes


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"lease": {"enabled": True}}, "the totals travel with its Lease"),
        ({"persistence": {"enabled": True}}, "is kept on a volume"),
        ({"acceptLedgerLoss": True}, "is forgotten with each pod"),
    ],
)
def test_where_the_ledger_is_kept(values: Json, sentence: str) -> None:
    """Whoever pays is told what becomes of the account."""
    target = {"name": "a", "surface": "serverless", "api_key_file": "/k"}
    notes = _notes(values=values | {"config": {"targets": [target]}})

    assert "watches a (serverless)." in notes
    assert sentence in notes


def test_what_is_open_to_whom() -> None:
    """Password, policy, outside and access to the API are told as they are."""
    notes = _notes(
        values={
            "config": {"server": {"web_config_file": "/etc/tm-exporter/secrets/w"}},
            "networkPolicy": {"enabled": True},
            "service": {"type": "LoadBalancer"},
            "lease": {"enabled": True},
            "image": {"repository": "registry.example/tm-exporter"},
        }
    )

    assert "ask for what `server.web_config_file` says" in notes
    assert "lets everyone in the cluster in" in notes
    assert "DNS and the ports [443], and to the API server" in notes
    assert "can be reached from outside" in notes
    assert "leases of this release, and nothing else" in notes
    assert "no published image" not in notes
