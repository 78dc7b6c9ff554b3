"""Keep what is known of one target, whichever of its probes found it out."""

from tm_exporter.catalog import Family
from tm_exporter.observation import ProbeKey, Sample
from tm_exporter.sinks.probe_series import base_labels
from tm_exporter.sinks.series import Series, Shape


class TargetSeries:
    """
    The series of one target that outlast a run.

    Attributes:
        lasting: Counters, to which all probes of the target add.
    """

    def __init__(self, key: ProbeKey, shape: Shape) -> None:
        self.lasting = Series(base_labels("target", key), shape)
        self._seen: dict[Family, str] = {}

    def see(self, changes: Family, identity: str) -> None:
        """
        Count an identity that is another one than the time before.

        Args:
            changes: The counter; it starts at zero with the first identity.
            identity: Of a certificate, or a version.
        """
        changed = self._seen.get(changes, identity) != identity
        self._seen[changes] = identity
        self.lasting.record(Sample(changes, float(changed)))
