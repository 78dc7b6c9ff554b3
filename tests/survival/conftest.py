"""A daemon of the test's own, what it watches, and what it logs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.survival.world import Log
from tm_exporter.logs.setup import configure


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Have what survives a restart in a folder of the test's own."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def log() -> Iterator[Log]:
    """Log into a pipe that is read at the end, as what collects logs does."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        made = Log(configure(level="info", stream=stream, strict=True), reading, stream)
        yield made
        made.read()
