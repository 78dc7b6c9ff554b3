"""What the exporter is made of, as the maintained tool writes it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_dependencies import ROOT, pinned
from tm_exporter import __version__


pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return what `make sbom` writes."""
    file = tmp_path_factory.mktemp("sbom") / "folder" / "sbom.json"
    command = ["scripts/sbom.sh", str(Path(sys.executable).parent), str(file)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)  # noqa: S603 -- our own
    return file.read_bytes()


def test_every_run_time_package_is_in_it(written: bytes) -> None:
    """With its version, its licence and what it needs; and nothing else."""
    bom = json.loads(written)
    names = {each["name"].lower().replace("_", "-") for each in bom["components"]}

    assert bom["bomFormat"] == "CycloneDX"
    assert bom["metadata"]["component"]["name"] == "tm-exporter"
    assert bom["metadata"]["component"]["version"] == __version__
    assert names == pinned().keys() - {"tzdata"}
    assert all(each["version"] and each["licenses"] for each in bom["components"])
    assert len(bom["dependencies"]) == len(names) + 1


def test_nothing_in_it_changes_by_itself(written: bytes) -> None:
    """Neither a time, nor a random number, nor a folder of this machine."""
    bom = json.loads(written)

    assert "timestamp" not in bom["metadata"]
    assert "serialNumber" not in bom
    assert str(ROOT).encode() not in written
