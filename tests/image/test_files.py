"""What others think of the files that install the exporter."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.prometheus import ROOT


pytestmark = [pytest.mark.e2e, pytest.mark.image]

CHECKS = ROOT / ".tools" / "checks" / "bin"
UNIT = ROOT / "deploy" / "systemd" / "tm-exporter.service"


def run(*command: str | Path) -> str:
    """Run a program that succeeds, and return all that it said."""
    done = subprocess.run(  # noqa: S603  # every command is written below
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, "PATH": f"{CHECKS}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_hadolint_finds_nothing() -> None:
    """With all of its rules."""
    assert run("hadolint", "--no-fail", "Dockerfile") == ""


def test_checkov_finds_nothing() -> None:
    """What it is told to pass over has its reason beside it."""
    said = run(
        *("checkov", "--skip-download", "--compact", "--framework", "dockerfile"),
        *("--file", "Dockerfile"),
    )

    assert re.search(r"Passed checks: [1-9]\d*, Failed checks: 0", said)
    assert re.findall(r"checkov:skip=\w+", (ROOT / "Dockerfile").read_text()) == [
        "checkov:skip=CKV_DOCKER_7"
    ]


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """Without a word, where the program is installed."""
    text = UNIT.read_text("utf-8")
    program = "/opt/tm-exporter/bin/tm-exporter"
    assert text.count(f"={program} run ") == 1
    (tmp_path / UNIT.name).write_text(text.replace(program, "/bin/true"))

    assert run("systemd-analyze", "verify", "--man=no", tmp_path / UNIT.name) == ""


def test_the_unit_may_do_little() -> None:
    """Less than 1.5 of 10, as systemd counts it."""
    said = run(
        *("systemd-analyze", "security", "--offline=true", "--no-pager"),
        *("--threshold=15", UNIT),
    )

    assert "OK" in said


@pytest.mark.parametrize("name", ["compose.yaml", "production.yaml"])
def test_compose_takes_the_file(name: str) -> None:
    """As it is, with its defaults."""
    said = run("podman-compose", "--file", ROOT / "deploy/compose" / name, "config")

    assert "127.0.0.1:9877:9877" in said
