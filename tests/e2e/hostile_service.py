"""A service whose every name and text is made to do harm."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


MARKUP = (
    "\"'><script>window.hit=1</script><img src=x onerror='window.hit=1'>&lt;{{7*7}}"
)
TURNED = "\u202egnp.exe\u2066 \u05d0\u05d1 \U0001f4a9\U0001f469\u200d\U0001f4bb"
STEERING = "\x1b]0;owned\x07\x1b[2J\r\n\ttensormesh_probe_success 1\u2028end"
LONG = "x" * 10_000
ALL = f"{MARKUP} {TURNED} {STEERING} {LONG}"

MODEL = f"{MARKUP} {TURNED}"[:200]
"""What the configuration asks for: it may be of any characters, and so long."""


class _Handler(BaseHTTPRequestHandler):
    """Answers everything with the worst that the route could have."""

    def do_GET(self) -> None:
        """Answer a route that is free."""
        if self.path == "/health":
            self._answer(200, {})
        elif self.path == "/version":
            self._answer(200, {"version": ALL})
        else:
            names = (MODEL, ALL, LONG, STEERING)
            models = [{"id": name, "object": "model"} for name in names]
            self._answer(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        """Refuse whatever is asked."""
        self.rfile.read(int(self.headers["content-length"]))
        error = {"message": ALL, "type": ALL, "code": ALL, "param": ALL}
        self._answer(400, {"error": error, "object": "error"})

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("x-request-id", "<script>window.hit=1</script>\x1b[31m")
        self.send_header("set-cookie", "session=of-somebody")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def hostile_service() -> Iterator[str]:
    """Run it, and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
