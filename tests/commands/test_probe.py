"""`tm-exporter probe`: a row for each run, and the exit status that scripts rely on."""

import json
import re
from pathlib import Path

import pytest

from tests.scripted_server import free_port
from tests.service import Service
from tm_exporter.cli import main
from tm_exporter.config.registry import kinds_of


Capture = pytest.CaptureFixture[str]

OF_ACCOUNT = ", ".join(kinds_of("control_plane"))


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
    assert row["verdict"] == "ok"
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
    assert capfd.readouterr().err == (
        "tm-exporter: no target is configured: see `tm-exporter check`\n"
    )


@pytest.mark.parametrize(
    ("target", "key"), [("account", "token"), ("serverless", "api_key")]
)
def test_a_secret_that_is_not_there_fails_the_runs_and_not_the_start(
    config: Path, capfd: Capture, target: str, key: str
) -> None:
    """All of its target: one that is mounted a moment later must need no restart."""
    text = config.read_text().replace(f"{key}: ", f"{key}_file: /nowhere/")
    config.write_text(text)

    status = main(
        ["probe", "--config", str(config), "--target", target, "--output", "json"]
    )

    rows = json.loads(capfd.readouterr().out)
    assert status == 1
    assert len(rows) > 5
    assert {row["verdict"] for row in rows} == {"failed"}
    assert {row["reason"] for row in rows} == {"configuration"}


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
