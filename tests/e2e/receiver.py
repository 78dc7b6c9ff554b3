"""What Alertmanager sends its notifications to: a web server that keeps them all."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Notification:
    """
    One request of Alertmanager's webhook.

    Attributes:
        path: Which receiver it is for.
        status: `firing` or `resolved`, as a whole.
        alerts: What it is about, each with its labels and annotations.
    """

    path: str
    status: str
    alerts: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        names = sorted(
            " ".join((a["labels"]["alertname"], a["labels"].get("target", "")))
            for a in self.alerts
        )
        return f"{self.path} {self.status}: {', '.join(names)}"


@dataclass
class Receiver:
    """
    A running receiver.

    Attributes:
        url: Where it listens.
        notifications: What has come so far, on all paths.
    """

    url: str
    notifications: list[Notification] = field(default_factory=list)

    def at(self, path: str) -> list[Notification]:
        """Return what has come on a path so far, oldest first."""
        return [each for each in list(self.notifications) if each.path == path]


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    """Run a receiver that takes every notification at once."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    kept = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    server.keep = kept.notifications.append  # type: ignore[attr-defined]  # for the handler
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Keeps the body of a POST."""

    def do_POST(self) -> None:
        """Take a notification."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        kept = Notification(self.path, body["status"], tuple(body["alerts"]))
        self.server.keep(kept)  # type: ignore[attr-defined]  # set where it is started
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
