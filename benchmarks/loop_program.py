"""
Run one configured probe again and again, some at a time, and print how quick it is.

No schedule waits for anything: this is what one processor can do at most. The runner
and the series are the daemon's.

usage: python -m benchmarks.loop_program CONFIG AT_A_TIME RUNS
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from benchmarks.as_daemon import probes_of, run, watched
from tm_exporter import runner
from tm_exporter.observation import Probe
from tm_exporter.sinks.metrics import MetricsSink


async def again_and_again(probe: Probe, sink: MetricsSink, runs: int) -> None:
    """
    Run a probe.

    Raises:
        RuntimeError: A run did not pass.
    """
    for _ in range(runs):
        observation = await runner.run(probe)
        if not observation.verdict.passed:
            raise RuntimeError(str(observation.verdict))
        sink(observation)


async def measure(config: Path, at_a_time: int, runs: int) -> dict[str, float]:
    """Return milliseconds of processor time for each run, and runs a second."""
    probes = probes_of(config)
    sink = watched(probes)
    await again_and_again(probes[0], sink, 5)
    cpu, start = time.process_time(), time.perf_counter()
    each = runs // at_a_time
    await asyncio.gather(
        *(again_and_again(probes[0], sink, each) for _ in range(at_a_time))
    )
    done = each * at_a_time
    return {
        "cpu ms": 1e3 * (time.process_time() - cpu) / done,
        "per second": done / (time.perf_counter() - start),
    }


def main() -> None:
    """Measure as asked for."""
    config, at_a_time, runs = sys.argv[1:]
    found = run(measure(Path(config), int(at_a_time), int(runs)))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
