"""
The series of some runs alone, as a page that had only them would show them.

Nothing of these runs is known afterwards: sink and derivations are made anew.
"""

from collections.abc import Callable, Sequence

from tm_exporter import catalog
from tm_exporter.assembly.comparisons import Accounts, comparisons
from tm_exporter.assembly.roster import starts_of
from tm_exporter.catalog import Family
from tm_exporter.config.settings import Settings
from tm_exporter.derivations.deployment_events import DeploymentEventCounts
from tm_exporter.derivations.derive import Derivation, derive
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.derivations.identity import Identity
from tm_exporter.derivations.objectives import Objectives
from tm_exporter.derivations.tokenizer_delta import TokenizerDelta
from tm_exporter.derivations.validity import Validity
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, Probe
from tm_exporter.sinks.labels import fit
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.series import Rows, Shape


WorstLag = Callable[[float, float], float]
"""Returns by how many seconds a stamp between two monotonic moments may be late."""

_ABOUT_SLOTS = frozenset(
    (catalog.PROBE_SLOTS, catalog.PROBE_SKIPPED, catalog.PROBE_INTERVAL_SECONDS)
)


class RunSeries:
    """
    The series of runs that fall in no slot.

    Args:
        settings: The configuration in force.
        worst_lag: How late the loop was.
        shape: Of all series.
    """

    def __init__(self, settings: Settings, worst_lag: WorstLag, shape: Shape) -> None:
        self._sink = MetricsSink(shape=shape)
        self._settings = settings
        self._worst_lag = worst_lag
        self._objectives, self._identity = Objectives(), Identity()

    def of(
        self, runs: Sequence[tuple[Probe, Observation]]
    ) -> list[tuple[Family, Rows]]:
        """Return the series of these runs, without those that tell of slots."""
        probes = [probe for probe, _ in runs]
        self._describe({probe.key.target for probe in probes})
        derivations = self._derivations(probes)
        for probe in probes:
            self._sink.watch(
                probe.key,
                interval=probe.section.interval,
                reasons=probe.reasons,
                skips=(),
                starts=starts_of(probe, self._objectives, self._identity),
            )
        # What was billed goes first: what the tokenizer counts is compared with it.
        for _, seen in sorted(runs, key=lambda run: not run[0].section.paid):
            self._sink(derive(seen, derivations))
        families = self._sink.families()
        return [row for row in families if row[0] not in _ABOUT_SLOTS]

    def _derivations(self, probes: Sequence[Probe]) -> tuple[Derivation, ...]:
        """Return what follows from runs, as far as one of each tells it."""
        interval_of = self._sink.interval_of
        models = {probe.key.model for probe in probes}
        accounts = Accounts(lambda: self._settings, lambda _: models)
        diagnoses = Diagnoses(accounts.payer, accounts.address, interval_of)
        for probe in probes:
            diagnoses.watch(probe)
        self._sink.table_of_each(
            catalog.DIAGNOSIS, lambda target: diagnoses.rows(target, fit)
        )
        return (
            Validity(self._worst_lag),
            self._objectives,
            self._identity,
            TokenizerDelta(interval_of),
            DeploymentEventCounts(),
            *comparisons(accounts, Memory(None), interval_of),
            diagnoses,
        )

    def _describe(self, names: set[str]) -> None:
        """Have the configured labels of targets told."""
        for target in self._settings.targets:
            if target.name in names:
                self._sink.target_info.describe(
                    target.name, target.surface, target.labels
                )
