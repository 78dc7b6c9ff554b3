"""The daemon: everything put together, started in order, ended in time."""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import structlog

from tm_exporter import __version__, runner
from tm_exporter.assembly.assembly import Assembly
from tm_exporter.assembly.comparisons import Accounts, auto_targets, comparisons
from tm_exporter.assembly.outside import Outside
from tm_exporter.assembly.own_series import OwnSeries
from tm_exporter.assembly.roster import Roster
from tm_exporter.assembly.said import say_what_changed, say_what_to_know
from tm_exporter.assembly.treasury import Treasury, expected_cost
from tm_exporter.config.load import Loaded
from tm_exporter.config.masking import masked
from tm_exporter.config.report import describe
from tm_exporter.config.settings import Settings
from tm_exporter.config.state import NoStateDirectory, state_directory
from tm_exporter.daemon.change import Change, Followers, thresholds
from tm_exporter.daemon.endpoint import Endpoint
from tm_exporter.daemon.out_of_turn import OutOfTurn
from tm_exporter.daemon.shown import Shown
from tm_exporter.daemon.succession import Succession, leadership_of
from tm_exporter.derivations.auto_models import AutoModels
from tm_exporter.derivations.deployment_events import DeploymentEventCounts
from tm_exporter.derivations.derive import Derivation, derive
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.derivations.identity import Identity
from tm_exporter.derivations.next_steps import NextSteps
from tm_exporter.derivations.objectives import Objectives
from tm_exporter.derivations.reconciliation import Reconciliation
from tm_exporter.derivations.stopped import StoppedDeployments
from tm_exporter.derivations.tokenizer_delta import TokenizerDelta
from tm_exporter.derivations.unquoted import unquoted
from tm_exporter.derivations.validity import Validity
from tm_exporter.exposition.page import Exposition
from tm_exporter.logs.setup import Logging
from tm_exporter.maintenance.standing import Maintenance
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, Probe, ProbeKey
from tm_exporter.process import event_loop
from tm_exporter.process.heap import Heap
from tm_exporter.process.loop_lag import LagMeter
from tm_exporter.reload.reloads import Reloads
from tm_exporter.reload.watch import LOOK_EVERY
from tm_exporter.schedule import descriptors
from tm_exporter.schedule.places import Places
from tm_exporter.schedule.schedule import Schedule
from tm_exporter.sinks.history import History
from tm_exporter.sinks.log import LogSink
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.publish import publish
from tm_exporter.sinks.series import Shape
from tm_exporter.views.board import StatusBoard
from tm_exporter.web.app import Sources, build
from tm_exporter.web.health import health


log = structlog.get_logger()


class Daemon:
    """
    Probes, and tells what it saw, until it is stopped.

    Args:
        loaded: The configuration in force.
        logging: Where secrets are told, and lines that were dropped are counted.
        listen: `host:port` of its pages.
        load: Reads the configuration again; without it, it stays as it is.
        look_every: Seconds between two looks at the files of the configuration.
    """

    def __init__(
        self,
        loaded: Loaded,
        logging: Logging,
        listen: str,
        *,
        load: Callable[[], Loaded] | None = None,
        look_every: float = LOOK_EVERY,
    ) -> None:
        self._settings = loaded.settings
        self._logging = logging
        self._started = datetime.now(UTC)
        self._metrics = MetricsSink(shape=Shape(thresholds=thresholds(loaded.settings)))
        self._history = History(mask=logging.redactor.text)
        leadership = leadership_of(self._settings, logging.register_secret)
        self._leadership = leadership
        self._treasury = Treasury(
            self._settings,
            self._metrics,
            self._probes,
            self._set_interval,
            leadership,
        )
        self._own = OwnSeries(self._metrics, lambda: self._settings, logging)
        self._lag = LagMeter(self._own.note_lag)
        self._heap = Heap()
        objectives, identity = Objectives(), Identity()
        self._memory = _memory(self._settings)
        accounts = Accounts(lambda: self._settings, self._models)
        self._stopped = StoppedDeployments(accounts.payer, self._metrics.interval_of)
        self._maintenance = Maintenance(
            lambda: self._settings, self._stopped.is_stopped, self._probes
        )
        self._diagnoses = Diagnoses(
            accounts.payer,
            accounts.address,
            self._metrics.interval_of,
            doubt=self._doubt,
        )
        next_step = NextSteps(self._diagnoses)
        log_sink = LogSink(next_step, self._diagnoses.word)
        self._sinks = (self._metrics, self._history, log_sink)
        self._schedule = self._all_slots()
        self._succession = Succession(
            leadership,
            self._treasury,
            self._schedule,
            metrics=self._metrics,
            diagnoses=self._diagnoses,
            begin_anew=self._begin_anew,
        )
        assembly = Assembly(tell_secret=logging.register_secret)
        self._stamps = assembly.stamps
        self._outside = Outside(assembly, self._diagnoses)
        self._roster = Roster(
            self._settings,
            assembly,
            self._metrics,
            self._schedule,
            self._treasury,
            objectives=objectives,
            identity=identity,
            diagnoses=self._diagnoses,
            forget=self._forget,
        )
        self._auto_models = AutoModels(
            auto_targets(self._settings), self._roster.choose, self._memory
        )
        self._derivations = self._all_derivations(accounts, objectives, identity)
        self._followers = self._all_followers(accounts)
        self._reloads = Reloads(
            load or (lambda: loaded),
            loaded,
            self._followers.prepare,
            self._followers.follow,
            self._own.note_reload,
            every=look_every,
        )
        self._board = self._all_seen(next_step)
        self._report = describe(loaded, expected_cost(loaded.settings))
        self._server = self._all_pages(listen)

    def _all_slots(self) -> Schedule:
        """Return what runs probes, as many at a time as files may be open."""
        at_a_time = descriptors.runs_at_a_time(
            len(self._settings.targets), descriptors.limit()
        )
        return Schedule(
            run=self._run,
            publish=self._publish,
            counter=self._metrics,
            purse=self._treasury.purse,
            is_in_maintenance=self._maintenance.covers,
            permit=lambda: self._leadership.permit,
            places=Places(in_all=at_a_time),
        )

    def _all_pages(self, listen: str) -> Endpoint:
        """Return what answers whoever asks."""
        sources = self._sources()
        return Endpoint(
            self._settings.server,
            listen,
            partial(build, sources),
            health(sources.healthy, sources.ready),
            self._own.note_web_config,
        )

    def _all_derivations(
        self, accounts: Accounts, objectives: Objectives, identity: Identity
    ) -> tuple[Derivation, ...]:
        """Return what follows from an observation, in the order of its working out."""
        return (
            Validity(self._lag.worst),  # before all that judges by times
            objectives,
            identity,
            TokenizerDelta(self._metrics.interval_of),
            DeploymentEventCounts(),
            self._stopped,
            *comparisons(accounts, self._memory, self._metrics.interval_of),
            self._treasury.take_prices,
            self._diagnoses,
            self._auto_models,
        )

    def _all_followers(self, accounts: Accounts) -> Followers:
        """Return everything that goes by the configuration in force."""
        return Followers(
            in_force=lambda: self._settings,
            switch=self._switch,
            roster=self._roster,
            treasury=self._treasury,
            metrics=self._metrics,
            accounts=accounts,
            auto_models=self._auto_models,
            outside=self._outside,
            logging=self._logging,
            remembering=(*self._derivations, *self._sinks, self._treasury),
        )

    def _all_seen(self, next_step: NextSteps) -> StatusBoard:
        """Return what puts together all that the pages for people show."""
        return StatusBoard(
            metrics=self._metrics,
            history=self._history,
            next_step=next_step,
            next_slot=self._schedule.next_slot,
            shows_money=self._settings.server.show_money,
            diagnose=self._diagnoses.word,
        )

    async def start(self) -> str:
        """
        Listen, then begin to probe.

        Returns:
            The address of its pages.

        Raises:
            ListenError: The address cannot be listened on.
        """
        url = await self._server.start()
        self._lag.start()
        self._heap.start()
        self._stamps.start()
        self._own.begin()
        self._own.show_stamps(self._stamps)
        self._own.show(self._diagnoses.rows, self._maintenance.rows, self._outside.rows)
        await self._outside.follow(self._settings)
        await self._maintenance.start()
        self._succession.start()
        await self._roster.start()
        self._reloads.start()
        probes = len(self._roster.probes)
        log.info(
            "started",
            version=__version__,
            url=url,
            probes=probes,
            event_loop=event_loop.name(),
        )
        say_what_to_know(self._report)
        self._check_descriptors(probes)
        return url

    def _check_descriptors(self, probes: int) -> None:
        """Log it where fewer files may be open than probes may need."""
        targets = len(self._settings.targets)
        shortage = descriptors.shortage(targets, probes, descriptors.limit())
        if shortage:
            log.warning("configuration_warning", detail=shortage)

    async def stop(self) -> None:
        """End within two seconds, whatever hangs."""
        self._lag.stop()
        self._heap.stop()
        self._stamps.stop()
        self._maintenance.stop()
        await self._reloads.stop()
        await self._roster.stop()
        await self._outside.stop()
        await self._schedule.stop()
        await self._treasury.stop()
        await self._server.stop()
        await asyncio.to_thread(self._memory.close)
        log.info("stopped")

    async def _run(self, probe: Probe) -> Observation:
        """Run a probe, watching closely how late the loop is meanwhile."""
        with self._lag.closely():
            seen = await runner.run(probe)
        return unquoted(seen, self._logging.redactor.within)

    def _publish(self, observation: Observation) -> None:
        publish(derive(observation, self._derivations), self._sinks)

    def _is_ready(self) -> bool:
        return self._schedule.is_ready(self._roster.probes)

    def _probes(self) -> Sequence[Probe]:
        return self._roster.probes

    def _begin_anew(self) -> None:
        """Compare no bill with days on which another instance may have paid."""
        for each in self._derivations:
            if isinstance(each, Reconciliation):
                each.begin_anew()

    def _models(self, target: str) -> set[str]:
        return self._diagnoses.models(target)

    def _set_interval(self, key: ProbeKey, seconds: float) -> None:
        self._schedule.set_interval(key, seconds)

    def reload_soon(self) -> None:
        """Read the configuration again, as SIGHUP wants it."""
        self._reloads.ask()

    async def _reload(self) -> tuple[int, str]:
        """Read the configuration again; return the status and the text of an answer."""
        result = await self._reloads.reload()
        if not result.problems:
            return 200, "the configuration was read again and is in force"
        return 500 if result.is_fault else 400, "\n".join(result.problems)

    def _forget(self, key: ProbeKey) -> None:
        """Let go of all that is known of a probe."""
        self._followers.forget(key)

    def _switch(self, change: Change) -> None:
        """Go by another configuration from now on."""
        before = self._settings, self._report
        self._settings, self._report = change.loaded.settings, change.report
        shows_money = self._settings.server.show_money
        self._board = replace(self._board, shows_money=shows_money)
        say_what_changed(*before, self._settings, self._report)

    def _doubt(self) -> None:
        """Ask the reference URL now, since a target fell silent."""
        self._outside.hurry()

    def _sources(self) -> Sources:
        """Return where the pages get what they show."""
        shown = Shown(
            started=self._started,
            board=lambda: self._board,
            report=lambda: self._report,
            probes=self._probes,
            is_ready=self._is_ready,
            maintenance=self._maintenance.status,
            treasury=self._treasury,
            leadership=self._leadership,
            history=self._history,
            mask=self._logging.redactor.text,
        )
        return Sources(
            metrics=Exposition(self._metrics.owners),
            healthy=lambda: self._schedule.is_turning,
            ready=self._is_ready,
            config=lambda: masked(self._settings),
            status=shown.status,
            evidence=shown.evidence,
            asker=self._asker(),
            may_reload=lambda: self._settings.server.allow_reload,
            reload=self._reload,
        )

    def _asker(self) -> OutOfTurn:
        """Return what runs probes for `/probe`."""
        return OutOfTurn(
            lambda: self._settings,
            self._probes,
            self._run,
            self._treasury.asked_purse,
            worst_lag=self._lag.worst,
            shape=lambda: self._metrics.shape,
            why_not_pay=self._treasury.why_not_pay,
        )


def _memory(settings: Settings) -> Memory:
    """Return what survives a restart, or what does not where there is no place."""
    try:
        return Memory(state_directory(settings, os.environ))
    except NoStateDirectory as error:
        log.warning("memory_unusable", detail=str(error))
        return Memory(None)
