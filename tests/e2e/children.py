"""Real processes: started with a clean environment, always ended."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.waiting import eventually


TM_EXPORTER = Path(sys.executable).with_name("tm-exporter")

_LOOK = 0.05


@dataclass(frozen=True)
class Child:
    """
    A running process, the head of a process group of its own.

    Attributes:
        process: What was started.
        folder: Where it writes `stdout` and `stderr`, and may keep other files.
    """

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def stdout(self) -> str:
        """What it has printed so far."""
        return (self.folder / "stdout").read_text()

    @property
    def stderr(self) -> str:
        """What it has logged so far."""
        return (self.folder / "stderr").read_text()

    def announced(self, pattern: str, *, within: float = 20) -> str:
        """Wait until a line of its output matches, and return the first group."""

        def found() -> str | None:
            match = re.search(pattern, self.stdout + self.stderr, re.MULTILINE)
            self._is_running()
            return match and match[1]

        return eventually(
            found, within=within, what=f"{pattern!r} in the output", context=self._tail
        )

    def end(self, with_signal: signal.Signals, *, within: float) -> int:
        """
        Send a signal and return the exit status, or raise if it takes longer.

        What counts is time in which this process got on: when the whole machine stands
        still, so does the one that is to end.
        """
        self.process.send_signal(with_signal)
        for _ in range(round(within / _LOOK)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.process.wait(_LOOK)
        raise subprocess.TimeoutExpired(self.process.args, within)

    def group_is_gone(self) -> bool:
        """Whether neither it nor a process that it started is left."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def _is_running(self) -> None:
        status = self.process.poll()
        assert status is None, f"ended with {status}: {self._tail()}"

    def _tail(self) -> str:
        return "\n".join((self.stdout + self.stderr).splitlines()[-20:])


@contextlib.contextmanager
def child(
    folder: Path, *command: str | Path, environment: Mapping[str, str] | None = None
) -> Iterator[Child]:
    """
    Run a command, and end it and all that it started afterwards.

    Args:
        folder: For its output and as its home.
        command: Program and arguments.
        environment: Variables besides PATH and HOME, which are all it inherits.
    """
    inherited = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with (
        (folder / "stdout").open("wb") as output,
        (folder / "stderr").open("wb") as log,
        subprocess.Popen(  # noqa: S603  # every command is written in a test
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=log,
            env={**inherited, **(environment or {})},
            cwd=folder,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Child(process, folder)
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
