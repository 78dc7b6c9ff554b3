"""Keep what is known of one target, whichever of its probes found it out."""

from tm_exporter.catalog import Family
from tm_exporter.observation import ProbeKey, Sample
from tm_exporter.sinks.probe_series import base_labels
from tm_exporter.sinks.series import Labels, Series, Shape


class TargetSeries:
    """
    The series of one target that outlast a run.

    Attributes:
        lasting: Counters, to which all probes of the target add.
        probes: Those of the target that are watched.
    """

    def __init__(self, key: ProbeKey, shape: Shape) -> None:
        self.lasting = Series(base_labels("target", key), shape)
        self.probes: set[ProbeKey] = set()
        self._seen: dict[Family, str] = {}
        self._tellers: dict[tuple[Family, Labels], set[ProbeKey]] = {}

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
        self.probes.discard(key)
        for series in [s for s, tellers in self._tellers.items() if key in tellers]:
            self._tellers[series].remove(key)
            if not self._tellers[series]:
                del self._tellers[series]
                self.lasting.drop(*series)
