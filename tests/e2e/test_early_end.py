"""Signals while the program still loads, and while it ends already."""

import subprocess
import sys
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGTERM

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


def test_no_signal_comes_too_early_or_too_late(tmp_path: Path) -> None:
    """Who wants a reload need not know how far the start is, nor who ends it twice."""
    config = tmp_path / "exporter.yml"
    config.write_text("targets: []")
    program = (sys.executable, "-m", "tm_exporter", "run", "--config", config)
    with child(tmp_path, *program, "--listen", "127.0.0.1:0") as process:
        pid = process.process.pid
        eventually(lambda: catches(pid, SIGTERM), within=10, what="handler")
        process.process.send_signal(SIGHUP)
        process.announced("^(listening on .*)$")

        def ended() -> bool:
            for number in (SIGTERM, SIGHUP, SIGINT):
                process.process.send_signal(number)
            return process.process.poll() is not None

        eventually(ended, within=5, what="end")

        assert process.process.returncode == 0
        assert "Traceback" not in process.stderr


def test_an_end_looks_through_no_memory() -> None:
    """What is frozen is left out when the interpreter looks for garbage at its end."""
    program = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(len(gc.get_objects())))\n"
        "from tm_exporter.__main__ import main\n"
        "sys.argv = ['tm-exporter', '--version']\n"
        "sys.exit(main())\n"
    )
    ended = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    left = int(ended.stdout.split()[-1])

    assert left < 1000, f"{left} objects are looked through"
