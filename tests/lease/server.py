"""
An API server and a service in one place, over real sockets, where things go wrong.

Both see who asks: instances have tokens of their own for the one, and paths of their
own for the other, which passes requests on to a simulated service.
"""

import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from tests.lease.leases import Leases, status


Fault = Literal["", "silent", "slow", "error", "conflict", "answer_lost"]

PATH = "/apis/coordination.k8s.io/v1/namespaces/"
SLOW = 0.4
"""Seconds that a slow API server takes for each call."""

_GONE = 20.0  # seconds, after which nobody waits any more


@dataclass(frozen=True)
class Payment:
    """A paid request, as it arrived."""

    at: float
    payer: str
    holder: str


@dataclass
class Place:
    """
    What both servers know.

    Attributes:
        service: Address of the simulated service.
        leases: All there are.
        faults: What goes wrong with the calls of each instance.
        payments: Paid requests in order of time, with who had the lease then.
        calls: How often each instance called the API server.
    """

    service: str
    leases: Leases = field(default_factory=Leases)
    faults: defaultdict[str, Fault] = field(default_factory=lambda: defaultdict(_none))
    payments: list[Payment] = field(default_factory=list)
    calls: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def lease(self, name: str = "tm-exporter") -> dict[str, Any]:
        """Return a lease as it is now; an empty object where there is none."""
        with self.lock:
            return self.leases.kept.get(("default", name), {})

    @property
    def holder(self) -> str:
        """The name of the pod that holds the lease; empty if nobody does."""
        spec = self.lease().get("spec", {})
        return str(spec.get("holderIdentity") or "").rpartition("_")[0]


def _none() -> Fault:
    return ""


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    place: Place
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a lease, or what the service says."""
        self._answer()

    def do_POST(self) -> None:
        """Make a lease, or pass on a paid request."""
        self._answer()

    def do_PUT(self) -> None:
        """Write a lease."""
        self._answer()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        length = int(self.headers.get("content-length", 0))
        content = self.rfile.read(length)
        with contextlib.suppress(ConnectionError):
            if self.path.startswith(PATH):
                self._answer_of_api(content)
            else:
                self._pass_on(content)

    def _answer_of_api(self, content: bytes) -> None:
        place = self.place
        who = self.headers.get("authorization", "").removeprefix("Bearer token-of-")
        place.calls[who] += 1
        fault = place.faults[who]
        if fault == "silent":
            time.sleep(_GONE)
            return
        if fault == "slow":
            time.sleep(SLOW)
        if fault == "error":
            self._send(500, status(500, "InternalError", "etcd is away"))
            return
        if fault == "conflict" and self.command == "PUT":
            self._send(409, status(409, "Conflict"))
            return
        with place.lock:
            code, body = self._done(content)
        if fault == "answer_lost":
            time.sleep(_GONE)
            return
        self._send(code, body)

    def _done(self, content: bytes) -> tuple[int, dict[str, Any]]:
        namespace, _, name = self.path.removeprefix(PATH).partition("/leases")
        where = namespace, name.strip("/")
        leases = self.place.leases
        if self.command == "GET":
            return leases.get(where)
        body = json.loads(content)
        if self.command == "POST":
            return leases.post(namespace, body)
        return leases.put(where, body)

    def _pass_on(self, content: bytes) -> None:
        payer, _, path = self.path.removeprefix("/").partition("/")
        if self.command == "POST":
            paid = Payment(time.monotonic(), payer, self.place.holder)
            self.place.payments.append(paid)
        request = urllib.request.Request(  # noqa: S310 -- loopback only
            f"{self.place.service}/{path}",
            data=content if self.command == "POST" else None,
            headers={
                "content-type": "application/json",
                "authorization": self.headers.get("authorization", ""),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                self._send(answer.status, json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            self._send(error.code, {})

    def _send(self, code: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def serving(service: str) -> Iterator[Place]:
    """Serve on a free port, in threads, until it ends."""
    place = Place(service)
    handler = type("Handler", (_Handler,), {"place": place})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    place.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
