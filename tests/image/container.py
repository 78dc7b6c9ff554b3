"""A container of the image, held as tightly as a cluster would."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.children import Child, child
from tests.e2e.daemon import Daemon, listening
from tests.e2e.waiting import eventually
from tests.image.engine import Engine


IMAGE = "tm-exporter"
HARDENED = (
    *("--read-only", "--read-only-tmpfs=false", "--tmpfs", "/tmp:size=8m"),  # noqa: S108 -- the container's
    *("--cap-drop=ALL", "--security-opt", "no-new-privileges"),
    *("--memory", "128m", "--pids-limit", "64"),
)
NO_SHELL = tuple(
    f"--volume=/dev/null:/usr/bin/{shell}:ro" for shell in ("bash", "dash")
)


@dataclass(frozen=True)
class Container:
    """
    A running one.

    Attributes:
        name: Its name.
        child: The `podman run` which waits for it, and ends as it does.
        engine: What runs it.
    """

    name: str
    child: Child
    engine: Engine

    def daemon(self) -> Daemon:
        """Wait for the exporter's start line, and return it as seen from outside."""
        listening(self.child)
        return Daemon(
            self.child, f"http://{self.engine.podman('port', self.name, '9877')}"
        )

    def pid(self) -> int:
        """Return the number of its first process here; 0 as long as there is none."""
        name = "{{.State.Pid}}"
        said = self.engine.podman("inspect", "-f", name, self.name, status=None)
        return int(said or 0)

    def python(self, code: str) -> str:
        """Run a line of Python beside the exporter, and return what it printed."""
        return self.engine.podman("exec", self.name, "python", "-c", code)

    def is_healthy(self) -> bool:
        """Do once what the image's health check does."""
        said = self.engine.podman("healthcheck", "run", self.name, status=None)
        return not said

    def end(self, within: float) -> int:
        """
        Send SIGTERM and return the exit status.

        Its first process has to be gone in that time; podman may then clean up.
        """
        process = Path(f"/proc/{self.pid()}")
        self.engine.podman("kill", "--signal", "TERM", self.name)
        eventually(lambda: not process.exists(), within=within, what="end")
        return self.child.process.wait(30)


@contextlib.contextmanager
def container(engine: Engine, folder: Path, *command: str) -> Iterator[Container]:
    """Run a command of the image, with its port on some port of loopback."""
    folder.mkdir(exist_ok=True)
    name = folder.name
    with child(
        folder,
        *("podman", "run", "--rm", "--name", name, "--publish", "127.0.0.1::9877"),
        *(*HARDENED, *NO_SHELL, IMAGE, *command),
        environment=engine.environment,
    ) as process:
        made = Container(name, process, engine)
        try:
            yield made
        finally:
            engine.podman("rm", "--force", "--ignore", "--time", "0", name, status=None)


def demo(
    engine: Engine, folder: Path, *more: str
) -> contextlib.AbstractContextManager[Container]:
    """Run the demo where the container's port leads."""
    return container(engine, folder, "demo", "--listen", "0.0.0.0:9877", *more)


def started(found: Container) -> Container:
    """Wait until it answers."""
    daemon = found.daemon()
    eventually(lambda: _answers(daemon), within=10, what="answer of the exporter")
    return found


def _answers(daemon: Daemon) -> bool:
    with contextlib.suppress(OSError):
        return daemon.get("/-/healthy").status_code == 200
    return False
