"""An OpenAI-compatible server that nobody here wrote: llmock, as a real process."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.e2e.children import child


PROGRAM = Path(__file__).parents[2] / ".tools/peer/bin/llmock"


@dataclass(frozen=True)
class MockServer:
    """
    A running server.

    Attributes:
        url: Where it listens.
    """

    url: str

    def behave(self, **behaviour: object) -> None:
        """Have the answer to every streamed request go wrong in one way."""
        stream_only = {"times": None, "match": {"stream": True}}
        self._control("POST", {"behaviors": [{**stream_only, **behaviour}]})

    def recover(self) -> None:
        """Answer as it should again."""
        self._control("DELETE", None)

    def _control(self, method: str, content: object) -> None:
        httpx.request(
            method, f"{self.url}/_llmock/scenario", json=content, trust_env=False
        ).raise_for_status()


@contextlib.contextmanager
def mock_server(folder: Path, *, latency: float, gap: float) -> Iterator[MockServer]:
    """
    Run the server with real waits.

    Args:
        folder: For its output.
        latency: Seconds before it answers anything but `/health`.
        gap: Seconds between two chunks of a stream, of which the first one names
            the role and has no content.
    """
    assert PROGRAM.is_file(), f"{PROGRAM} is missing: run make parts"
    with child(
        folder,
        *(PROGRAM, "serve", "--host", "127.0.0.1", "--port", "0"),
        *("--latency-ms", f"{latency * 1000:.0f}"),
        *("--stream-chunk-delay-ms", f"{gap * 1000:.0f}"),
        *("--response-style", "hello"),
    ) as process:
        yield MockServer(process.announced(r"Uvicorn running on (http://\S+)"))
