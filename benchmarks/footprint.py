"""Memory, and the time until the first answer."""

import re
import subprocess
import time
from collections.abc import Iterator
from functools import partial

from benchmarks.asker import page, scrape, summed
from benchmarks.case import Case, Figures, Length
from benchmarks.machine import cpu_seconds, private_mb, python, resident_mb
from benchmarks.parts import Parts, blackbox, exporter, health_targets, truth_server
from tm_exporter.schedule.grid import FIRST_RUNS_PER_SECOND, FIRST_RUNS_WITHIN


INTERVAL = 60.0
"""Seconds between two runs of a probe, where there are many."""

MANY = 100
MOST_PROBES_OF_TARGET = 10
LONGEST = 180.0
"""Seconds after which an exporter with all probes run must have been seen."""

_SCRAPES = 3


def cases(parts: Parts, length: Length) -> Iterator[Case]:
    """Yield what is measured of memory and of the start."""
    for probes in length.probes:
        rounds = 1 if probes >= 1000 else 2
        measure = partial(_resting, parts, probes)
        yield Case("memory", f"{probes} probes", measure, rounds)
    yield Case("start", "until the first scrape", partial(_starting, parts))


def _resting(parts: Parts, probes: int) -> Figures:
    """Run an exporter until each probe ran, and look at its memory."""
    with truth_server(parts) as url:
        each = max(1, min(MOST_PROBES_OF_TARGET, probes))
        interval = INTERVAL if probes >= MANY else 1.0
        targets = health_targets(
            url,
            targets=max(1, probes // each),
            probes=each,
            interval=f"{interval:g}s",
        )
        if not probes:
            targets[0]["probes"]["health"] = False
        with exporter(parts.folder, targets, bound=False) as (pid, own):
            time.sleep(
                max(min(FIRST_RUNS_WITHIN, interval), probes / FIRST_RUNS_PER_SECOND)
            )
            _wait_for(own, probes)
            for _ in range(_SCRAPES):
                took = _seconds_of(own)
            text = page(own)
            return {
                "MB": resident_mb(pid),
                "private MB": private_mb(pid),
                "scrape s": took,
                "series": float(_lines(text)),
                "body bytes": float(len(text)),
                "missed": _missed(text),
                "cpu s": cpu_seconds(pid),
            }


def _wait_for(own: str, probes: int) -> None:
    """
    Wait until each probe ran.

    Raises:
        TimeoutError: Some did not.
    """
    until = time.monotonic() + LONGEST
    while time.monotonic() < until:
        if summed(page(own), "tensormesh_probe_attempts_total") >= probes:
            return
        time.sleep(2)  # a page of 10,000 probes is work
    raise TimeoutError(f"{probes} probes did not all run in {LONGEST} s")


def _missed(text: str) -> float:
    """Return how many slots were missed, of all probes."""
    row = r"^tensormesh_probe_skipped_total\{.*reason=\"missed\".*\} (\S+)"
    return sum(float(found) for found in re.findall(row, text, re.MULTILINE))


def _seconds_of(own: str) -> float:
    start = time.perf_counter()
    scrape(own)
    return time.perf_counter() - start


def _lines(text: str) -> int:
    return sum(1 for line in text.splitlines() if not line.startswith("#"))


def _starting(parts: Parts) -> Figures:
    """Start an exporter of 100 probes, and blackbox_exporter, and Python itself."""
    with truth_server(parts) as url:
        targets = health_targets(url, targets=10, probes=10, interval="60s")
        start = time.perf_counter()
        with exporter(parts.folder, targets, bound=False) as (pid, own):
            scrape(own)
            ours, spent = time.perf_counter() - start, cpu_seconds(pid)
    start = time.perf_counter()
    with blackbox(parts, None) as (_, probe):
        scrape(probe.partition("/probe")[0])
        theirs = time.perf_counter() - start
    start = time.perf_counter()
    subprocess.run([python(), "-c", "import asyncio, ssl"], check=True)
    return {
        "tm-exporter s": ours,
        "tm-exporter cpu s": spent,
        "blackbox s": theirs,
        "Python with asyncio and ssl s": time.perf_counter() - start,
    }
