"""A service that says every secret it was sent, wherever an answer has a place."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import quote

from tests.e2e.markers import padded


_ORDINARY = {
    *("host", "user-agent", "accept", "accept-encoding", "connection"),
    *("content-type", "content-length"),
}


class _Handler(BaseHTTPRequestHandler):
    """Answers by the first part of the path: refuse, redirect, name, stream."""

    protocol_version = "HTTP/1.1"
    came: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self) -> None:
        """Answer a request."""
        self._note()
        way = self.path.split("/")[1]
        answer = getattr(self, f"_{way}", self._refuse)
        answer()

    def do_POST(self) -> None:
        """Answer a request that has a body."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

    def do_CONNECT(self) -> None:
        """Refuse to be a proxy."""
        self._note()
        said = " ".join(self._secrets())
        self.send_response(407, f"not with {said}")
        self.send_header("proxy-authenticate", f'Basic realm="{said}"')
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _note(self) -> None:
        to_proxy = "proxy: " if self.command == "CONNECT" else ""
        for name, value in self.headers.items():
            self.came.append((f"{to_proxy}{name.lower()}", value))

    def _secrets(self) -> list[str]:
        """Return what was sent that is a secret, without what is before it."""
        return [
            re.split("^(?:[A-Za-z]+ |session=)", value)[-1]
            for name, value in self.headers.items()
            if name.lower() not in _ORDINARY
        ] or ["nothing"]

    def _texts(self) -> list[str]:
        return [text for secret in self._secrets() for text in padded(secret)]

    def _refuse(self) -> None:
        """Say with a 401 what the wrong key was."""
        said = " ".join(self._texts())
        error = {"message": said, "type": said, "code": said, "param": said}
        self._answer(401, {"error": error, "message": said, "code": 16})

    def _redirect(self) -> None:
        """Send it elsewhere, with the key in the path, the name and the query."""
        secrets = quote("".join(self._secrets()), safe="")
        port = self.connection.getsockname()[1]
        there = f"http://localhost:{port}/name/{secrets}?key={secrets}#{secrets}"
        self._answer(307, {}, location=there)

    def _name(self) -> None:
        """Answer well, with secrets for names."""
        route = self.path.partition("?")[0]
        said = self._texts()
        if route.endswith("/health"):
            self._answer(200, {"status": said[-1]})
        elif route.endswith("/version"):
            self._answer(200, {"version": said[5]})
        elif route.endswith("/models"):
            models = [
                {"id": name, "object": "model", "owned_by": name} for name in said
            ]
            self._answer(200, {"object": "list", "data": models})
        elif "chat/completions" in route:
            self._answer(200, _completion(said[3], said[9]))
        else:
            self._answer(200, {"object": said[1], "status": said[2]})

    def _stream(self) -> None:
        """Begin a stream, and end it with an error that says the key."""
        first = json.dumps(_completion("m", self._secrets()[0])).encode()
        error = {"error": {"message": self._texts(), "code": self._secrets()[0]}}
        body = b"data: %b\n\ndata: %b\n\n" % (first, json.dumps(error).encode())
        self._send(200, body, "text/event-stream")

    def _answer(self, status: int, document: Any, **headers: str) -> None:
        self._send(status, json.dumps(document).encode(), "application/json", **headers)

    def _send(self, status: int, body: bytes, kind: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        for number, text in enumerate(self._texts()):
            self.send_header(f"x-echo-{number}", text)
        self.send_header("x-request-id", self._texts()[-2])
        self.send_header("retry-after", self._secrets()[0])
        self.end_headers()
        self.wfile.write(body)


def _completion(model: str, said: str) -> dict[str, Any]:
    """Return an answer of chat from a model, whose build is named too."""
    message = {"role": "assistant", "content": said}
    return {
        "id": said,
        "object": "chat.completion",
        "model": model,
        "system_fingerprint": said,
        "choices": [{"index": 0, "message": message, "finish_reason": said}],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10},
    }


@contextmanager
def echoing_service() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Run it; yield its address, and the headers that came, as they come."""
    came: list[tuple[str, str]] = []
    handler = type("Handler", (_Handler,), {"came": came})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", came
    server.shutdown()
    server.server_close()
    thread.join()
