"""
Keep every series that the page of metrics shows.

The series live here and not in the instruments of a client library, so that a
gauge can vanish when it is no longer known and a renderer can be replaced.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

import structlog

from tm_exporter import catalog
from tm_exporter.catalog import FAMILIES, TARGET_INFO, Family, Lifetime, former
from tm_exporter.observation import (
    Observation,
    ProbeKey,
    Reason,
    Sample,
    Skip,
)
from tm_exporter.sinks import measures
from tm_exporter.sinks.histogram import RunMark
from tm_exporter.sinks.probe_series import ProbeSeries
from tm_exporter.sinks.series import Labels, Owner, Rows, Series, Shape
from tm_exporter.sinks.target_info import TargetInfo
from tm_exporter.sinks.target_series import TargetSeries
from tm_exporter.sinks.told import Told, merged


log = structlog.get_logger()

_CACHED: tuple[Lifetime, ...] = ("pulled", "listed")


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How a probe is doing; one without series is not current and has no interval.

    Attributes:
        is_current: Whether a run finished within its last three intervals.
        consecutive_failures: Runs that failed since the last one that passed.
        interval: Seconds between two slots, as in force now.
        last_skip: Why the last slot did not become a run; None if it did.
    """

    is_current: bool = False
    consecutive_failures: int = 0
    interval: float | None = None
    last_skip: Skip | None = None


class MetricsSink:
    """
    Turns observations into series.

    Only probes that are watched have series: what is told of another one, such
    as the end of a run whose probe was withdrawn meanwhile, changes nothing.

    Attributes:
        target_info: The configured labels of each target.
        shape: Of all series.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, shape: Shape | None = None
    ) -> None:
        self.target_info = TargetInfo()
        self._clock = clock
        self.shape = shape or Shape()
        self._exporter = Series((), self.shape)
        self._overflowed: set[str] = set()
        self._tables: dict[Family, Callable[[], Mapping[Labels, float]]] = {}
        self._tables_of_each: dict[Family, Callable[[str], Mapping[Labels, float]]] = {}
        self._told: defaultdict[str, Told] = defaultdict(Told)
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
            self._probes[key] = ProbeSeries(key, interval, self.shape)
            target = TargetSeries(key, self.shape)
            self._targets.setdefault(key.target, target).watch(self._probes[key])
        begun = tuple(starts)
        self._probes[key].begin(begun)
        lasting = self._probes[key].lasting
        lasting.start(catalog.PROBE_ATTEMPTS)
        lasting.start(catalog.PROBE_SLOTS)
        lasting.start(catalog.PROBE_DURATION_SECONDS)
        for reason in (*reasons, Reason.INTERNAL):
            lasting.start(catalog.PROBE_FAILURES, (reason.value,))
        for skip in skips:
            lasting.start(catalog.PROBE_SKIPPED, (skip.value,))
        for sample in begun:
            self._add(key, sample)
        self.interval(key, interval)

    def forget(self, key: ProbeKey) -> None:
        """Drop a probe's series, and the target's with its last probe."""
        self._probes.pop(key, None)
        if (target := self._targets.get(key.target)) is None:
            return
        target.forget(key)
        if not target.probes:
            del self._targets[key.target]
            self.target_info.forget(key.target)

    def reshape(self, shape: Shape) -> None:
        """Have histograms with other bounds from now on, and keep what they count."""
        self.shape = shape = replace(shape, room=self.shape.room)
        for series in (self._exporter, *(t.lasting for t in self._targets.values())):
            series.reshape(shape)
        for probe in self._probes.values():
            probe.reshape(shape)

    def stand_by(self, key: ProbeKey) -> None:
        """Tell nothing more of a probe's last run; what was counted stays."""
        if key in self._probes:
            self._probes[key].stand_by()

    def __call__(self, observation: Observation) -> None:
        """Take a finished run into the series of its probe and its target."""
        probe = self._probes.get(observation.key)
        if probe is None:
            return
        probe.count(observation.verdict)
        probe.last_skip = None
        for changes, identity in measures.identities(observation):
            self._targets[probe.key.target].see(changes, identity)
        probe.note_wait(observation, self._clock())
        samples: defaultdict[Lifetime, list[Sample]] = defaultdict(list)
        for sample in self._samples(probe, observation):
            samples[sample.family.lifetime].append(sample)
        run = RunMark(observation.probe_id, observation.finished_at)
        self._take(probe, samples, run, passed=observation.verdict.passed)

    def slot(self, key: ProbeKey) -> None:
        """Count a slot that fell due."""
        self._add(key, Sample(catalog.PROBE_SLOTS, 1.0))

    def skipped(self, key: ProbeKey, skip: Skip) -> None:
        """Count a slot that did not become a run."""
        if key in self._probes:
            self._probes[key].last_skip = skip
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
        self.table(family, lambda: {(): read()})

    def table(self, family: Family, read: Callable[[], Mapping[Labels, float]]) -> None:
        """
        Let one show numbers that are kept elsewhere, by their label values.

        No run may tell of that family as well.
        """
        self._tables[family] = read

    def table_of_each(
        self, family: Family, read: Callable[[str], Mapping[Labels, float]]
    ) -> None:
        """
        Let one show numbers that are kept elsewhere, asked for by target.

        Of very many targets they are not all worked out in one go, as those of a table
        are.
        """
        self._tables_of_each[family] = read

    def standing(self, key: ProbeKey) -> Standing:
        """Return how a probe is doing, as far as its series tell."""
        probe = self._probes.get(key)
        if probe is None:
            return Standing()
        return Standing(
            is_current=probe.is_current(self._clock()),
            consecutive_failures=probe.consecutive_failures,
            interval=probe.interval,
            last_skip=probe.last_skip,
        )

    def known(self, family: Family, target: str) -> Rows:
        """Return what the runs of a target's probes tell of a family, as of now."""
        now, found = self._clock(), Rows()
        if (series := self._targets.get(target)) is None:
            return found
        probes = series.probes.values()
        reports = [report for probe in probes for report in probe.reports(now)]
        for report in sorted(reports, key=lambda report: report.at):
            found.update(report.rows(family))
        return found

    def interval_of(self, key: ProbeKey) -> float | None:
        """Return the seconds between two slots, None if it is not watched."""
        return self._probes[key].interval if key in self._probes else None

    def owners(self) -> Iterator[Sequence[Owner]]:
        """
        Yield who has series now, in the order of their labels: this is a page.

        Those that are yielded together tell of one moment; before the next ones,
        whoever writes the page may let time pass. Nobody has a series of another one.
        """
        yield (self._exporter,)
        for family, read in [*self._tables.items()]:
            told = self._told[family.name]
            yield (_tabled(told, family.name, partial(_table, family, read)),)
        told = self._told[TARGET_INFO.name]
        yield (_tabled(told, TARGET_INFO.name, self.target_info.told),)
        for name, target in sorted(self._targets.items()):
            yield from target.owners(self._clock)
            for family, ask in self._tables_of_each.items():
                table = partial(_table, family, partial(ask, name))
                yield (_tabled(target.tabled[family], family.name, table),)

    def families(self) -> Iterator[tuple[Family, Rows]]:
        """Yield what is known now, in the order of the catalogue, old names too."""
        rows = merged(chain.from_iterable(self.owners()))
        for family in FAMILIES:
            if family is TARGET_INFO:
                yield from ((f, rows[f]) for f in rows if f.name == family.name)
            else:
                own = {**rows.get(family, {})}
                yield from ((name, own) for name in (family, *former(family)))

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
        run: RunMark,
        *,
        passed: bool,
    ) -> None:
        now = self._clock()
        self._overflow(probe.replace("last_run", samples["last_run"], now))
        for lifetime in _CACHED:
            if samples[lifetime] or passed:
                refused = probe.replace(lifetime, samples[lifetime], now, whole=passed)
                self._overflow(refused)
        for sample in samples["process"]:
            self._add(probe.key, sample, run)

    def _add(self, key: ProbeKey, sample: Sample, run: RunMark | None = None) -> None:
        """Record what lasts with whom it is about."""
        if key not in self._probes:
            return
        if not self._record(key, sample, run):
            self._overflow([sample.family])
        elif sample.family is catalog.EXPORTER_LABEL_OVERFLOW:  # a probe left it out
            self._tell_overflow(*sample.labels)

    def _record(self, key: ProbeKey, sample: Sample, run: RunMark | None) -> bool:
        """Record with its owner what lasts; False if there is no room for it."""
        if sample.family.scope == "target":
            return self._targets[key.target].record(key, sample)
        if sample.family.scope == "probe":
            return self._probes[key].lasting.record(sample, run)
        return self._exporter.record(sample)

    def _overflow(self, families: Iterable[Family]) -> None:
        for family in families:
            self._tell_overflow(family.name)
            overflow = Sample(catalog.EXPORTER_LABEL_OVERFLOW, 1.0, (family.name,))
            self._exporter.record(overflow)

    def _tell_overflow(self, family: str) -> None:
        """Log it the first time that a family has no room."""
        if family not in self._overflowed:
            self._overflowed.add(family)
            log.warning("label_overflow", family=family)


def _tabled(told: Told, name: str, read: Callable[[], Mapping[Family, Rows]]) -> Told:
    """Return what is kept elsewhere of one family, nothing if it cannot be told."""
    try:
        told.tell(read())
    except Exception:
        log.exception("series_failed", family=name)
        told.tell({})
    return told


def _table(
    family: Family, read: Callable[[], Mapping[Labels, float]]
) -> dict[Family, Rows]:
    """Return the rows of a table with their family, as of now."""
    return {family: {**read()}}
