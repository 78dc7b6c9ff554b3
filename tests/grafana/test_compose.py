"""The playground's files fit each other; no engine runs them here."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.prometheus import part
from tests.grafana.boards import FILES, ROOT


HERE = ROOT / "deploy/compose"
COMPOSE = yaml.safe_load((HERE / "compose.yaml").read_text("utf-8"))
SERVICES = COMPOSE["services"]
LANES = ("oldest", "newest")

every_service = pytest.mark.parametrize("name", SERVICES)


def mounts(name: str) -> dict[str, Path]:
    """Return by place in a container the file or folder of ours that is there."""
    parts = [volume.split(":") for volume in SERVICES[name].get("volumes", ())]
    return {
        inside: (HERE / ours).resolve()
        for ours, inside, *_ in parts
        if ours.startswith(".")
    }


def provisioned(kind: str) -> dict[str, Any]:
    """Return a file that tells Grafana what to begin with."""
    (file,) = (HERE / "grafana" / kind).iterdir()
    assert mounts("grafana")[f"/etc/grafana/provisioning/{kind}"] == file.parent
    content: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return content


def test_all_parts_are_there() -> None:
    """The exporter, and everything that looks at it."""
    assert set(SERVICES) == {"exporter", "prometheus", "alertmanager", "grafana"}


@every_service
def test_a_service_can_do_little(name: str) -> None:
    """It writes nowhere but in its volumes, is nobody, and answers loopback alone."""
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert int(service["user"].split(":")[0]) > 0
    assert service["mem_limit"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


@every_service
def test_an_image_is_pinned_or_ours(name: str) -> None:
    """A pinned one has its registry and the whole version; ours is built here."""
    service = SERVICES[name]

    if "build" in service:
        assert service["image"] == "tm-exporter"
        assert (HERE / service["build"]["context"]).resolve() == ROOT
    else:
        assert re.fullmatch(r"docker\.io/\S+:v?\d+\.\d+\.\d+", service["image"])


@every_service
def test_what_is_mounted_is_there(name: str) -> None:
    """For reading only; every other volume is declared."""
    for volume in SERVICES[name].get("volumes", ()):
        ours, _, *how = volume.split(":")
        if ours.startswith("."):
            assert (HERE / ours).exists(), ours
            assert how == ["ro"]
        else:
            assert ours in COMPOSE["volumes"]


@every_service
def test_what_it_depends_on_is_a_service(name: str) -> None:
    """So are the hosts that the configurations name."""
    assert set(SERVICES[name].get("depends_on", ())) <= set(SERVICES)


@pytest.mark.e2e
@pytest.mark.parametrize("lane", LANES)
def test_prometheus_takes_its_configuration(lane: str, tmp_path: Path) -> None:
    """With the rules, laid out as they are in the container."""
    for inside, ours in mounts("prometheus").items():
        shutil.copy(ours, tmp_path / Path(inside).name)

    said = run(part(lane, "promtool"), "check", "config", tmp_path / "prometheus.yml")

    assert "rules found" in said


def test_prometheus_scrapes_the_exporter_as_the_rules_want() -> None:
    """The job's name is in every rule, and the address is the service's."""
    config = yaml.safe_load((HERE / "prometheus.yml").read_text("utf-8"))
    (job,) = config["scrape_configs"]
    alertmanager = config["alerting"]["alertmanagers"][0]["static_configs"][0]

    assert job["job_name"] == "tm-exporter"
    assert job["static_configs"] == [{"targets": ["exporter:9877"]}]
    assert "0.0.0.0:9877" in SERVICES["exporter"]["command"]
    assert alertmanager["targets"] == ["alertmanager:9093"]


@pytest.mark.e2e
@pytest.mark.parametrize("lane", LANES)
def test_alertmanager_takes_its_configuration(lane: str) -> None:
    """The shipped example, as it is."""
    (config,) = mounts("alertmanager").values()

    assert "SUCCESS" in run(part(lane, "amtool"), "check-config", config)


def test_grafana_asks_the_prometheus() -> None:
    """By default, and with the interval of its scrapes."""
    (source,) = provisioned("datasources")["datasources"]
    scraped = yaml.safe_load((HERE / "prometheus.yml").read_text("utf-8"))["global"]

    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == scraped["scrape_interval"]


def test_grafana_has_all_dashboards() -> None:
    """They are where it looks for them, and the first is one of them."""
    (provider,) = provisioned("dashboards")["providers"]
    folder = mounts("grafana")[provider["options"]["path"]]
    home = Path(SERVICES["grafana"]["environment"][HOME])

    assert sorted(path.name for path in folder.iterdir()) == list(FILES)
    assert str(home.parent) == provider["options"]["path"]
    assert home.name in FILES


HOME = "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"


def run(*command: str | Path) -> str:
    """Run a program that succeeds, and return what it said."""
    done = subprocess.run(  # noqa: S603  # a program that the tests fetched
        command, capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
