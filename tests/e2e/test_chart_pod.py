"""What the chart runs in a cluster, run here: its pod, and what `helm test` does."""

import base64
import contextlib
import http.server
import re
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme

from tests.e2e.children import TM_EXPORTER, Child, child
from tests.e2e.daemon import listening
from tests.helm.engine import Json, container, of_kind, render
from tm_exporter.simulator.world import Credentials


pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).parents[2] / "deploy/helm/tm-exporter/files/scrape.py"
PAGE = '\ntensormesh_exporter_build_info{version="1"} 1\n'


def _run(
    address: str,
    form: str,
    seconds: str = "0",
    script: str = SCRIPT.read_text("utf-8"),
) -> tuple[int, str]:
    # As the pod does: the script is an argument.
    command = [sys.executable, "-c", script, address, form, seconds]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    return done.returncode, done.stdout + done.stderr


@contextlib.contextmanager
def _server(status: int, page: str, context: ssl.SSLContext | None) -> Iterator[str]:
    """Serve one answer to every request; yield the address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _tls(authority: trustme.CA, *, client: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    return context


def test_pod_as_it_is_installed_runs(tmp_path: Path) -> None:
    """
    Its command and environment start an exporter that passes `helm test`.

    The kubelet's port answers; secrets are read from where the chart puts them.
    """
    with simulator(tmp_path) as url:
        target = {"name": "a", "surface": "serverless", "base_url": url}
        key = {"api_key_file": "/etc/tm-exporter/secrets/api-key"}
        values = {"config": {"targets": [target | key]}, "acceptLedgerLoss": True}
        pod = render(values | {"secret": {"api-key": Credentials().api_key}})
        with _running(pod, tmp_path) as exporter:
            daemon = listening(exporter)
            verdicts = daemon.wait_for_verdicts({("serverless", "tokenize")})
            health = exporter.announced(r'"health_listening","url":"(\S+?)"')
            alive = [
                httpx.get(health + path, trust_env=False).status_code
                for path in ("/-/healthy", "/metrics")
            ]
            (test,) = of_kind("Pod", pod)[0]["spec"]["containers"]
            script, _, form = test["args"]
            address = daemon.url.removeprefix("http://")
            status, said = _run(address, form, "20", script)

    assert verdicts["serverless", "tokenize"]  # which needs the key
    assert alive == [200, 404]
    assert (status, said.rpartition(": ")[2]) == (0, "scraped, all is well\n")
    assert test["command"] == ["python", "-c"]


@contextlib.contextmanager
def simulator(folder: Path) -> Iterator[str]:
    """Run the simulated service, and yield the address of its Serverless surface."""
    command = (TM_EXPORTER, "simulate", "--listen", "127.0.0.1:0")
    (folder / "simulator").mkdir()
    with child(folder / "simulator", *command) as process:
        yield process.announced(r"^ *serverless +(\S+)$")


@contextlib.contextmanager
def _running(pod: list[Json], folder: Path) -> Iterator[Child]:
    """Run the pod's container as a process of this machine."""
    one, mounted = container(pod), _mounted(pod, folder)
    environment = {e["name"]: _here(e["value"], mounted) for e in one["env"]}
    with child(mounted, TM_EXPORTER, *one["args"], environment=environment) as process:
        yield process


def _mounted(pod: list[Json], folder: Path) -> Path:
    """Put ConfigMap and Secret into folders as a kubelet does; return what is above."""
    mounted = folder / "etc"
    for kind, name in (("ConfigMap", "config"), ("Secret", "secrets")):
        (mounted / name).mkdir(parents=True)
        for file, text in of_kind(kind, pod)[0]["data"].items():
            content = text if kind == "ConfigMap" else base64.b64decode(text).decode()
            (mounted / name / file).write_text(_here(content, mounted), "utf-8")
            (mounted / name / file).chmod(0o440)
    return mounted


def _here(text: str, folder: Path) -> str:
    """Return a text of the pod with folders and addresses of this machine."""
    moved = text.replace("/etc/tm-exporter", str(folder))
    moved = moved.replace("/var/lib/tm-exporter", str(folder / "state"))
    return re.sub(r"^0\.0\.0\.0:\d+$", "127.0.0.1:0", moved)


def test_nobody_there_fails() -> None:
    """The test says so and fails, after it has asked for its time."""
    status, said = _run("127.0.0.1:1", "plain")

    assert status == 1
    assert "no answer" in said


@pytest.mark.parametrize(
    ("status", "page", "said"),
    [
        (500, PAGE, "/metrics answers 500"),
        (401, "", "/metrics answers 401"),
        (200, "<html>something else</html>", "no tensormesh_exporter_build_info"),
        (200, PAGE, "no tensormesh_target_info"),
    ],
)
def test_other_than_an_exporter_fails(status: int, page: str, said: str) -> None:
    """An answer is not enough."""
    with _server(status, page, None) as address:
        done, text = _run(address, "plain")

    assert done == 1
    assert said in text


@pytest.mark.parametrize("tls", ["none", "server", "client"])
@pytest.mark.parametrize(("status", "page"), [(401, ""), (200, PAGE)])
def test_protected_exporter_passes_if_it_asks(status: int, page: str, tls: str) -> None:
    """With `web_config_file` a password or a certificate that is missed is right."""
    authority = trustme.CA()
    context = None if tls == "none" else _tls(authority, client=tls == "client")
    with _server(status, page, context) as address:
        assert _run(address, "protected")[0] == 0


def test_protected_exporter_that_fails_is_seen() -> None:
    """A fault is none of the questions that it may ask."""
    with _server(503, "", None) as address:
        assert _run(address, "protected")[0] == 1
