"""
Fuzz each target for as long as FUZZ_SECONDS says, and print a line for each.

What is found is kept in .cache/fuzz, from run to run; an input that is a crash is
told, and belongs into tests/fuzz/seeds together with the fix.

usage: python -m tests.fuzz [TARGET ...]
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.targets import SEEDS, TARGETS


FOUND = Path(".cache/fuzz")
MOST_MEMORY = 1024  # MB of the whole fuzzer, with all inputs that it remembers
MOST_AT_ONCE = 128  # MB that a reader may ask for in one piece
MOST_BYTES = 65_536  # of an input
STUCK = 60  # seconds by the clock, on a machine that may have much else to do
GRACE = 120


class Run(NamedTuple):
    """
    What came of fuzzing one target.

    Attributes:
        name: Of the target.
        executions, speed: How many inputs it was given, in all and each second.
        inputs: How many are worth keeping, as each reaches something of its own.
        crashes: Files with the inputs that are crashes.
        status: Of the fuzzer's end; 0 if all is well.
    """

    name: str
    executions: int
    speed: int
    inputs: int
    crashes: tuple[Path, ...]
    status: int

    def __str__(self) -> str:
        """Return the line for people."""
        told = ", ".join(map(str, self.crashes)) or "none"
        if self.status and not self.crashes:
            told = f"the fuzzer ended early, with status {self.status}"
        return (
            f"{self.name:18} {self.executions:>10,} inputs  {self.speed:>6,}/s  "
            f"{self.inputs:>6,} kept  crashes: {told}"
        )


def fuzz(name: str, seconds: int) -> Run:
    """Fuzz one target for so many seconds."""
    corpus, crashes = FOUND / name / "corpus", FOUND / name / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(crashes.iterdir())
    log = FOUND / name / "log.txt"
    command = [
        *(sys.executable, "-m", "tests.fuzz.one", name),
        *(f"-max_total_time={seconds}", f"-timeout={STUCK}", f"-max_len={MOST_BYTES}"),
        f"-report_slow_units={STUCK}",
        *(f"-rss_limit_mb={MOST_MEMORY}", f"-malloc_limit_mb={MOST_AT_ONCE}"),
        *("-print_final_stats=1", f"-artifact_prefix={crashes}/"),
        *(str(corpus), str(SEEDS / name)),
    ]
    with log.open("wb") as file:
        status = subprocess.run(  # noqa: S603 -- ourselves
            command,
            stdout=file,
            stderr=file,
            timeout=seconds + GRACE,
            check=False,
        ).returncode
    text = log.read_text("utf-8", "replace")
    return Run(
        name,
        executions=_told(text, "number_of_executed_units"),
        speed=_told(text, "average_exec_per_sec"),
        inputs=len(list(corpus.iterdir())),
        crashes=tuple(sorted(set(crashes.iterdir()) - before)),
        status=status,
    )


def main(names: Sequence[str]) -> int:
    """Fuzz the targets of these names, or all; 1 if there was a crash."""
    seconds = int(os.environ.get("FUZZ_SECONDS", "600"))
    jobs = int(os.environ.get("FUZZ_JOBS", "1"))
    good = True
    with ThreadPoolExecutor(jobs) as pool:
        for run in pool.map(lambda name: fuzz(name, seconds), names or TARGETS):
            sys.stdout.write(f"{run}\n")
            sys.stdout.flush()
            good = good and not run.status and not run.crashes
    return 0 if good else 1


def _told(text: str, what: str) -> int:
    """Return one of the fuzzer's final numbers, 0 where it ended without."""
    found = re.search(rf"stat::{what}:\s+(\d+)", text)
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
