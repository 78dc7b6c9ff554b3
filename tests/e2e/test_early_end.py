"""SIGTERM while the program still loads, as the first process of a container has it."""

import sys
from pathlib import Path
from signal import SIGTERM

import pytest

from tests.e2e.children import child
from tests.e2e.signals import catches
from tests.e2e.waiting import eventually


pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("command", "status"),
    [("run", 0), ("demo", 0), ("simulate", 0), ("probe", 143), ("schema", 143)],
)
def test_it_ends_at_once(command: str, status: int, tmp_path: Path) -> None:
    """What runs until it is told to end has done its job, and nothing else has."""
    program = (sys.executable, "-m", "tm_exporter", command)
    with child(tmp_path, *program) as process:
        pid = process.process.pid
        eventually(lambda: catches(pid, SIGTERM), within=10, what="handler")

        assert process.end(SIGTERM, within=2) == status
        assert process.stdout == ""
        assert "Traceback" not in process.stderr
