"""`tm-exporter probe` as it looks on a terminal, and to a pipe."""

import contextlib
import os
import pty
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.e2e.children import TM_EXPORTER


pytestmark = pytest.mark.e2e

CONFIG = """\
targets:
  - name: silent
    surface: serverless
    base_url: http://127.0.0.1:{port}
    probes:
      health: {{interval: 15s, timeout: 1s}}
      version: false
      models: false
"""


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """Write a configuration for a service that takes requests and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        file = tmp_path / "exporter.yml"
        file.write_text(CONFIG.format(port=listener.getsockname()[1]))
        yield file


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return variables among which nothing is configured."""
    ours = {"HOME": "/nobody", "XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}
    return {**ours, "LC_ALL": "C.UTF-8", "TERM": "xterm", **more}


def on_terminal(config: Path, **more: str) -> str:
    """Return all that a terminal is sent."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603 -- our own program
        [TM_EXPORTER, "probe", "--config", config],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(more),
    ) as process:
        os.close(theirs)
        shown = b"".join(_read(ours))
        assert process.wait(20) == 1
    os.close(ours)
    return shown.decode()


def _read(descriptor: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # how a terminal says that all have left it
        while data := os.read(descriptor, 4096):
            yield data


def test_a_terminal_shows_colours_and_how_far_it_is(config: Path) -> None:
    """The line about progress is gone when the table comes."""
    shown = on_terminal(config)

    before, _, table = shown.rpartition("\r\x1b[2K")
    assert "0 of 1 probes ran; health of silent for " in before
    assert "\x1b[1;31mFAILED\x1b[0m" in table
    assert "probes ran;" not in table


def test_colours_can_be_refused(config: Path) -> None:
    """As no-color.org asks."""
    table = on_terminal(config, NO_COLOR="1").rpartition("\r\x1b[2K")[2]

    assert "FAILED" in table
    assert "\x1b" not in table


def test_a_simple_terminal_gets_plain_text(config: Path) -> None:
    """One that cannot take a line back is not asked to."""
    assert "\x1b" not in on_terminal(config, TERM="dumb")


def test_a_pipe_gets_the_table_alone(config: Path) -> None:
    """Nothing else is on standard output, and nothing at all beside it."""
    ran = subprocess.run(  # noqa: S603 -- our own program
        [TM_EXPORTER, "probe", "--config", config],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        env=environment({}),
    )

    assert ran.stderr == ""
    assert "\x1b" not in ran.stdout
    assert ran.stdout.startswith("verdict  target  probe ")
