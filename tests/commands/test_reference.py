"""The commands that print what there is."""

import json
from pathlib import Path

import pytest

from tm_exporter import __version__
from tm_exporter.cli import main


Capture = pytest.CaptureFixture[str]


def test_version(capfd: Capture) -> None:
    """A bug report begins with it."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == 0
    assert capfd.readouterr().out == f"tm-exporter {__version__}\n"


def test_schema(capfd: Capture) -> None:
    """For editors."""
    assert main(["schema"]) == 0
    assert json.loads(capfd.readouterr().out)["properties"]["targets"]


def test_metrics_is_the_reference(capfd: Capture) -> None:
    """docs/metrics.md is its output."""
    assert main(["metrics"]) == 0

    page = Path(__file__).parents[2] / "docs" / "metrics.md"
    assert capfd.readouterr().out == page.read_text()


def test_simulate_lists_its_scenarios(capfd: Capture) -> None:
    """A name and a sentence each."""
    assert main(["simulate", "--list"]) == 0

    out = capfd.readouterr().out
    assert all(name in out for name in ("healthy", "outage", "expired_token"))
