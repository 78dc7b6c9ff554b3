"""The command line: what it prints, and the exit status that scripts rely on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.service import Service, running_service
from tests.wire import free_port
from tm_exporter import __version__
from tm_exporter.cli import main


Capture = pytest.CaptureFixture[str]

OF_ACCOUNT = (
    "auth, deployments, balance, spending, metrics, usage, pricing, transactions, "
    "api_keys, payment_methods, activities, tickets"
)


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever runs the tests may have a key of their own in the environment."""
    for name in ("TENSORMESH_INFERENCE_API_KEY", "TENSORMESH_CONTROL_PLANE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TM_CONFIG_HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("HOME", str(tmp_path))


def started(
    *arguments: str | Path, stdout: int, home: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start the program, with nothing configured around it but a home."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home or "/nobody")}
    return subprocess.Popen(  # noqa: S603 -- it is ours
        [sys.executable, "-m", "tm_exporter", *map(str, arguments)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=environment,
    )


@contextlib.contextmanager
def unwritable(*, full: bool) -> Iterator[int]:
    """Open a descriptor that takes nothing: a full disk's, or one nobody reads."""
    if full:
        descriptor = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, descriptor = os.pipe()
        os.close(reader)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something holds, for at most 20 seconds."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_healthy(port: int) -> bool:
    """Whether a daemon answers on a port of this machine."""
    try:
        url = f"http://127.0.0.1:{port}/-/healthy"
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def service() -> Iterator[Service]:
    """Run a simulated service in a thread of its own."""
    with running_service() as started:
        yield started


@pytest.fixture
def config(service: Service, tmp_path: Path) -> Path:
    """Return a configuration of two surfaces of that service."""
    file = tmp_path / "exporter.yml"
    file.write_text(
        f"""\
targets:
  - name: serverless
    surface: serverless
    base_url: {service.serverless_url}
    api_key: {service.api_key}
    models: [openai/gpt-oss-20b]
  - name: account
    surface: control_plane
    base_url: {service.control_plane_url}
    token: {service.token}
"""
    )
    return file


def test_version(capfd: Capture) -> None:
    """A bug report begins with it."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capfd.readouterr().out == f"tm-exporter {__version__}\n"


def test_every_probe_once(config: Path, capfd: Capture) -> None:
    """A row each, and success when nothing failed."""
    status = main(["probe", "--config", str(config)])

    out = capfd.readouterr().out
    assert status == 0
    for probe in ("health", "version", "models", "tokenize", "chat_stream", "chat"):
        assert f" {probe} " in out
    assert "10 probes ran, 0 failed" in out


def test_probe_as_json(config: Path, capfd: Capture) -> None:
    """For scripts: everything that is known, unknown things null."""
    arguments = ["probe", "--config", str(config), "--output", "json"]
    status = main([*arguments, "--probe", "chat_stream"])

    (row,) = json.loads(capfd.readouterr().out)
    assert status == 0
    assert row["success"] is True
    assert row["reason"] is None
    assert row["ttft_seconds"] > 0
    assert set(row["phase_seconds"]) == {"connect", "wait", "transfer"}


def test_a_failing_probe_says_what_to_do(
    config: Path, service: Service, capfd: Capture
) -> None:
    """401 on the Control Plane: is the token expired?"""
    service.switch("expired_token")

    status = main(["probe", "--config", str(config), "--target", "account"])

    out = capfd.readouterr().out
    assert status == 1
    assert "FAILED" in out
    assert "next: Is the Control Plane token expired?" in out


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (
            ["--target", "server_less"],
            "no such target: server_less; did you mean `serverless`?",
        ),
        (["--target", "x"], "no such target: x; there are serverless, account"),
        (["--probe", "helth"], "no such probe: helth; did you mean `health`?"),
        (
            ["--target", "account", "--probe", "chat"],
            f"chat is not among the probes of account: {OF_ACCOUNT}",
        ),
        (
            ["--probe", "kv_cache"],
            "nothing of this runs; serverless: kv_cache: not built yet",
        ),
    ],
    ids=["target", "no target like it", "probe", "of another target", "not built"],
)
def test_nothing_to_run(
    config: Path, capfd: Capture, asked: list[str], why: str
) -> None:
    """Nothing that runs is not the same as nothing that failed; it has a cause."""
    status = main(["probe", "--config", str(config), *asked])

    assert status == 2
    assert capfd.readouterr().err == f"tm-exporter: {why}\n"


def test_nobody_to_probe(tmp_path: Path, capfd: Capture) -> None:
    """A configuration without targets is allowed, and has nothing to run."""
    file = tmp_path / "exporter.yml"
    file.write_text("targets: []")

    assert main(["probe", "--config", str(file), "--probe", "chat"]) == 2
    assert capfd.readouterr().err == "tm-exporter: no target is configured\n"


def test_an_interrupted_probe_has_failed(config: Path, service: Service) -> None:
    """Said in a word, without a traceback."""
    service.switch("hang")

    with started("probe", "--config", config, stdout=subprocess.PIPE) as process:
        wait_until(lambda: bool(service.requests))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)

    assert process.returncode == 1
    assert err == b"tm-exporter: interrupted\n"


@pytest.mark.parametrize("command", ["run", "demo"])
@pytest.mark.parametrize("full", [False, True], ids=["closed", "full"])
def test_a_daemon_that_cannot_say_where_it_listens_goes_on(
    command: str, tmp_path: Path, *, full: bool
) -> None:
    """Its pages do not depend on who reads its standard output."""
    port = free_port()
    arguments: list[str | Path] = [command, "--listen", f"127.0.0.1:{port}"]
    if command == "run":
        (tmp_path / "exporter.yml").write_text("targets: []")
        arguments += ["--config", tmp_path / "exporter.yml"]
    with unwritable(full=full) as stdout:
        process = started(*arguments, stdout=stdout, home=tmp_path)
    with process:
        wait_until(lambda: is_healthy(port))
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)

    assert process.returncode == 0
    assert b"Traceback" not in err
    assert b"Exception" not in err
    assert all(line.startswith(b"{") for line in err.splitlines())


def test_what_nobody_can_be_told_has_failed(tmp_path: Path) -> None:
    """A full disk is not the same as a reader who has seen enough."""
    with (
        unwritable(full=True) as stdout,
        started("schema", stdout=stdout, home=tmp_path) as process,
    ):
        _, err = process.communicate(timeout=10)

    assert process.returncode == 2
    assert err == (
        b"tm-exporter: cannot write to standard output: No space left on device\n"
    )


@pytest.mark.parametrize("seconds", ["abc", "-1", "nan", "inf"])
def test_a_time_is_a_number(seconds: str, capfd: Capture) -> None:
    """What is wrong is said in the words of a user."""
    with pytest.raises(SystemExit) as ended:
        main(["demo", f"--for={seconds}"])

    assert ended.value.code == 2
    assert f"must be a number of seconds, not '{seconds}'" in capfd.readouterr().err


def test_bad_configuration(tmp_path: Path, capfd: Capture) -> None:
    """One sentence with file, line and key; exit status 2; no traceback."""
    file = tmp_path / "exporter.yml"
    file.write_text("server:\n  listne: 127.0.0.1:1\n")

    status = main(["run", "--config", str(file)])

    captured = capfd.readouterr()
    assert status == 2
    assert captured.err.count("\n") == 1
    assert f"{file}:2" in captured.err
    assert "listen" in captured.err
    assert captured.out == ""


def test_an_address_that_is_taken(
    config: Path, service: Service, capfd: Capture
) -> None:
    """The commonest mistake of a second start."""
    taken = service.url.removeprefix("http://")

    status = main(["run", "--config", str(config), "--listen", taken])

    assert status == 2
    assert "cannot listen on" in capfd.readouterr().err


def test_check_shows_what_is_in_force(
    config: Path, service: Service, capfd: Capture
) -> None:
    """With where it came from, and without the secrets."""
    status = main(["check", "--config", str(config)])

    out = capfd.readouterr().out
    assert status == 0
    assert "targets.serverless.base_url" in out
    assert service.api_key not in out
    assert service.token not in out
    assert "kv_cache" in out  # which is configured by default and not built yet


def test_check_as_json(config: Path, capfd: Capture) -> None:
    """The same for scripts."""
    status = main(["check", "--config", str(config), "--output", "json"])

    found = json.loads(capfd.readouterr().out)
    assert status == 0
    assert {"values", "not_running", "warnings", "notes"} <= set(found)


@pytest.mark.parametrize(("strict", "expected"), [([], 0), (["--strict"], 1)])
def test_strict_makes_warnings_count(
    config: Path, strict: list[str], expected: int
) -> None:
    """A pipeline can refuse what a person would read."""
    text = config.read_text().replace("token: ", "token_file: /nowhere/")
    config.write_text(text)

    assert main(["check", "--config", str(config), *strict]) == expected


def test_schema(capfd: Capture) -> None:
    """For editors."""
    assert main(["schema"]) == 0
    assert json.loads(capfd.readouterr().out)["properties"]["targets"]


def test_metrics_is_the_reference(capfd: Capture) -> None:
    """docs/metrics.md is its output."""
    assert main(["metrics"]) == 0

    page = Path(__file__).parents[1] / "docs" / "metrics.md"
    assert capfd.readouterr().out == page.read_text()


def test_simulate_lists_its_scenarios(capfd: Capture) -> None:
    """A name and a sentence each."""
    assert main(["simulate", "--list"]) == 0

    out = capfd.readouterr().out
    assert all(name in out for name in ("healthy", "outage", "expired_token"))


@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_an_unknown_scenario(command: str, capfd: Capture) -> None:
    """Refused at once, with where to look."""
    assert main([command, "--scenario", "paradise"]) == 2
    assert "--list" in capfd.readouterr().err


def test_a_secret_that_is_not_there_fails_the_run_and_not_the_start(
    config: Path, capfd: Capture
) -> None:
    """A secret that is mounted a moment later must not need a restart."""
    text = config.read_text().replace("token: ", "token_file: /nowhere/")
    config.write_text(text)

    status = main(["probe", "--config", str(config), "--target", "account"])

    assert status == 1
    assert "configuration" in capfd.readouterr().out
