"""
Say where the time of an https probe goes: instructions, and stacks of the daemon.

The instructions are counted by the library that they are in. The probe runs some
times under valgrind's callgrind, and then three times as often: the difference is the
probe, without the start. The figures are those of user space, and the same at each
run but for a percent, whatever else the machine does.

usage: python -m benchmarks.profiled [--output FILE] [--short]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.machine import ROOT, python
from benchmarks.parts import (
    PartMissingError,
    Parts,
    health_targets,
    prepare,
    truth_server,
)
from benchmarks.sampled import sample


OUTPUT = ROOT / "docs/performance-profile.json"
_OURS = ROOT / ".tools/bench/usr"

PARTS = (
    ("OpenSSL", r"lib(crypto|ssl)\b"),
    ("the Python interpreter", r"/(lib)?python3[^/]*$"),
    ("Python's modules in C", r"\.cpython-[^/]*\.so$"),
    ("the C library", r"/(libc|libm|ld-linux[^/]*|libpthread)\b"),
)
"""What an object file belongs to: the first pattern that fits."""


def instructions(lines: Iterable[str]) -> Counter[str]:
    """
    Return the instructions of each part, from a file of callgrind's.

    Costs that stand after a `calls=` line are those of what was called, which are
    told where they belong as well.
    """
    names: dict[str, str] = {}
    found: Counter[str] = Counter()
    part, is_called = "others", False
    for line in lines:
        if said := re.match(r"(c?)ob=\((\d+)\)(?: (.*))?", line):
            is_callee, number, name = said.groups()
            if name:  # told the first time that it is spoken of
                names[number] = name.strip()
            if not is_callee:
                part = part_of(names[number])
        elif line.startswith("calls="):
            is_called = True
        elif cost := re.match(r"[+\-*\d][\dxa-f]* (\d+)", line):
            if not is_called:
                found[part] += int(cost[1])
            is_called = False
    return found


def part_of(path: str) -> str:
    """Return what an object file belongs to."""
    fits = (name for name, pattern in PARTS if re.search(pattern, path))
    return next(fits, "others")


def measure(parts: Parts, runs: int) -> Counter[str]:
    """
    Return the instructions of one probe.

    Raises:
        PartMissingError: There is no valgrind.
    """
    folder = parts.folder
    with truth_server(parts, tls=True) as url:
        targets = health_targets(
            url, targets=1, probes=1, interval="60s", ca=parts.small_ca
        )
        config = folder / "profile.json"
        config.write_text(json.dumps({"targets": targets}))
        few, many = (_counted(config, folder, times) for times in (runs, 3 * runs))
    many.subtract(few)
    return Counter({name: count // (2 * runs) for name, count in many.items()})


def _counted(config: Path, folder: Path, runs: int) -> Counter[str]:
    """Run the probe under valgrind."""
    valgrind = _OURS / "bin/valgrind"
    output = folder / "callgrind"
    command = [
        *(str(valgrind), "--tool=callgrind", f"--callgrind-out-file={output}"),
        *(python(), "-m", "benchmarks.loop_program", str(config), "1", str(runs)),
    ]
    environ = {**os.environ, "VALGRIND_LIB": str(_OURS / "libexec/valgrind")}
    try:
        subprocess.run(
            command, check=True, capture_output=True, text=True, env=environ, cwd=ROOT
        )
    except FileNotFoundError as error:
        raise PartMissingError("make .tools/bench/.complete fetches it") from error
    except subprocess.CalledProcessError as error:
        raise PartMissingError(error.stderr[-2000:]) from error
    with output.open() as lines:
        return instructions(lines)


def main(words: list[str] | None = None) -> int:
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiled")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--short", action="store_true", help="only see that it works")
    options = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as folder:
        parts = prepare(Path(folder))
        stacks = sample(parts, 2 if options.short else 20)
        found = measure(parts, 2 if options.short else 20)
    told = {
        "instructions": found.total(),
        "parts": dict(found.most_common()),
        "daemon": {name: round(share, 3) for name, share in stacks.items()},
    }
    options.output.write_text(f"{json.dumps(told, indent=1)}\n")
    for name, count in found.most_common():
        share = 100 * count / found.total()
        sys.stdout.write(f"{name:26}{count / 1e6:8.2f} M {share:5.1f} %\n")
    for name, share in stacks.items():
        sys.stdout.write(f"{name:36}{100 * share:5.1f} %\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
