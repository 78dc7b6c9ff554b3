"""
Servers that each misbehave in their own way, as a process of their own.

What they do must not take the time of the program under test. Prints their URLs as
JSON, and ends with its standard input.
"""

import contextlib
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.faults.scene import BOMB
from tests.scripted_server import (
    Step,
    answer,
    head,
    request,
    reset,
    send,
    send_for_ever,
    serving,
    silence,
)
from tests.verdict.answers import ROLE


STREAM = head("Content-Type: text/event-stream")
LINES = gzip.compress(b":\n" * 4_500_000, 1)
ZIPPED = ("Content-Encoding: gzip",)
BROKEN: Mapping[str, tuple[Step, ...]] = {
    "silent": (request, silence),
    "resetting": (request, reset),
    "bomb": (request, send(answer(BOMB, *ZIPPED, media="text/event-stream"))),
    "lines": (request, send(answer(LINES, *ZIPPED, media="text/event-stream"))),
    "endless": (request, send(STREAM), send_for_ever(ROLE, every=0.001)),
    "dripping": (request, send(STREAM), send_for_ever(b"d", every=0.01)),
    "slow-head": (request, send(b"HTTP/1.1 200 OK\r\n"), send_for_ever(b"X", 0.01)),
    "greeting": (send(b"SSH-2.0-OpenSSH_9.2\r\n"), silence),
}


def main() -> None:
    """Serve until nobody wants it any more."""
    with contextlib.ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(*steps)) for name, steps in BROKEN.items()
        }
        urls = {name: server.url.rstrip("/") for name, server in servers.items()}
        sys.stdout.write(json.dumps(urls) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


@contextlib.contextmanager
def crowd() -> Iterator[dict[str, str]]:
    """Run the servers for as long as the block lasts; give their URLs by name."""
    with subprocess.Popen(
        (sys.executable, "-m", "tests.faults.crowd"),
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            urls: dict[str, str] = json.loads(process.stdout.readline())
            yield urls
        finally:
            process.stdin.close()
            process.wait(20)


if __name__ == "__main__":
    main()
