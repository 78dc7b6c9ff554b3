"""`tm-exporter check`: what is in force, what it comes to, and when it fails."""

import json
from pathlib import Path

import pytest

from tests.service import Service
from tm_exporter.cli import main


Capture = pytest.CaptureFixture[str]


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
