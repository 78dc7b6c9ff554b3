"""The probes that run: their series begun, their slots planned, and withdrawn again."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

import structlog

from tm_exporter import catalog
from tm_exporter.assembly import Assembly
from tm_exporter.config.settings import Settings
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.derivations.identity import Identity
from tm_exporter.derivations.objectives import Objectives
from tm_exporter.observation import Probe, ProbeKey, Sample, Skip
from tm_exporter.schedule import Schedule
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.treasury import Treasury


log = structlog.get_logger()

_ANY_PROBE = (Skip.OVERLAP, Skip.MISSED, Skip.THROTTLED, Skip.MAINTENANCE)


class Roster:
    """
    Follows the configuration and the models that are chosen for `models: auto`.

    Args:
        settings: The configuration in force.
        assembly: Builds the probes.
        metrics: Where their series begin and end.
        schedule: Where their slots are planned.
        treasury: Knows which of them ran lately, and paces them.
        objectives: Told which objectives to judge by.
        identity: Told whose identity to watch.
        diagnoses: Told what to compare when something fails.
    """

    def __init__(
        self,
        settings: Settings,
        assembly: Assembly,
        metrics: MetricsSink,
        schedule: Schedule,
        treasury: Treasury,
        *,
        objectives: Objectives,
        identity: Identity,
        diagnoses: Diagnoses,
    ) -> None:
        self._settings = settings
        self._assembly = assembly
        self._metrics = metrics
        self._schedule = schedule
        self._treasury = treasury
        self._objectives = objectives
        self._identity = identity
        self._diagnoses = diagnoses
        self._chosen: dict[str, tuple[str, ...]] = {}
        self._probes: dict[ProbeKey, Probe] = {}
        self._joining: set[asyncio.Task[None]] = set()

    @property
    def probes(self) -> Sequence[Probe]:
        """What runs, or is about to."""
        return tuple(self._probes.values())

    def models(self, target: str) -> set[str]:
        """Return the models of a target that probes ask."""
        keys = (key for key in self._probes if key.target == target)
        return {key.model for key in keys if key.model}

    async def start(self) -> None:
        """Begin with everything that needs no choice."""
        for target in self._settings.targets:
            self._metrics.target_info.describe(
                target.name, target.surface, target.labels
            )
        probes = self._enter(self._assembly.probes(self._settings))
        ran_lately = await self._treasury.begin(probes)
        self._schedule.start(probes, ran_lately=ran_lately)
        self._treasury.start()

    async def stop(self) -> None:
        """Let nobody join any more."""
        for task in self._joining:
            task.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)

    def choose(self, target: str, models: tuple[str, ...]) -> None:
        """Ask these models of a target from now on, and no others."""
        log.info("models_chosen", target=target, models=models)
        self._chosen[target] = models
        wanted = self._assembly.probes(self._settings, self._chosen)
        self._leave({probe.key for probe in wanted})
        if joined := self._enter(wanted):
            task = asyncio.create_task(self._join(joined), name="probes of new models")
            self._joining.add(task)
            task.add_done_callback(self._joining.discard)

    def _enter(self, wanted: Iterable[Probe]) -> list[Probe]:
        """Begin the series of what is not there yet, at zero, and return it."""
        joined = [probe for probe in wanted if probe.key not in self._probes]
        for probe in joined:
            self._probes[probe.key] = probe
            self._diagnoses.watch(probe)
            self._metrics.watch(
                probe.key,
                interval=probe.section.interval,
                reasons=probe.reasons,
                skips=self._skips(probe),
                starts=self._starts(probe),
            )
        return joined

    async def _join(self, probes: Sequence[Probe]) -> None:
        """Plan the slots of probes, unless they were withdrawn meanwhile."""
        ran_lately = await self._treasury.admit(probes)
        still = [probe for probe in probes if self._probes.get(probe.key) is probe]
        self._schedule.add(still, ran_lately=ran_lately)
        self._treasury.pace()

    def _leave(self, wanted: Collection[ProbeKey]) -> None:
        """Withdraw the probes of models that are asked no more."""
        gone = [key for key in self._probes if key not in wanted]
        self._schedule.remove(gone)
        for key in gone:
            del self._probes[key]
            self._metrics.forget(key)
            self._objectives.forget(key)
            self._identity.forget(key)
            self._diagnoses.forget(key)

    def _skips(self, probe: Probe) -> Iterable[Skip]:
        """Return what a probe's slots can be skipped for."""
        optional = (Skip.UNSUPPORTED,) if probe.section.optional else ()
        costs = (Skip.BUDGET,) if probe.section.paid else ()
        return (*_ANY_PROBE, *costs, *optional)

    def _starts(self, probe: Probe) -> Iterable[Sample]:
        """Return a probe's series that are there before anything happened."""
        told = (self._objectives.watch(probe), self._identity.watch(probe))
        costs = (Sample(catalog.CANARY_COST_USD, 0.0),) if probe.section.paid else ()
        return (*probe.starts, *costs, *chain.from_iterable(told))
