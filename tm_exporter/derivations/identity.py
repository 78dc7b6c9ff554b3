"""
Count when a model that is answered by becomes another one under the same name.

Several replicas may serve one model, and those of an update in progress differ. So
a run is compared with the one before of the same probe, and what is new to it
counts unless another probe of that model met it already: an update counts once,
however many probes see it, and a mixed set of replicas shows as a steady trickle.
It is information, and nobody is paged for it.
"""

from collections import defaultdict

from tm_exporter.catalog import MODEL_IDENTITY_CHANGES
from tm_exporter.facts import ModelIdentity
from tm_exporter.observation import Observation, Probe, ProbeKey, Sample


FINGERPRINT = "system_fingerprint"
"""The field of an answer which tells configuration and weights apart."""


class Identity:
    """Compares the fingerprints that runs met."""

    def __init__(self) -> None:
        self._met: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)

    def watch(self, probe: Probe) -> tuple[Sample, ...]:
        """Return the counter at zero, for a probe that has a model answer."""
        if not (probe.section.paid and probe.key.model):
            return ()
        return (_changes(probe.key, 0.0),)

    def forget(self, key: ProbeKey) -> None:
        """Drop what a probe met that is no longer configured."""
        of_model = key.target, key.model
        self._met[of_model].pop(key.probe, None)
        if not self._met[of_model]:
            del self._met[of_model]

    def __call__(self, observation: Observation) -> Observation:
        """Add a change to an observation that shows one; unknown changes nothing."""
        fact, key = observation.fact(ModelIdentity), observation.key
        if fact is None:
            return observation
        met = self._met[key.target, key.model]
        before, now = met.get(key.probe), fact.fingerprint
        elsewhere = {found for probe, found in met.items() if probe != key.probe}
        met[key.probe] = now
        if before in (None, now) or now in elsewhere:
            return observation
        return observation.plus([_changes(key, 1.0)])


def _changes(key: ProbeKey, count: float) -> Sample:
    return Sample(MODEL_IDENTITY_CHANGES, count, (key.model, FINGERPRINT))
