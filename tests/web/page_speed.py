"""Print how long the status page takes and how long it is: `make page-speed`."""

import gzip
import sys
import time
from collections.abc import Callable

from tests.web.crowd import crowd
from tm_exporter.web import page


def timed(work: Callable[[], object]) -> float:
    """Return the milliseconds of processor time that the best of 15 times took."""
    took = []
    for _ in range(15):
        start = time.process_time()
        work()
        took.append(time.process_time() - start)
    return min(took) * 1000


def told_of(failing: int) -> str:
    """Return what it takes with so many of 200 targets failing."""
    status, now = crowd(200, failing=failing)
    told = status()

    def render() -> str:
        return page.render(told, now)

    document = render().encode()
    return (
        f"200 targets, {failing} failing: status {timed(status):.1f} ms, "
        f"page {timed(render):.1f} ms, {len(document):,} bytes, "
        f"{len(gzip.compress(document, 5)):,} gzipped"
    )


def main() -> None:
    """Measure 200 targets of 11 probes: all healthy, one failing, all failing."""
    for failing in (0, 1, 200):
        sys.stdout.write(f"{told_of(failing)}\n")


if __name__ == "__main__":
    main()
