"""
The exporter in a process that tells how many tasks, threads and sockets it has.

At SIGUSR1 it prints a census, one JSON object a line, and another one at its end.
"""

import asyncio
import json
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from tm_exporter import catalog
from tm_exporter.catalog import Family
from tm_exporter.config.load import load
from tm_exporter.daemon.daemon import Daemon
from tm_exporter.daemon.serve import serve
from tm_exporter.logs.setup import configure
from tm_exporter.schedule import schedule
from tm_exporter.sinks.histogram import Histogram


_COUNTED = (
    catalog.PROBE_SLOTS,
    catalog.PROBE_ATTEMPTS,
    catalog.PROBE_SKIPPED,
    catalog.PROBE_FAILURES,
    catalog.EXPORTER_FAULTS,
)
_FASTER = 30  # times that slots come as often here as they usually do
_ENDING = 3.0  # seconds in which threads that nobody waits for come to their end


def main(config: str) -> None:
    """Run the exporter until SIGTERM, and tell what is left of it."""
    # What rests for an hour elsewhere rests for as many slots, else it is not warm by
    # then: a route that was missing once comes back with all that it tells.
    schedule.RETRY_UNSUPPORTED /= _FASTER
    loaded = load(file=Path(config), environ={}, isolated=True)
    before = sockets()
    logging = configure(level="error")
    daemon = Daemon(loaded, logging, "127.0.0.1:0")
    asyncio.run(_live(daemon))
    logging.close()
    deadline = time.monotonic() + _ENDING
    while len(threading.enumerate()) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    _tell("left", threads=_threads(), sockets=sockets() - before)


async def _live(daemon: Daemon) -> None:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: _tell("census", **census(daemon)))
    await serve(daemon, lambda url: print(f"listening on {url}", flush=True))  # noqa: T201 -- as the command does
    await asyncio.sleep(0)
    own = asyncio.current_task()
    names = [task.get_name() for task in asyncio.all_tasks() if task is not own]
    _tell("tasks left", tasks=names)


def census(daemon: Daemon) -> Mapping[str, Any]:
    """Return how many of everything there is, and which counters contradict."""
    running = {
        (key.target, key.surface, key.probe, key.model)
        for key, entry in daemon._schedule._entries.items()
        if entry.is_running
    }
    sums = _sums(daemon)
    slots, attempts = sums[catalog.PROBE_SLOTS], sums[catalog.PROBE_ATTEMPTS]
    skipped, failed = sums[catalog.PROBE_SKIPPED], sums[catalog.PROBE_FAILURES]
    odd = [
        labels
        for labels, count in slots.items()
        if count != attempts[labels] + skipped[labels] + (labels in running)
        or failed[labels] > attempts[labels]
    ]
    return {
        "running": len(running),
        "tasks": len(asyncio.all_tasks()),
        "threads": len(_threads()),
        "sockets": sockets(),
        "objects": sys.getallocatedblocks(),
        "kept": sum(
            len(past.runs) + len(past.failures)
            for past in daemon._history._pasts.values()
        ),
        "slots": sum(slots.values()),
        "skipped": sum(skipped.values()),
        "failed": sum(failed.values()),
        "faults": sum(sums[catalog.EXPORTER_FAULTS].values()),
        "odd": odd,
    }


def sockets() -> int:
    """Return how many sockets this process has open."""
    names = (_link(path) for path in Path("/proc/self/fd").iterdir())
    return sum(name.startswith("socket:") for name in names)


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:  # it was what listed the others
        return ""


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def _sums(daemon: Daemon) -> dict[Family, Counter[tuple[str, ...]]]:
    """
    Return counts by whose they are, whatever the reason.

    One owner of series after the other: a page of them all, every few seconds, would
    take more memory than what is looked for.
    """
    sums = {family: Counter[tuple[str, ...]]() for family in _COUNTED}
    for owner in chain.from_iterable(daemon._metrics.owners()):
        for family, rows in owner:
            for labels, value in rows.items() if family in sums else ():
                assert not isinstance(value, Histogram)
                sums[family][labels[:4]] += int(value)
    return sums


def _tell(what: str, **found: Any) -> None:
    line = json.dumps({"what": what, **found})
    print(line, flush=True)  # noqa: T201 -- for the process that reads it


if __name__ == "__main__":
    main(sys.argv[1])
