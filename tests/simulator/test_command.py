"""The simulator as a program: what it prints, and how it ends."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import IO

import httpx
import pytest

from tm_exporter.simulator.command import serve


PROGRAM = """
import sys
from tm_exporter.simulator.command import serve
sys.exit(serve(port=0, scenario="version_change", until_stdin_closes={watch}))
"""


def started(*, watch: bool) -> subprocess.Popen[str]:
    """Start the program."""
    return subprocess.Popen(  # noqa: S603 - it is ours
        [sys.executable, "-c", PROGRAM.format(watch=watch)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """Run the program, and end it in any case."""
    with started(watch=request.param) as process:
        yield process
        process.kill()


def output(process: subprocess.Popen[str]) -> IO[str]:
    """Return the program's standard output."""
    assert process.stdout
    return process.stdout


@pytest.mark.parametrize("program", [False], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_on_a_signal(
    program: subprocess.Popen[str], number: signal.Signals
) -> None:
    """The first line is for programs, the rest for people."""
    first = output(program).readline()
    url = re.fullmatch(r"listening on (http://127\.0\.0\.1:\d+)\n", first)
    assert url
    version = httpx.get(url[1] + "/serverless/version", trust_env=False).content

    program.send_signal(number)
    rest = output(program).read()

    assert version == b'{"version":"0.12.0"}'
    assert program.wait(2) == 0
    assert all(word in rest for word in ("made up", "ak-simulated", "curl -X PUT"))


@pytest.mark.parametrize("program", [True], indirect=True)
def test_it_ends_with_its_parent(program: subprocess.Popen[str]) -> None:
    """Standard input closes when whoever started it is gone."""
    output(program).readline()
    assert program.stdin

    program.stdin.close()

    assert program.wait(5) == 0


def test_an_unknown_scenario_is_no_start(capsys: pytest.CaptureFixture[str]) -> None:
    """It is said in a sentence."""
    status = serve(scenario="sunny")

    assert status == 2
    assert "no scenario 'sunny'" in capsys.readouterr().err


def test_an_address_of_others_is_no_start(capsys: pytest.CaptureFixture[str]) -> None:
    """The same: 192.0.2.1 is an address for documentation, so nobody has it."""
    status = serve(host="192.0.2.1")

    assert status == 2
    assert capsys.readouterr().err == (
        "tm-exporter: cannot listen on 192.0.2.1:0: cannot assign requested address\n"
    )
