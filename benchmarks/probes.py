"""
Probes of a health route: the whole daemon, against blackbox_exporter.

Both ask the same server as often, open a connection each time, look at the name, the
certificate and the answer, and have all their series asked for once for each probe.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.asker import ask, page, scrape, summed, values
from benchmarks.case import Case, Figures, Length, told_by
from benchmarks.machine import cpu_seconds, resident_mb
from benchmarks.parts import Parts, blackbox, exporter, health_targets, truth_server


AT_A_TIME = 10


def cases(parts: Parts, length: Length) -> Iterator[Case]:
    """Yield what is measured of probes."""
    ways = {
        "http": None,
        "https, all authorities of the system": parts.large_ca,
        "https, one authority": parts.small_ca,
    }
    for name, ca in ways.items():
        rounds = 2 if ca == parts.large_ca else 99
        yield Case("probes", name, _Probing(parts, length, ca), rounds)


class _Probing:
    """
    Measures one way of probing.

    Args:
        parts: What is run.
        length: How long.
        ca: Whom to believe on https; None: http.
    """

    def __init__(self, parts: Parts, length: Length, ca: Path | None) -> None:
        self._parts = parts
        self._length = length
        self._ca = ca

    def __call__(self) -> Figures:
        """Measure both, one after the other."""
        with truth_server(self._parts, tls=self._ca is not None) as url:
            return {
                **self._blackbox(url),
                **self._daemon(url),
                **self._loop(url),
            }

    def _blackbox(self, url: str) -> Figures:
        """Ask blackbox_exporter for probes, at our pace and then at its own."""
        seconds = self._length.seconds
        with blackbox(self._parts, self._ca) as (pid, probe):
            idle = resident_mb(pid)
            ask(f"{probe}{url}/health", at_a_time=1, per_second=20, seconds=0.5)
            before = cpu_seconds(pid)
            paced = ask(
                f"{probe}{url}/health",
                at_a_time=AT_A_TIME,
                per_second=self._length.targets,
                seconds=seconds,
            )
            spent = cpu_seconds(pid) - before
            most = ask(
                f"{probe}{url}/health",
                at_a_time=AT_A_TIME,
                per_second=None,
                seconds=seconds / 2,
            )
            return {
                "blackbox ms": 1e3 * spent / paced,
                "blackbox per second": most / (seconds / 2),
                "blackbox idle MB": idle,
                "blackbox loaded MB": resident_mb(pid),
            }

    def _daemon(self, url: str) -> Figures:
        """Run the daemon, scraped as often as its probes run."""
        targets = health_targets(
            url, targets=self._length.targets, probes=1, interval="1s", ca=self._ca
        )
        with exporter(self._parts.folder, targets) as (pid, own):
            time.sleep(self._length.settling)
            before, probes_before = cpu_seconds(pid), _attempts(own)
            for _ in range(round(self._length.seconds)):
                time.sleep(0.95)
                scrape(own)
            text = page(own)
            spent = cpu_seconds(pid) - before
            return {
                "tm-exporter ms": 1e3
                * spent
                / (summed(text, "tensormesh_probe_attempts_total") - probes_before),
                "tm-exporter passing": _passing(text),
                "tm-exporter MB": resident_mb(pid),
                "tm-exporter series": float(len(text.splitlines())),
            }

    def _loop(self, url: str) -> Figures:
        """Run the probe in a loop, as quickly as one processor can."""
        targets = health_targets(url, targets=1, probes=1, interval="5s", ca=self._ca)
        config = self._parts.folder / "loop.json"
        config.write_text(json.dumps({"targets": targets}))
        found = told_by("loop_program", config, AT_A_TIME, self._length.runs)
        return {
            "tm-exporter loop ms": found["cpu ms"],
            "tm-exporter per second": found["per second"],
        }


def _attempts(own: str) -> float:
    return summed(page(own), "tensormesh_probe_attempts_total")


def _passing(text: str) -> float:
    """Return the share of probes whose last run passed."""
    passed = list(values(text, "tensormesh_probe_success"))
    return sum(passed) / max(1, len(passed))
