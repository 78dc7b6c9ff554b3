"""The exporter takes what the chart gives it, in file and environment."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.e2e.children import TM_EXPORTER
from tests.helm.engine import Json, container, of_file, of_kind, render, scenarios
from tm_exporter.config.document import read
from tm_exporter.config.lease import lease_place
from tm_exporter.config.load import load


pytestmark = pytest.mark.e2e  # starts Helm and the exporter


def _written(documents: list[Json]) -> str:
    config = next(
        document["data"]["exporter.yml"]
        for document in of_kind("ConfigMap", documents)
        if "exporter.yml" in document["data"]
    )
    assert isinstance(config, str)
    return config


def _surroundings(documents: list[Json], folder: Path, pod: str) -> dict[str, str]:
    """Return the environment of a pod, its folders being here."""
    file = folder / "config/exporter.yml"
    (folder / "secrets").mkdir()
    (folder / "secrets/web.yaml").write_text("basic_auth_users: {}\n", "utf-8")
    file.parent.mkdir()
    written = _written(documents).replace("/etc/tm-exporter", str(folder))
    file.write_text(written, "utf-8")
    told = {"metadata.name": pod, "metadata.namespace": "monitoring"}
    environment = {
        entry["name"]: told[entry["valueFrom"]["fieldRef"]["fieldPath"]]
        if "fieldRef" in entry.get("valueFrom", {})
        else entry.get("value", "from a secret")
        for entry in container(documents)["env"]
    }
    here = {
        "TM_EXPORTER_CONFIG": str(file),
        "TM_EXPORTER_STATE_DIR": str(folder),
        "KUBERNETES_SERVICE_HOST": "192.0.2.1",
        "HOME": str(folder),
    }
    return environment | here


def _check(documents: list[Json], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `tm-exporter check` as the second pod would."""
    environment = _surroundings(documents, folder, "some-release-1")
    command = [str(TM_EXPORTER), "check", "--output", "json"]
    return subprocess.run(  # noqa: S603  # our own words
        command, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", scenarios(), ids=lambda path: path.stem)
def test_check_takes_it(path: Path, tmp_path: Path) -> None:
    """What is installed is a configuration that the exporter starts with."""
    done = _check(of_file(path), tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)


def test_default_watches_the_public_routes(tmp_path: Path) -> None:
    """With nothing configured the exporter does what it does without a file."""
    done = _check(render(), tmp_path)

    assert "only the public routes of serverless are watched" in done.stdout


@pytest.mark.parametrize(
    ("sharding", "own", "all_of_them"),
    [
        ({}, "rel-tm-exporter", ["rel-tm-exporter"]),
        ({"enabled": True, "shards": 1}, "rel-tm-exporter", ["rel-tm-exporter"]),
        (
            {"enabled": True, "shards": 3},
            "rel-tm-exporter-1",
            [f"rel-tm-exporter-{number}" for number in range(3)],
        ),
    ],
    ids=["replicas", "one shard", "three shards"],
)
def test_role_is_for_the_leases_that_are_asked_for(
    sharding: Json, own: str, all_of_them: list[str], tmp_path: Path
) -> None:
    """A pod, and each shard, asks for a lease that it may read and change."""
    values = {"lease": {"enabled": True}, "sharding": sharding}
    documents = render(values, name="rel")
    pod = own if sharding.get("shards") == 3 else f"{own}-0"

    environment = _surroundings(documents, tmp_path, pod)
    place = lease_place(load(file=None, environ=environment).settings, environment)

    assert (place.namespace, place.name) == ("monitoring", own)
    assert of_kind("Role", documents)[0]["rules"][1]["resourceNames"] == all_of_them


def test_keys_of_the_chart_are_left_out_of_the_file() -> None:
    """They are in the environment; what is beside them in a section stays."""
    server = {"listen": "0.0.0.0:9877", "health_listen": None, "show_money": False}
    given_ = {"server": server, "state_dir": None, "lease": {"enabled": False}}

    written = yaml.safe_load(_written(render({"config": given_})))

    assert written == {"server": {"show_money": False}}


_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn")), max_size=30
)
_KEY = _TEXT.filter(lambda text: text != "<<")  # which puts one mapping into another
_VALUE = st.recursive(
    st.booleans()
    | _TEXT
    | st.integers(-(2**53), 2**53)
    | st.sampled_from(
        ["on", "no", "y", "~", "1e3", "0x10", "2026-11-22", "{{ .Release }}"]
    )
    | st.floats(-1e9, 1e9).map(lambda number: round(number, 4)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_KEY, inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=st.dictionaries(_KEY, _VALUE, max_size=4))
@example(body={"stop": "=", "=": ["="]})
def test_body_comes_through_as_it_was_written(body: dict[str, Any]) -> None:
    """Texts that look like numbers, large numbers and odd signs are not changed."""
    probe = {"kind": "chat", "body": body}
    target = {"name": "a", "surface": "serverless", "probes": {"mine": probe}}

    text = _written(render({"config": {"targets": [target]}}))
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        written = read(Path(file.name))

    assert not written.problems
    assert written.value["targets"][0]["probes"]["mine"]["body"] == body
