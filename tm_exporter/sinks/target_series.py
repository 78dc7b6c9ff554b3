"""Keep what is known of one target, whichever of its probes found it out."""

from tm_exporter import catalog
from tm_exporter.exchange import Certificate
from tm_exporter.observation import ProbeKey, Sample
from tm_exporter.sinks.probe_series import base_labels
from tm_exporter.sinks.series import Series


class TargetSeries:
    """
    The series of one target that outlast a run.

    Attributes:
        lasting: Counters, to which all probes of the target add.
    """

    def __init__(self, key: ProbeKey, limit: int) -> None:
        self.lasting = Series(base_labels("target", key), limit)
        self._fingerprint: str | None = None

    def see(self, leaf: Certificate) -> None:
        """Count a certificate that is another one than the time before."""
        changed = self._fingerprint not in (None, leaf.fingerprint)
        self._fingerprint = leaf.fingerprint
        self.lasting.record(Sample(catalog.TLS_CERTIFICATE_CHANGES, float(changed)))
