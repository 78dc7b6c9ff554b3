"""The systemd unit on a machine that systemd runs, which is a container here."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.e2e.prometheus import ROOT
from tests.e2e.waiting import eventually
from tests.image.engine import Engine
from tests.image.verdicts import has_passed
from tm_exporter.simulator.surfaces import PREFIXES
from tm_exporter.simulator.world import Credentials


pytestmark = [
    *(pytest.mark.e2e, pytest.mark.image, pytest.mark.systemd),
    pytest.mark.timeout(240),
]

MACHINE = "machine"
UNIT = "tm-exporter.service"
PROGRAM = "/opt/tm-exporter/bin/tm-exporter"


@dataclass(frozen=True)
class Machine:
    """
    A machine with the exporter.

    Attributes:
        engine: What runs it.
    """

    engine: Engine

    def run(self, *command: str, status: int | None = 0) -> str:
        """Run a command on it, and return what it printed."""
        return self.engine.podman("exec", MACHINE, *command, status=status)

    def state(self, name: str) -> str:
        """Return a property of the service."""
        return self.run("systemctl", "show", "--value", "--property", name, UNIT)

    def log(self) -> str:
        """Return what the service has logged."""
        return self.run("journalctl", "--unit", UNIT, "--output", "cat", "--no-pager")

    def page(self) -> str:
        """Scrape the exporter; nothing as long as it does not answer."""
        return self.ask("http://127.0.0.1:9877/metrics")

    def ask(self, url: str) -> str:
        """Return what is at an address of the machine's loopback."""
        code = f"import urllib.request as u; print(u.urlopen('{url}').read().decode())"
        return self.run("python3", "-c", code, status=None)


@pytest.fixture
def machine(engine: Engine, image: str, tmp_path: Path) -> Iterator[Machine]:
    """Boot one, and install the unit with the configuration of its page."""
    assert image
    engine.stand_in("localhost/systemd", tmp_path)
    engine.podman(
        *("run", "--detach", "--privileged", "--systemd=always", "--network=none"),
        *("--name", MACHINE, "localhost/systemd"),
    )
    found = Machine(engine)
    try:
        booted = ("systemctl", "is-system-running")
        eventually(
            lambda: "running" in found.run(*booted, status=None),
            within=30,
            what="machine that has booted",
        )
        _install(found, tmp_path)
        yield found
    finally:
        engine.podman("rm", "--force", "--time", "0", MACHINE, status=None)


def test_it_runs_as_the_page_says(machine: Machine) -> None:
    """It reads its secret, pays, reloads, comes back when it is killed, and ends."""
    machine.run("systemctl", "enable", "--now", UNIT)
    assert eventually(
        lambda: has_passed(machine.page(), "chat_stream"), within=40, what="success"
    )

    machine.run("systemctl", "reload", UNIT)
    assert eventually(
        lambda: "configuration_reloaded" in machine.log(), within=10, what="reload"
    )

    machine.run("systemctl", "kill", "--signal=KILL", UNIT)
    assert eventually(
        lambda: machine.state("NRestarts") == "1", within=20, what="restart"
    )
    assert eventually(
        lambda: has_passed(machine.page(), "health"), within=40, what="success"
    )

    began = time.monotonic()
    machine.run("systemctl", "stop", UNIT)
    assert time.monotonic() - began < 2.5
    assert (machine.state("Result"), machine.state("ExecMainStatus")) == (
        "success",
        "0",
    )


def test_a_bad_configuration_is_not_tried_twice(machine: Machine) -> None:
    """No restart mends it, and the journal says what is wrong."""
    machine.run("sed", "-i", "s/models/modelss/", "/etc/tm-exporter/exporter.yml")
    machine.run("systemctl", "start", UNIT)

    assert eventually(
        lambda: machine.state("ActiveState") == "failed", within=20, what="failure"
    )
    assert (machine.state("ExecMainStatus"), machine.state("NRestarts")) == ("2", "0")
    assert "did you mean `models`?" in machine.log()


def _install(machine: Machine, folder: Path) -> None:
    page = (ROOT / "docs" / "install-systemd.md").read_text("utf-8")
    config = yaml.safe_load(page.partition("```yaml")[2].partition("```")[0])
    config["targets"][0]["base_url"] = "http://127.0.0.1:9878" + PREFIXES["serverless"]
    (folder / "exporter.yml").write_text(yaml.safe_dump(config))
    (folder / "api-key").write_text(Credentials().api_key)
    (folder / "api-key").chmod(0o600)
    for file, place in {
        folder / "exporter.yml": "/etc/tm-exporter/exporter.yml",
        folder / "api-key": "/etc/tm-exporter/secrets/api-key",
        ROOT / "deploy" / "systemd" / UNIT: f"/etc/systemd/system/{UNIT}",
    }.items():
        machine.engine.podman("cp", file, f"{MACHINE}:{place}")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemd-run", PROGRAM, "simulate")
    state = "http://127.0.0.1:9878/simulator/state"
    eventually(lambda: machine.ask(state), within=20, what="simulated service")
