"""A token which a program prints: when it is run, and what may go wrong."""

import asyncio
import base64
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tm_exporter.config.token_command import CommandSecret
from tm_exporter.credentials import SecretUnavailable


FIRST_LINE = "the first line of token_command's output"


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        """Return the time, in seconds."""
        return self.time


def jwt(expires: object) -> str:
    """Return a token that says when it expires."""
    claims = json.dumps({"exp": expires}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.sig"


class Program:
    """A program which prints what a file has, and notes every run in another."""

    def __init__(self, folder: Path) -> None:
        self.output = folder / "output"
        self._runs = folder / "runs"
        self._script = folder / "script.py"
        self._script.write_text(
            "import pathlib, sys\n"
            f"open({str(self._runs)!r}, 'a').write('.')\n"
            f"text = pathlib.Path({str(self.output)!r}).read_text()\n"
            "sys.stderr.write('hunter2')\n"
            "sys.stdout.write(text)\n"
            "sys.exit(3 if text == 'fail' else 0)\n"
        )

    @property
    def argv(self) -> tuple[str, ...]:
        """Program and arguments."""
        return (sys.executable, "-S", str(self._script))

    @property
    def runs(self) -> int:
        """How often it was run."""
        return len(self._runs.read_text()) if self._runs.exists() else 0


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return a program that prints `first`."""
    made = Program(tmp_path)
    made.output.write_text("first\nsecond line\n")
    return made


@pytest.fixture
def clock() -> Clock:
    """Return a clock for both kinds of time."""
    return Clock()


@pytest.fixture
def secret(program: Program, clock: Clock) -> CommandSecret:
    """Return the reader of that program's token."""
    return CommandSecret(program.argv, clock=clock, now=clock)


async def value(secret: CommandSecret) -> str:
    """Return what a reader gives now."""
    return (await secret.get()).get_secret_value()


async def test_the_first_line_is_the_token(secret: CommandSecret) -> None:
    """Some tools print more below it."""
    assert await value(secret) == "first"
    assert secret.warnings() == ()


async def test_it_is_kept(secret: CommandSecret, program: Program) -> None:
    """A token which does not say when it expires is good until it is refused."""
    await secret.get()
    await secret.get()

    assert program.runs == 1


async def test_those_who_wait_share_a_run(
    secret: CommandSecret, program: Program
) -> None:
    """All probes of a target begin at once after a start."""
    await asyncio.gather(*(secret.get() for _ in range(20)))

    assert program.runs == 1


async def test_a_caller_that_leaves_stops_nobody(
    secret: CommandSecret, program: Program
) -> None:
    """A run that ran out of time must not cost the others their token."""
    impatient = asyncio.create_task(secret.get())
    patient = asyncio.create_task(secret.get())
    await asyncio.sleep(0)
    impatient.cancel()

    assert (await patient).get_secret_value() == "first"
    assert program.runs == 1


async def test_a_refused_token_is_renewed_once_a_minute(
    secret: CommandSecret, program: Program, clock: Clock
) -> None:
    """A 401 renews it, and a service that refuses everything is no reason to spin."""
    await secret.get()
    program.output.write_text("later")
    secret.rejected()

    clock.time += 59
    too_early = await value(secret)
    clock.time += 1

    assert (too_early, await value(secret)) == ("first", "later")
    assert program.runs == 2


async def test_it_is_renewed_before_it_expires(
    secret: CommandSecret, program: Program, clock: Clock
) -> None:
    """So that no request is sent with one that has just expired."""
    program.output.write_text(jwt(clock() + 600))
    await secret.get()
    program.output.write_text("later")

    clock.time += 500
    still = await value(secret)
    clock.time += 20

    assert still != "later"
    assert await value(secret) == "later"


async def test_a_failed_renewal_is_bridged_until_expiry(
    secret: CommandSecret, program: Program, clock: Clock
) -> None:
    """The old one is as good as it was; afterwards it is no use."""
    program.output.write_text(jwt(clock() + 600))
    token = await value(secret)
    program.output.write_text("fail")

    clock.time += 550
    bridged = await value(secret)
    clock.time += 60

    assert bridged == token
    with pytest.raises(SecretUnavailable, match="ended with status 3"):
        await secret.get()


async def test_a_failure_is_not_tried_again_at_once(
    secret: CommandSecret, program: Program, clock: Clock
) -> None:
    """Every probe would run it, each time."""
    program.output.write_text("fail")
    for _ in range(3):
        with pytest.raises(SecretUnavailable):
            await secret.get()
    assert program.runs == 1

    program.output.write_text("later")
    clock.time += 60

    assert await value(secret) == "later"


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ("fail", "token_command ended with status 3"),
        ("", f"{FIRST_LINE} is empty"),
        ("\nhunter2", f"{FIRST_LINE} is empty"),
        (
            "hun\x01ter2",
            f"{FIRST_LINE} has a character that no header can carry",
        ),
        ("x" * 70000, "token_command printed more than 64 KiB"),
    ],
    ids=["status", "nothing", "empty line", "control character", "too much"],
)
async def test_a_failure_is_a_sentence(
    secret: CommandSecret, program: Program, output: str, why: str
) -> None:
    """Neither what it printed nor what it said on standard error is in it."""
    program.output.write_text(output)

    with pytest.raises(SecretUnavailable) as caught:
        await secret.get()

    assert str(caught.value) == why


async def test_a_missing_program_is_a_sentence(tmp_path: Path) -> None:
    """Its path is in the configuration."""
    with pytest.raises(SecretUnavailable) as caught:
        await CommandSecret([str(tmp_path / "none")]).get()

    assert str(caught.value) == (
        "token_command cannot be started: No such file or directory"
    )


async def test_a_program_that_hangs_is_killed_with_its_children(
    tmp_path: Path, is_alive: Callable[[int], bool]
) -> None:
    """A login helper that waits for a person would otherwise pile up."""
    pid = tmp_path / "pid"
    script = f"sleep 60 & echo $! > {pid}; wait"

    with pytest.raises(SecretUnavailable, match=r"did not end within 0\.5s"):
        await CommandSecret(["/bin/sh", "-c", script], timeout=0.5).get()

    assert not is_alive(int(pid.read_text()))


async def test_more_than_any_pipe_holds_is_refused_at_once() -> None:
    """Several endless programs at a time, each of them dead afterwards."""
    secrets = [CommandSecret(["/bin/sh", "-c", "yes; :"]) for _ in range(5)]

    async with asyncio.timeout(5):
        answers = await asyncio.gather(
            *(secret.get() for secret in secrets), return_exceptions=True
        )

    assert [str(answer) for answer in answers] == [
        "token_command printed more than 64 KiB"
    ] * 5


async def test_too_much_is_forgiven_a_minute_later(
    secret: CommandSecret, program: Program, clock: Clock
) -> None:
    """A login helper that was chatty once must not cost the target for ever."""
    program.output.write_text("x" * 5_000_000)
    with pytest.raises(SecretUnavailable, match="more than 64 KiB"):
        await secret.get()
    program.output.write_text("later")
    clock.time += 60

    assert await value(secret) == "later"


async def test_what_a_program_leaves_running_is_not_waited_for(
    tmp_path: Path, is_alive: Callable[[int], bool]
) -> None:
    """An agent in the background holds the standard output that it inherited."""
    pid = tmp_path / "pid"
    script = f"echo token; sleep 60 & echo $! > {pid}"
    try:
        async with asyncio.timeout(5):
            assert await value(CommandSecret(["/bin/sh", "-c", script])) == "token"
        assert is_alive(int(pid.read_text()))
    finally:
        os.kill(int(pid.read_text()), signal.SIGKILL)


async def test_a_program_may_close_its_output_before_it_ends() -> None:
    """The status is worth waiting for: it may yet fail."""
    script = "echo token; exec >&-; sleep 0.1; exit 7"

    with pytest.raises(SecretUnavailable, match="ended with status 7"):
        await CommandSecret(["/bin/sh", "-c", script]).get()


def test_a_shutdown_leaves_neither_program_nor_noise(
    tmp_path: Path, is_alive: Callable[[int], bool]
) -> None:
    """The loop is closed while a program runs, and one has printed too much."""
    pid = tmp_path / "pid"
    script = f"echo $$ > {pid}; sleep 60"

    async def main() -> None:
        waiting = asyncio.create_task(CommandSecret(["/bin/sh", "-c", script]).get())
        with contextlib.suppress(SecretUnavailable):
            await CommandSecret(["yes"]).get()
        async with asyncio.timeout(5):
            while not (pid.exists() and pid.read_text()):
                await asyncio.sleep(0.01)
        assert not waiting.done()

    asyncio.run(main())
    gc.collect()  # what complains when it is collected does so now

    assert not is_alive(int(pid.read_text()))


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Return a function that says whether a process runs; a zombie does not."""

    def check(pid: int) -> bool:
        stat = Path(f"/proc/{pid}/stat")
        try:
            return stat.read_text().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False

    return check
