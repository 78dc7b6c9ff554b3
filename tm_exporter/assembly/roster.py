"""The probes that run: their series begun, their slots planned, and withdrawn again."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain

import structlog

from tm_exporter import catalog
from tm_exporter.assembly.assembly import Assembly
from tm_exporter.assembly.lineup import (
    Lineup,
    asks_the_same,
    batches,
    continues,
    renewed,
)
from tm_exporter.assembly.treasury import Treasury
from tm_exporter.config.running import Chosen
from tm_exporter.config.settings import Settings
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.derivations.identity import Identity
from tm_exporter.derivations.objectives import Objectives
from tm_exporter.observation import Probe, ProbeKey, Sample, Skip
from tm_exporter.schedule.schedule import Schedule
from tm_exporter.sinks.metrics import MetricsSink


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
        forget: Told which probe is withdrawn, for all that remember it.
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
        forget: Callable[[ProbeKey], None],
    ) -> None:
        self._settings = settings
        self._assembly = assembly
        self._metrics = metrics
        self._schedule = schedule
        self._treasury = treasury
        self._objectives = objectives
        self._identity = identity
        self._diagnoses = diagnoses
        self._forget = forget
        self._is_following = False
        self._chosen: dict[str, tuple[str, ...]] = {}
        self._probes: dict[ProbeKey, Probe] = {}
        self._joining: set[asyncio.Task[None]] = set()

    @property
    def probes(self) -> Sequence[Probe]:
        """What runs, or is about to."""
        return tuple(self._probes.values())

    async def start(self) -> None:
        """Begin with everything that needs no choice."""
        self._describe(())
        probes = self._enter(self._assembly.probes(self._settings))
        later = [p for p in probes if p.section.paid and self._treasury.competes]
        at_once = [probe for probe in probes if probe not in later]
        ran_lately = await self._treasury.begin(at_once)
        self._schedule.start(at_once, ran_lately=ran_lately)
        self._treasury.start()
        self._plan(later)  # once it is known who pays

    async def stop(self) -> None:
        """Let nobody join any more."""
        for task in self._joining:
            task.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)

    def choose(self, target: str, models: tuple[str, ...]) -> None:
        """Ask these models of a target from now on, and no others."""
        log.info("models_chosen", target=target, models=models)
        self._chosen[target] = models
        if not self._is_following:  # else it looks at what is chosen at its end
            self._ask(target)

    def lineup(self, settings: Settings, chosen: Chosen) -> Lineup:
        """Return what is to run by another configuration; changes nothing."""
        assembly = self._assembly.successor(settings)
        probes = assembly.probes(settings, chosen)
        return Lineup(settings, assembly, chosen, {p.key: p for p in probes})

    async def follow(
        self,
        lineup: Lineup,
        moved: Collection[str],
        chosen: Mapping[str, tuple[str, ...]],
    ) -> None:
        """
        Run what another configuration wants, and nothing else.

        What is the same in both goes on as if nothing had happened. The loop turns
        meanwhile.

        Args:
            lineup: As `lineup` returned it.
            moved: Names of targets that are gone, or are others of the same name:
                nothing of them stays.
            chosen: The models of targets that say `auto`, as of now.
        """
        self._settings, self._assembly = lineup.settings, lineup.assembly
        self._chosen = dict(chosen)
        self._is_following = True
        try:
            await self._leave_in_turns(lineup, moved)
            self._describe(moved)
            await self._enter_in_turns(lineup)
        finally:
            self._is_following = False
        self._treasury.pace()
        self._assembly.prune(self._settings)
        for target in lineup.chosen.keys() | self._chosen.keys():
            now = self._chosen.get(target, ())
            if tuple(lineup.chosen.get(target, ())) != now:
                self._ask(target)

    async def _leave_in_turns(self, lineup: Lineup, moved: Collection[str]) -> None:
        """Withdraw what is not wanted any more, or must begin anew."""
        gone = [
            key
            for key, probe in self._probes.items()
            if key.target in moved or not continues(probe, lineup.probes.get(key))
        ]
        for batch in batches(gone):
            self._leave(batch)
            await asyncio.sleep(0)

    async def _enter_in_turns(self, lineup: Lineup) -> None:
        """Have everything that is wanted run as it is wanted."""
        changed: list[Probe] = []
        for batch in batches(lineup.probes.values()):
            changed += self._enter(batch)
            changed += self._replace(batch)
            await asyncio.sleep(0)
        self._plan(changed)

    def _ask(self, target: str) -> None:
        """Have those probes of a target run that its chosen models want."""
        here = [each for each in self._settings.targets if each.name == target]
        wanted = [
            probe
            for each in here
            for probe in self._assembly.probes_of(self._settings, each, self._chosen)
        ]
        keys = {probe.key for probe in wanted}
        self._leave([k for k in self._probes if k.target == target and k not in keys])
        self._describe(())
        self._plan(self._enter(wanted))

    def _describe(self, moved: Collection[str]) -> None:
        """Tell the labels of every target, and of no other."""
        info = self._metrics.target_info
        for name in moved:
            info.forget(name)
        for target in self._settings.targets:
            info.describe(target.name, target.surface, target.labels)

    def _enter(self, wanted: Iterable[Probe]) -> list[Probe]:
        """Begin the series of what is not there yet, at zero, and return it."""
        joined = [probe for probe in wanted if probe.key not in self._probes]
        for probe in joined:
            self._probes[probe.key] = probe
            self._watch(probe, probe.section.interval)
        return joined

    def _replace(self, wanted: Iterable[Probe]) -> list[Probe]:
        """Put probes in the place of those they differ from; return who asks anew."""
        hurried = []
        for new in wanted:
            old = self._probes[new.key]
            if old == new:
                continue
            is_retuned = asks_the_same(old, new)
            self._probes[new.key] = renewed(old, new) if is_retuned else new
            self._schedule.replace([self._probes[new.key]])
            self._retune(old, new)
            if not is_retuned:
                hurried.append(new)
        return hurried

    def _retune(self, old: Probe, new: Probe) -> None:
        """Tell what is in force for a probe now; its counters go on."""
        known = self._metrics.interval_of(new.key)
        if known is None or old.section.interval != new.section.interval:
            known = new.section.interval
            if not new.section.paid:  # else the budget says how often
                self._schedule.set_interval(new.key, known)
        self._watch(new, known)

    def _watch(self, probe: Probe, interval: float) -> None:
        self._diagnoses.watch(probe)
        self._metrics.watch(
            probe.key,
            interval=interval,
            reasons=probe.reasons,
            skips=self._skips(probe),
            starts=starts_of(probe, self._objectives, self._identity),
        )

    def _plan(self, probes: Sequence[Probe]) -> None:
        """Have slots of new probes planned, and those that ask anew run soon."""
        if probes:
            keys = [probe.key for probe in probes]
            task = asyncio.create_task(self._join(keys), name="probes that join")
            self._joining.add(task)
            task.add_done_callback(self._joining.discard)

    async def _join(self, keys: Sequence[ProbeKey]) -> None:
        """Plan the slots of probes, unless they were withdrawn meanwhile."""
        ran_lately = await self._treasury.admit(self._known(keys))
        known = [key for key in keys if key in self._schedule]
        self._schedule.run_soon(known, ran_lately=ran_lately)
        firsts = self._schedule.first_runs(self._known(keys))
        for batch in batches(keys):
            new = [p for p in self._known(batch) if p.key not in self._schedule]
            self._schedule.add(new, ran_lately=ran_lately, firsts=firsts)
            await asyncio.sleep(0)
        self._treasury.pace()

    def _known(self, keys: Iterable[ProbeKey]) -> list[Probe]:
        """Return those of these probes that were not withdrawn meanwhile."""
        return [self._probes[key] for key in keys if key in self._probes]

    def _leave(self, gone: Sequence[ProbeKey]) -> None:
        """Withdraw probes: nobody asks them any more, and nothing of them stays."""
        self._schedule.remove(gone)
        for key in gone:
            del self._probes[key]
            self._forget(key)

    def _skips(self, probe: Probe) -> Iterable[Skip]:
        """Return what a probe's slots can be skipped for."""
        optional = (Skip.UNSUPPORTED,) if probe.section.optional else ()
        costs = (Skip.BUDGET,) if probe.section.paid else ()
        competes = probe.section.paid and self._treasury.competes
        others = (Skip.NOT_LEADER,) if competes else ()
        return (*_ANY_PROBE, *costs, *others, *optional)


def starts_of(
    probe: Probe, objectives: Objectives, identity: Identity
) -> Iterable[Sample]:
    """Return a probe's series that are there before anything happened."""
    told = (objectives.watch(probe), identity.watch(probe))
    costs = (Sample(catalog.CANARY_COST_USD, 0.0),) if probe.section.paid else ()
    return (*probe.starts, *costs, *chain.from_iterable(told))
