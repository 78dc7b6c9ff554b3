"""What becomes of a command whose reader is gone, or that is interrupted."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.scripted_server import free_port
from tests.service import Service


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
