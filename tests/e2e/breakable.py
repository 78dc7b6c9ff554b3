"""A simulated service as a process, behind a proxy that can be killed."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.children import TM_EXPORTER, child
from tests.scripted_server import free_port, head, relay, request, send, serving


@dataclass
class Service:
    """
    The simulated service, and the only way to it.

    Attributes:
        url: Where it listens.
        proxy_port: Of the proxy in front of it.
    """

    url: str
    proxy_port: int
    _proxy: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def play(self, scenario: str, surface: str | None = None) -> None:
        """Put a scenario in force, on one surface or where it applies."""
        self._tell("PUT", "scenario", {"name": scenario, "surface": surface})
        self.hurry()

    def hurry(self) -> None:
        """Have it answer as fast as time goes here."""
        self.switch(first_token_seconds=0.02, gap_seconds=0.001)

    def switch(self, **switches: Any) -> None:
        """Set single switches."""
        self._tell("PATCH", "switches", switches)

    def open_proxy(self) -> None:
        """Let what asks the proxy through."""
        opened = head(status="200 Connection established")
        steps = (request, send(opened), relay(httpx.URL(self.url).port or 0))
        self._proxy.enter_context(serving(*steps, port=self.proxy_port))

    def kill_proxy(self) -> None:
        """Break all connections through the proxy, and refuse new ones."""
        self._proxy.close()

    def _tell(self, method: str, route: str, wanted: Mapping[str, Any]) -> None:
        answer = httpx.request(
            method, f"{self.url}/simulator/{route}", json=wanted, trust_env=False
        )
        answer.raise_for_status()


@contextlib.contextmanager
def breakable_service(folder: Path) -> Iterator[Service]:
    """Run a simulated service that answers as fast as its time goes."""
    with child(folder, TM_EXPORTER, "simulate", "--listen", "127.0.0.1:0") as process:
        url = process.announced(r"^listening on (http://\S+)$")
        service = Service(url, free_port())
        service.hurry()
        service.open_proxy()
        try:
            yield service
        finally:
            service.kill_proxy()
