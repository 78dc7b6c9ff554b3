"""What is to be reached, and what of it was."""

from dataclasses import dataclass
from functools import partial

from benchmarks.spread import Reading, Results, Spread


HTTPS, HTTP = "https, one authority", "http"
STREAMS = "http, 200 at a time"


@dataclass(frozen=True, slots=True)
class Target:
    """
    One goal.

    Attributes:
        goal: What is measured.
        unit: Of its numbers; empty for a ratio.
        target: To be reached.
        stretch: To be proud of; None: there is none.
        reading: Finds it among the results.
        most: Whether it is a most, else a least.
    """

    goal: str
    unit: str
    target: float
    stretch: float | None
    reading: Reading
    most: bool = True

    def row(self, results: Results) -> tuple[str, str, str, str, str]:
        """Return goal, target, stretch, what was measured, and what that means."""
        found = self.reading(results)
        stretch = "" if self.stretch is None else self._bound(self.stretch)
        told = (self.goal, self._bound(self.target), stretch)
        if found is None:
            return (*told, "", "not measured")
        return (*told, f"{found.told()} {self.unit}".strip(), self._verdict(found))

    def _bound(self, number: float) -> str:
        return f"{'<=' if self.most else '>='} {number:g} {self.unit}".strip()

    def _verdict(self, found: Spread) -> str:
        """Judge by the middle of the rounds."""
        if self.stretch is not None and self._holds(found.middle, self.stretch):
            return "stretch reached"
        return "reached" if self._holds(found.middle, self.target) else "**missed**"

    def _holds(self, value: float, bound: float) -> bool:
        return value <= bound if self.most else value >= bound


def _ratio(suite: str, case: str, figure: str, peer: str) -> Reading:
    return lambda results: results.ratio(suite, case, figure, peer)


def _figure(suite: str, case: str, figure: str) -> Reading:
    return lambda results: results.get(suite, case, figure)


_cpu = partial(_ratio, "probes", figure="tm-exporter ms", peer="blackbox ms")
_most = partial(
    _ratio, "probes", figure="tm-exporter per second", peer="blackbox per second"
)
_jobs = partial(_figure, "starts", "1000 jobs")

TARGETS = (
    Target("CPU per https probe / blackbox_exporter", "", 1.0, 0.8, _cpu(case=HTTPS)),
    Target("CPU per http probe / blackbox_exporter", "", 0.5, 0.3, _cpu(case=HTTP)),
    Target(
        *("https probes a second on one core / blackbox_exporter", "", 1.0, 1.1),
        reading=_most(case=HTTPS),
        most=False,
    ),
    Target(
        *("http probes a second on one core / blackbox_exporter", "", 2.0, 3.5),
        reading=_most(case=HTTP),
        most=False,
    ),
    Target(
        *("error of the time to first token, p99, 200 streams", "us", 500, 100),
        reading=_figure("streams", STREAMS, "first token p99 us"),
    ),
    Target(
        *("the same while 10k series are scraped each second", "us", 1000, 200),
        reading=_figure("streams", f"{STREAMS}, scraped", "first token p99 us"),
    ),
    Target(
        *("error of the gap between tokens, p99, 200 streams", "us", 500, 100),
        reading=_figure("streams", STREAMS, "gap p99 us"),
    ),
    Target(
        *("CPU of a scrape of 10k series, all changed", "ms", 15, 8),
        reading=_figure("scrapes", "10000 series", "OpenMetrics, changed ms"),
    ),
    Target(
        *("longest stall of the loop by such a scrape", "ms", 2, 1),
        reading=_figure("scrapes", "10000 series", "OpenMetrics, longest stall ms"),
    ),
    Target(
        *("memory (RSS) with 100 probes", "MB", 45, 36),
        reading=_figure("memory", "100 probes", "MB"),
    ),
    Target(
        *("start to first scrape answered, 100 probes", "s", 1.5, 0.8),
        reading=_figure("start", "until the first scrape", "tm-exporter s"),
    ),
    Target(
        *("start error of a run, p99, 1,000 jobs", "ms", 3, 1),
        reading=_jobs("tm-exporter, p99 ms"),
    ),
    Target(
        *("earliest start against its moment", "ms", 0, None),
        reading=_jobs("tm-exporter, earliest ms"),
        most=False,
    ),
    Target(
        *("slots lost with 1,000 jobs", "", 0, None),
        reading=_jobs("tm-exporter, lost"),
    ),
    Target(
        *("longest collection of garbage at 50k series", "ms", 2, None),
        reading=_figure("scrapes", "50000 series", "longest collection ms"),
    ),
)
