"""A real Prometheus that scrapes over TLS, with a certificate and a password."""

import shutil
import subprocess
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import trustme
import yaml

from tests.clients.certificates import write_leaf
from tests.e2e.children import TM_EXPORTER, child
from tests.e2e.prometheus import ROOT, Prometheus, part, prometheus
from tests.e2e.waiting import eventually
from tm_exporter.config.web_load import load_web
from tm_exporter.healthcheck import ask


pytestmark = pytest.mark.e2e

SAMPLE = ROOT / "deploy/web-config/web.yml"
LANES = ("oldest", "newest")
TLS = {
    "cert_file": "client.pem",
    "key_file": "client.key",
    "client_auth_type": "RequireAndVerifyClientCert",
    "client_ca_file": "ca.pem",
    "client_allowed_sans": ["prometheus"],
}
CONFIG = {
    "server": {
        "listen": "127.0.0.1:0",
        "health_listen": "127.0.0.1:0",
        "web_config_file": "web.yml",
    },
    "targets": [
        {"name": "a", "surface": "serverless", "base_url": "http://127.0.0.1:9"}
    ],
}


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    """Return an authority; its file, and a leaf of it, are in the folder."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    write_leaf(authority.issue_cert("127.0.0.1"), tmp_path)
    return authority


def test_prometheus_scrapes_what_is_protected(
    tmp_path: Path, authority: trustme.CA
) -> None:
    """With what its own documentation says about a scrape of such an exporter."""
    folders = {name: tmp_path / name for name in ("shown", "run", *LANES)}
    for folder in folders.values():
        folder.mkdir()
    write_leaf(authority.issue_cert("prometheus"), folders["shown"])
    hashed = bcrypt.hashpw(b"secret", bcrypt.gensalt(10)).decode()
    web = {"tls_server_config": TLS, "basic_auth_users": {"prometheus": hashed}}
    (tmp_path / "web.yml").write_text(yaml.safe_dump(web))
    config = tmp_path / "exporter.yml"
    config.write_text(yaml.safe_dump(CONFIG))

    with child(folders["run"], TM_EXPORTER, "run", "--config", config) as run:
        address = run.announced(r"listening on https://(\S+)")
        health = run.announced(r'"health_listening","url":"([^"]+)"')
        more = {
            "scrape_configs": [_job(address, tmp_path / "ca.pem", folders["shown"])]
        }
        with ExitStack() as stack:
            for server in [
                stack.enter_context(prometheus(lane, address, folders[lane], more=more))
                for lane in LANES
            ]:
                eventually(
                    partial(_is_up, server),
                    within=15,
                    what="a scrape that succeeds",
                    context=partial(_targets, server),
                )
        asked = ask(health)

    assert asked == "healthy"


def _job(address: str, authority: Path, shown: Path) -> dict[str, Any]:
    """Return how an address is scraped that asks for all that it can ask for."""
    return {
        "job_name": "protected",
        "scheme": "https",
        "static_configs": [{"targets": [address]}],
        "basic_auth": {"username": "prometheus", "password": "secret"},
        "tls_config": {
            "ca_file": str(authority),
            "cert_file": str(shown / "client.pem"),
            "key_file": str(shown / "client.key"),
        },
    }


def _targets(server: Prometheus) -> str:
    return str(server.targets())


def _is_up(server: Prometheus) -> bool:
    return server.query('up{job="protected"}') == [1.0]


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.usefixtures("authority")
def test_the_sample_is_one_for_prometheus_and_for_us(tmp_path: Path, lane: str) -> None:
    """The same file, the same format."""
    (tmp_path / "client.pem").rename(tmp_path / "tls.crt")
    (tmp_path / "client.key").rename(tmp_path / "tls.key")
    sample = Path(shutil.copy(SAMPLE, tmp_path))

    checked = subprocess.run(  # noqa: S603 -- a part of the tests
        [part(lane, "promtool"), "check", "web-config", sample],
        capture_output=True,
        check=False,
        text=True,
        timeout=20,
    )
    web = load_web(sample)

    assert checked.returncode == 0, checked.stderr
    assert web.context is not None
    [hashed] = web.file.basic_auth_users.values()
    assert bcrypt.checkpw(b"change-me", hashed.get_secret_value().encode())
