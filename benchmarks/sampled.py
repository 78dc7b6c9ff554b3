"""Where the daemon spends its time: py-spy looks at its stacks 250 times a second."""

import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.parts import (
    PartMissingError,
    Parts,
    exporter,
    health_targets,
    truth_server,
)


PY_SPY = ROOT / ".tools/profile/bin/py-spy"
PER_SECOND = 200
SETTLING = 3.0

PARTS = (
    ("TLS", r"\(ssl\.py|start_tls|_decrypt"),
    ("looking up the name", r"clients/resolver|getaddrinfo"),
    ("h11 and httpx", r"/?(h11|httpx)/"),
    ("the client", r"tm_exporter/clients/"),
    ("the verdict", r"tm_exporter/(judging|verdict|probes|wire)"),
    ("series, history, log, comparisons", r"tm_exporter/(sinks|derivations|logs)"),
    ("pages", r"tm_exporter/(exposition|web)|uvicorn|starlette"),
    ("schedule and runner", r"tm_exporter/(schedule|runner|daemon)|apscheduler"),
)
"""What a frame belongs to. The innermost one that fits tells of its stack."""

OTHERS = "the event loop, and the rest"


def part_of(stack: str) -> str:
    """Return what a stack belongs to; its frames are apart by `;`, innermost last."""
    for frame in reversed(stack.split(";")):
        for name, pattern in PARTS:
            if re.search(pattern, frame):
                return name
    return OTHERS


def shares(lines: Iterable[str]) -> dict[str, float]:
    """Return the share of each part, the largest first, of stacks with counts."""
    found: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        found[part_of(stack)] += int(count)
    return {name: many / found.total() for name, many in found.most_common()}


def sample(parts: Parts, seconds: int) -> dict[str, float]:
    """
    Return the shares of a daemon with 200 https probes a second.

    Raises:
        PartMissingError: There is no py-spy, or it may not look.
    """
    output = parts.folder / "stacks"
    with truth_server(parts, tls=True) as url:
        targets = health_targets(
            url, targets=PER_SECOND, probes=1, interval="1s", ca=parts.small_ca
        )
        with exporter(parts.folder, targets) as (pid, _):
            time.sleep(SETTLING)
            _look(pid, seconds, output)
    return shares(output.read_text().splitlines())


def _look(pid: int, seconds: int, output: Path) -> None:
    command = [
        *(str(PY_SPY), "record", "--nonblocking", "--rate", "250", "--format", "raw"),
        *("--duration", str(seconds), "--output", str(output), "--pid", str(pid)),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise PartMissingError("make .tools/profile/.complete fetches it") from error
    except subprocess.CalledProcessError as error:
        raise PartMissingError(error.stderr[-2000:]) from error
