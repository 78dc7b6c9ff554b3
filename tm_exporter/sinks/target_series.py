"""Keep what is known of one target, whichever of its probes found it out."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

import structlog

from tm_exporter import catalog
from tm_exporter.catalog import Family, Scope
from tm_exporter.observation import ProbeKey, Sample
from tm_exporter.sinks.probe_series import ProbeSeries, Report, base_labels
from tm_exporter.sinks.series import Labels, Owner, Rows, Series, Shape
from tm_exporter.sinks.told import Told, merged


log = structlog.get_logger()


class TargetSeries:
    """
    The series of one target and of its probes.

    Attributes:
        lasting: Counters that outlast a run, to which all probes of the target add.
        probes: Those of the target that are watched.
        tabled: What others told of the target the last time, by family.
    """

    def __init__(self, key: ProbeKey, shape: Shape) -> None:
        self.lasting = Series(base_labels("target", key), shape)
        self.probes: dict[ProbeKey, ProbeSeries] = {}
        self._reported = Told()
        self._waits = Told()
        self.tabled: defaultdict[Family, Told] = defaultdict(Told)
        self._seen: dict[Family, str] = {}
        self._tellers: dict[tuple[Family, Labels], set[ProbeKey]] = {}

    def watch(self, probe: ProbeSeries) -> None:
        """Have one more probe."""
        probes = (*self.probes.values(), probe)
        # Pages want their series sorted, and nobody else minds.
        ordered = sorted(probes, key=lambda each: each.base)
        self.probes = {each.key: each for each in ordered}

    def owners(self, clock: Callable[[], float]) -> Iterator[Sequence[Owner]]:
        """
        Yield who has series now, in the order of their labels.

        Those that are yielded together tell of one moment: a page that has the verdict
        of a run also counts the run.
        """
        reports: list[Report] = []
        probes = self.probes.values()
        for _, alike in groupby(probes, key=lambda probe: probe.base):
            owners: list[list[Owner]] = []
            for probe in alike:
                fresh = _fresh(probe, clock())
                reports += fresh
                owners.append([probe.lasting, *_about("probe", fresh)])
            yield owners[0] if len(owners) == 1 else [_as_one(owners)]
        reports.sort(key=lambda report: report.at)
        self._reported.merge(_about("target", reports))
        waiting = self._waiting(clock())
        self._waits.tell({catalog.RETRY_AFTER_TIMESTAMP_SECONDS: waiting})
        yield self.lasting, self._reported, self._waits

    def record(self, key: ProbeKey, sample: Sample) -> bool:
        """Take what one of the probes tells; False if there is no room for it."""
        self._tellers.setdefault((sample.family, sample.labels), set()).add(key)
        return self.lasting.record(sample)

    def see(self, changes: Family, identity: str) -> None:
        """
        Count an identity of the target that is another one than the time before.

        Args:
            changes: The counter; it starts at zero with the first identity.
            identity: Of a certificate, or a version.
        """
        changed = self._seen.get(changes, identity) != identity
        self._seen[changes] = identity
        self.lasting.record(Sample(changes, float(changed)))

    def forget(self, key: ProbeKey) -> None:
        """Drop what none but this probe told, which is watched no more."""
        self.probes.pop(key, None)
        for series in [s for s, tellers in self._tellers.items() if key in tellers]:
            self._tellers[series].remove(key)
            if not self._tellers[series]:
                del self._tellers[series]
                self.lasting.drop(*series)

    def _waiting(self, now: float) -> Rows:
        """Return until when the service asked to wait; of several, the longest."""
        waits: dict[Labels, float] = {}
        for probe in self.probes.values():
            try:
                for labels, until in probe.wait(now).items():
                    waits[labels] = max(until, waits.get(labels, until))
            except Exception:
                name = catalog.RETRY_AFTER_TIMESTAMP_SECONDS.name
                log.exception("series_failed", family=name)
        return {**waits}


def _fresh(probe: ProbeSeries, now: float) -> list[Report]:
    """Return what a probe's runs told that is not too old."""
    try:
        return [*probe.reports(now)]
    except Exception:
        log.exception("series_failed", family=type(probe).__name__)
        return []


def _about(scope: Scope, reports: Iterable[Report]) -> list[Owner]:
    """Return the series that reports have about a probe, or about its target."""
    return [series for each in reports if (series := each.series(scope))]


def _as_one(alike: Iterable[Iterable[Owner]]) -> Owner:
    """Return the series of probes whose labels are alike, such as models cut short."""
    told = Told()
    told.tell(merged(owner for owners in alike for owner in owners))
    return told
