"""
Keep every series that the page of metrics shows.

The series live here and not in the instruments of a client library, so that a
gauge can vanish when it is no longer known and a renderer can be replaced.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from tm_exporter import catalog
from tm_exporter.catalog import FAMILIES, TARGET_INFO, Family, Lifetime
from tm_exporter.observation import (
    Observation,
    ProbeKey,
    Reason,
    Sample,
    Skip,
)
from tm_exporter.sinks import measures
from tm_exporter.sinks.probe_series import ProbeSeries
from tm_exporter.sinks.series import Labels, Rows, Series, Shape
from tm_exporter.sinks.target_info import TargetInfo
from tm_exporter.sinks.target_series import TargetSeries


class MetricsSink:
    """
    Turns observations into series.

    Only probes that are watched have series: what is told of another one, such
    as the end of a run whose probe was withdrawn meanwhile, changes nothing.

    Attributes:
        target_info: The configured labels of each target.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, shape: Shape | None = None
    ) -> None:
        self.target_info = TargetInfo()
        self._clock = clock
        self._shape = shape or Shape()
        self._exporter = Series((), self._shape)
        self._mirrors: dict[Family, Callable[[], float]] = {}
        self._probes: dict[ProbeKey, ProbeSeries] = {}
        self._targets: dict[str, TargetSeries] = {}

    def watch(
        self,
        key: ProbeKey,
        *,
        interval: float,
        reasons: Iterable[Reason],
        skips: Iterable[Skip],
        starts: Iterable[Sample] = (),
    ) -> None:
        """
        Begin the series of a probe; of one that has them, keep what they count.

        Args:
            key: Whose series.
            interval: Seconds between two slots.
            reasons: What its runs can fail for; `internal` is understood.
            skips: What its slots can be skipped for.
            starts: Series of its own that are there from the beginning.
        """
        if key not in self._probes:
            self._probes[key] = ProbeSeries(key, interval, self._shape)
            self._targets.setdefault(key.target, TargetSeries(key, self._shape))
        lasting = self._probes[key].lasting
        lasting.start(catalog.PROBE_ATTEMPTS)
        lasting.start(catalog.PROBE_SLOTS)
        lasting.start(catalog.PROBE_DURATION_SECONDS)
        for reason in (*reasons, Reason.INTERNAL):
            lasting.start(catalog.PROBE_FAILURES, (reason.value,))
        for skip in skips:
            lasting.start(catalog.PROBE_SKIPPED, (skip.value,))
        for sample in starts:
            self._add(key, sample)
        self.interval(key, interval)

    def forget(self, key: ProbeKey) -> None:
        """Drop a probe's series, and the target's with its last probe."""
        self._probes.pop(key, None)
        if all(other.target != key.target for other in self._probes):
            self._targets.pop(key.target, None)
            self.target_info.forget(key.target)

    def forget_target(self, target: str) -> None:
        """Drop all series of a target."""
        for key in [key for key in self._probes if key.target == target]:
            self.forget(key)
        self.target_info.forget(target)

    def __call__(self, observation: Observation) -> None:
        """Take a finished run into the series of its probe and its target."""
        probe = self._probes.get(observation.key)
        if probe is None:
            return
        probe.count(observation.verdict)
        now = self._clock()
        for changes, identity in measures.identities(observation):
            self._targets[observation.key.target].see(changes, identity)
        probe.note_wait(observation, now)
        samples: defaultdict[Lifetime, list[Sample]] = defaultdict(list)
        for sample in self._samples(probe, observation):
            is_gauge = sample.family.kind == "gauge"
            samples[sample.family.lifetime if is_gauge else "process"].append(sample)
        self._take(probe, samples, now, passed=observation.verdict.passed)

    def slot(self, key: ProbeKey) -> None:
        """Count a slot that fell due."""
        self._add(key, Sample(catalog.PROBE_SLOTS, 1.0))

    def skipped(self, key: ProbeKey, skip: Skip) -> None:
        """Count a slot that did not become a run."""
        self._add(key, Sample(catalog.PROBE_SKIPPED, 1.0, (skip.value,)))

    def interval(self, key: ProbeKey, seconds: float) -> None:
        """Note the time between two slots that is in force from now on."""
        if key in self._probes:
            self._probes[key].interval = seconds
        self._add(key, Sample(catalog.PROBE_INTERVAL_SECONDS, seconds))

    def record(self, family: Family, value: float = 1.0, labels: Labels = ()) -> None:
        """
        Let a family about the exporter itself grow, observe or be set.

        Raises:
            ValueError: The family is about a probe or a target.
        """
        if family.scope != "exporter":
            raise ValueError(f"{family.name} is not about the exporter")
        sample = Sample(family, value, labels)
        if not self._exporter.record(sample):
            self._overflow([family])

    def mirror(self, family: Family, read: Callable[[], float]) -> None:
        """Let a family about the exporter show a number that is kept elsewhere."""
        self._mirrors[family] = read

    def is_current(self, key: ProbeKey) -> bool:
        """Whether a run of the probe finished within its last three intervals."""
        return key in self._probes and self._probes[key].is_current(self._clock())

    def consecutive_failures(self, key: ProbeKey) -> int:
        """Return how many runs failed since the last one that passed."""
        return self._probes[key].consecutive_failures if key in self._probes else 0

    def interval_of(self, key: ProbeKey) -> float | None:
        """Return the seconds between two slots, None if it is not watched."""
        return self._probes[key].interval if key in self._probes else None

    def families(self) -> Iterator[tuple[Family, Rows]]:
        """Yield what is known now, in the order of the catalogue."""
        rows = self._rows()
        for family in FAMILIES:
            if family is TARGET_INFO:
                yield self.target_info.family, self.target_info.rows
            else:
                yield family, rows[family]

    def _samples(
        self, probe: ProbeSeries, observation: Observation
    ) -> Iterator[Sample]:
        yield from measures.of_run(observation)
        failures = float(probe.consecutive_failures)
        yield Sample(catalog.PROBE_CONSECUTIVE_FAILURES, failures)
        yield from observation.outcome.samples

    def _take(
        self,
        probe: ProbeSeries,
        samples: defaultdict[Lifetime, list[Sample]],
        now: float,
        *,
        passed: bool,
    ) -> None:
        self._overflow(probe.replace("last_run", samples["last_run"], now))
        if samples["pulled"] or passed:
            self._overflow(probe.replace("pulled", samples["pulled"], now))
        for sample in samples["process"]:
            self._add(probe.key, sample)

    def _add(self, key: ProbeKey, sample: Sample) -> None:
        """Record what lasts with whom it is about."""
        if key not in self._probes:
            return
        owners = {
            "probe": self._probes[key].lasting,
            "target": self._targets[key.target].lasting,
            "exporter": self._exporter,
        }
        if not owners[sample.family.scope].record(sample):
            self._overflow([sample.family])

    def _overflow(self, families: Iterable[Family]) -> None:
        for family in families:
            overflow = Sample(catalog.EXPORTER_LABEL_OVERFLOW, 1.0, (family.name,))
            self._exporter.record(overflow)

    def _lasting(self) -> Iterator[Series]:
        yield self._exporter
        yield from (target.lasting for target in self._targets.values())
        yield from (probe.lasting for probe in self._probes.values())

    def _rows(self) -> defaultdict[Family, Rows]:
        """Merge what all owners have; of two gauges for one series the newest wins."""
        rows: defaultdict[Family, Rows] = defaultdict(dict)
        for series in self._lasting():
            for family, own in series:
                rows[family].update(own)
        now = self._clock()
        fresh = [r for probe in self._probes.values() for r in probe.reports(now)]
        for report in sorted(fresh, key=lambda report: report.at):
            for family, own in report:
                rows[family].update(own)
        for probe in self._probes.values():
            rows[catalog.RETRY_AFTER_TIMESTAMP_SECONDS].update(probe.wait(now))
        for family, read in self._mirrors.items():
            rows[family][()] = read()
        return rows
