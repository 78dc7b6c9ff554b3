"""The compose files, started by podman-compose as they are."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson

from tests.image.engine import Engine
from tests.scripted_server import free_port


@dataclass(frozen=True)
class Project:
    """
    What compose files describe.

    Attributes:
        engine: What runs it.
        files: The compose files, the first of which says where paths begin.
        ports: By service, in capitals, its port on loopback.
    """

    engine: Engine
    files: tuple[Path, ...]
    ports: Mapping[str, int] = field(
        default_factory=lambda: {
            name: free_port() for name in ("EXPORTER", "PROMETHEUS", "ALERTMANAGER")
        }
    )

    def up(self, *services: str) -> None:
        """Start services, with nothing but images that are there."""
        self._compose("up", "--detach", "--no-build", *services)

    def down(self, *options: str) -> None:
        """End and remove what runs."""
        self._compose("down", "--timeout", "5", *options)

    def text(self, service: str, path: str) -> str:
        """Return what a service answers; nothing as long as it cannot."""
        url = f"http://127.0.0.1:{self.ports[service]}{path}"
        try:
            answer = httpx.get(url, trust_env=False, timeout=5)
        except httpx.TransportError:
            return ""
        return answer.text if answer.is_success else ""

    def ask(self, service: str, path: str) -> Any:
        """Return what a service answers in JSON; None as long as it cannot."""
        text = self.text(service, path)
        return orjson.loads(text) if text else None

    def execute(self, service: str, *command: str, status: int | None = 0) -> str:
        """Run a program beside a service, and return what it printed."""
        return self._compose("exec", "-T", service, *command, status=status)

    def _compose(self, *words: str, status: int | None = 0) -> str:
        files = [word for file in self.files for word in ("--file", str(file))]
        variables = {f"{name}_PORT": str(port) for name, port in self.ports.items()}
        command = ("podman-compose", *files, *words)
        return self.engine.run(*command, variables=variables, status=status)


@contextlib.contextmanager
def running(project: Project, *services: str) -> Iterator[Project]:
    """Start services of a project, and end it with all that it kept."""
    project.up(*services)
    try:
        yield project
    finally:
        project.down("--volumes")
