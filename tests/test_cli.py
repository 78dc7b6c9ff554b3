"""The command line: what it prints, and the exit status that scripts rely on."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.scripted_server import free_port
from tests.service import Service, running_service
from tm_exporter import __version__
from tm_exporter.cli import main
from tm_exporter.config.registry import kinds_of


Capture = pytest.CaptureFixture[str]

OF_ACCOUNT = ", ".join(kinds_of("control_plane"))


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
    """Start the program, with nothing configured around it but home and state."""
    kept = {name: os.environ[name] for name in ("PATH", "XDG_STATE_HOME")}
    environment = {**kept, "HOME": str(home or "/nobody")}
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
canary_budget: {{daily_usd: 1000000, monthly_usd: 100000000}}  # at any hour
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
    for probe in ("auth", "balance", "spending", "usage", "transactions", "tickets"):
        assert f" {probe} " in out
    assert " probes ran, 0 failed" in out


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
    ("scenario", "advice"),
    [
        ("model_renamed", "on the list: 'openai/gpt-oss-20b-v2'."),
        ("empty_balance", "next: Top up first"),
        ("outage", "next: It is the service's front"),
    ],
)
def test_what_to_do_is_judged_by_all_that_was_seen(
    config: Path, service: Service, capfd: Capture, scenario: str, advice: str
) -> None:
    """One probe alone would not know."""
    service.switch(scenario)

    main(["probe", "--config", str(config)])

    assert advice in capfd.readouterr().out


def test_the_reference_url_is_asked_with_the_probes(
    config: Path, capfd: Capture
) -> None:
    """Where it is as silent as the service, our network is to blame."""
    nobody = f"http://127.0.0.1:{free_port()}"
    text = re.sub("base_url: .*", f"base_url: {nobody}", config.read_text())
    config.write_text(f"reference_url: {nobody}\n{text}")

    main(["probe", "--config", str(config), "--probe", "health"])

    assert "next: It is our own network" in capfd.readouterr().out


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
    ],
    ids=["target", "no target like it", "probe", "of another target"],
)
def test_nothing_to_run(
    config: Path, capfd: Capture, asked: list[str], why: str
) -> None:
    """Nothing that runs is not the same as nothing that failed; it has a cause."""
    status = main(["probe", "--config", str(config), *asked])

    assert status == 2
    assert capfd.readouterr().err == f"tm-exporter: {why}\n"


def test_nothing_of_it_runs(tmp_path: Path, capfd: Capture) -> None:
    """What cannot succeed is not tried, and the cause is said for each target."""
    file = tmp_path / "exporter.yml"
    file.write_text("targets: [{name: a, surface: serverless, models: [m]}]")

    assert main(["probe", "--config", str(file), "--probe", "chat"]) == 2
    assert capfd.readouterr().err == (
        "tm-exporter: nothing of this runs; "
        "a: chat: needs a credential: `api_key` is not configured\n"
    )


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
    assert "kv_cache" in out  # which is configured by default


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


def test_check_tells_what_is_expected_to_be_spent(config: Path, capfd: Capture) -> None:
    """By rank and in all, against the caps, for people and for programs."""
    assert main(["check", "--config", str(config)]) == 0
    text = capfd.readouterr().out
    assert main(["check", "--config", str(config), "--output", "json"]) == 0
    cost = json.loads(capfd.readouterr().out)["expected_cost"]

    assert "at the fallback price: 5.00 USD for a million tokens of input" in text
    assert "USD a day of 1000000.00" in text
    assert 0.5 < cost["daily_usd"] < 1.0
    assert cost["monthly_usd"] == pytest.approx(31 * cost["daily_usd"])
    assert cost["daily_cap_usd"] == 1_000_000
    assert [rank["rank"] for rank in cost["ranks"]][:2] == ["chat_stream", "chat"]


@pytest.mark.parametrize(("strict", "expected"), [([], 0), (["--strict"], 1)])
def test_a_budget_that_does_not_suffice_is_a_warning(
    config: Path, capfd: Capture, strict: list[str], expected: int
) -> None:
    """It says what gives way."""
    text = config.read_text().replace("daily_usd: 1000000", "daily_usd: 0.3")
    config.write_text(text)

    assert main(["check", "--config", str(config), *strict]) == expected
    assert "chat_stream would run " in capfd.readouterr().out


def test_models_that_are_not_chosen_yet_cost_as_much(
    config: Path, capfd: Capture
) -> None:
    """As many of them as there may be."""
    text = config.read_text()
    auto = "models: auto\n    auto_models_limit: 3"
    config.write_text(text.replace("models: [openai/gpt-oss-20b]", auto))

    assert main(["check", "--config", str(config), "--output", "json"]) == 0

    cost = json.loads(capfd.readouterr().out)["expected_cost"]
    assert cost["ranks"][0]["count"] == 3


@pytest.mark.parametrize("output", ["table", "json"])
def test_a_run_without_money_is_skipped_and_has_not_failed(
    config: Path, service: Service, capfd: Capture, output: str
) -> None:
    """Free probes go on; the row says why and what to do."""
    text = config.read_text().replace("daily_usd: 1000000", "daily_usd: 0.001")
    config.write_text(text)

    arguments = ["probe", "--config", str(config), "--target", "serverless"]
    status = main([*arguments, "--output", output])

    out = capfd.readouterr().out
    assert status == 0
    assert not any("completions" in request.path for request in service.requests)
    assert any(request.path == "/health" for request in service.requests)
    assert "a tenth of the canary budget" in out
    assert "raise `canary_budget`" in out
    if output == "json":
        rows = {row["probe"]: row for row in json.loads(out)}
        assert (rows["chat"]["success"], rows["chat"]["reason"]) == (None, "budget")
        assert rows["health"]["success"] is True
        assert rows["chat"].keys() == rows["health"].keys()
    else:
        assert "skipped  serverless  chat " in out
        assert out.rstrip().endswith("were skipped")


def test_without_a_ledger_nothing_is_paid_for(
    config: Path, tmp_path: Path, capfd: Capture
) -> None:
    """A state directory that is a file, as an example."""
    (tmp_path / "state").write_text("")
    config.write_text(config.read_text() + f"state_dir: {tmp_path}/state\n")

    arguments = ["probe", "--config", str(config), "--probe", "chat"]
    status = main(arguments)

    out = capfd.readouterr().out
    assert status == 0
    assert "skipped" in out
    assert f"{tmp_path}/state" in out
