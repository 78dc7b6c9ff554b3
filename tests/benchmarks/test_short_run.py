"""`make bench` in short: one case of each suite, and every figure in its place."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.__main__ import SUITES
from tests.e2e.children import child


pytestmark = pytest.mark.e2e


def test_every_suite_measures(tmp_path: Path) -> None:
    """With its peer, in the same round; and what is measured does its work."""
    output = tmp_path / "results.json"
    words = ("-m", "benchmarks", "--short", "--rounds", "1", "--output", str(output))

    with child(tmp_path, sys.executable, *words) as process:
        process.announced(r"^(written) to", within=120)

    results = json.loads(output.read_text())
    assert tuple(results["values"]) == SUITES
    figures = {
        suite: next(iter(cases.values())) for suite, cases in results["values"].items()
    }
    assert figures["probes"]["tm-exporter passing"] == [1.0]
    assert_positive(figures["probes"], "tm-exporter ms", "blackbox ms")
    assert_positive(figures["streams"], "first token p99 us", "scrapes", "events")
    assert_positive(figures["scrapes"], "text, changed ms", "protobuf, changed ms")
    assert_positive(figures["scrapes"], "prometheus_client, text ms")
    assert_positive(figures["starts"], "tm-exporter, starts", "timers, starts")
    assert_positive(figures["memory"], "MB", "series")
    assert_positive(figures["start"], "tm-exporter s", "blackbox s")


def assert_positive(figures: Any, *names: str) -> None:
    """Assert that each of these was measured once."""
    for name in names:
        [value] = figures[name]
        assert value > 0, name
