"""The daemon: everything put together, started in order, ended in time."""

import asyncio
import contextlib
import os
import platform
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import structlog

from tm_exporter import __version__, catalog, runner
from tm_exporter.assembly import Assembly
from tm_exporter.board import StatusBoard
from tm_exporter.catalog import Family
from tm_exporter.clients.reference import Reference
from tm_exporter.comparisons import Accounts, auto_targets, comparisons
from tm_exporter.config.load import Loaded
from tm_exporter.config.masking import masked
from tm_exporter.config.report import describe
from tm_exporter.config.running import running, supposed
from tm_exporter.config.settings import Settings
from tm_exporter.config.state import NoStateDirectory, state_directory
from tm_exporter.derivations.auto_models import AutoModels
from tm_exporter.derivations.deployment_events import DeploymentEventCounts
from tm_exporter.derivations.derive import Derivation, derive
from tm_exporter.derivations.diagnosis import Diagnoses
from tm_exporter.derivations.identity import Identity
from tm_exporter.derivations.next_steps import NextSteps
from tm_exporter.derivations.objectives import Objectives
from tm_exporter.derivations.stopped import StoppedDeployments
from tm_exporter.derivations.tokenizer_delta import TokenizerDelta
from tm_exporter.derivations.validity import LOOP_LAG, Validity
from tm_exporter.evidence import Transcript, transcript
from tm_exporter.exposition import Exposition
from tm_exporter.logs import Logging
from tm_exporter.loop_lag import LagMeter
from tm_exporter.maintenance.standing import Maintenance
from tm_exporter.memory import Memory
from tm_exporter.observation import Observation, Probe, ProbeKey
from tm_exporter.overview import overview
from tm_exporter.reasons import EXPLANATIONS
from tm_exporter.roster import Roster
from tm_exporter.schedule import Schedule
from tm_exporter.sinks.history import History
from tm_exporter.sinks.labels import fit
from tm_exporter.sinks.log import LogSink
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.publish import publish
from tm_exporter.sinks.series import Labels, Shape
from tm_exporter.status import NotWatched, Status
from tm_exporter.treasury import Treasury, expected_cost
from tm_exporter.web.app import Sources, build
from tm_exporter.web.server import WebServer


log = structlog.get_logger()


class Daemon:
    """
    Probes, and tells what it saw, until it is stopped.

    Args:
        loaded: The configuration in force.
        logging: Where secrets are told, and lines that were dropped are counted.
        listen: `host:port` of its pages.
    """

    def __init__(self, loaded: Loaded, logging: Logging, listen: str) -> None:
        self._settings = loaded.settings
        self._logging = logging
        self._started = datetime.now(UTC)
        self._metrics = MetricsSink(shape=Shape(thresholds=_thresholds(loaded)))
        self._history = History(mask=logging.redactor.text)
        self._treasury = Treasury(
            self._settings,
            self._metrics,
            self._probes,
            self._set_interval,
        )
        self._lag = LagMeter(self._note_lag)
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
        self._schedule = Schedule(
            run=self._run,
            publish=self._publish,
            counter=self._metrics,
            purse=self._treasury.purse,
            is_in_maintenance=self._maintenance.covers,
        )
        assembly = Assembly(tell_secret=logging.register_secret)
        self._reference = self._reference_of(assembly)
        self._roster = Roster(
            self._settings,
            assembly,
            self._metrics,
            self._schedule,
            self._treasury,
            objectives=objectives,
            identity=identity,
            diagnoses=self._diagnoses,
        )
        self._derivations = self._all_derivations(accounts, objectives, identity)
        self._board = self._all_seen(next_step)
        self._report = describe(loaded, expected_cost(loaded.settings))
        self._server = WebServer(build(self._sources()), listen)

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
            AutoModels(auto_targets(self._settings), self._roster.choose, self._memory),
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
        self._describe_itself()
        self._diagnose()
        await self._maintenance.start()
        await self._roster.start()
        probes = len(self._roster.probes)
        log.info("started", version=__version__, url=url, probes=probes)
        self._say_what_to_know()
        return url

    async def stop(self) -> None:
        """End within two seconds, whatever hangs."""
        self._lag.stop()
        self._maintenance.stop()
        await self._roster.stop()
        if self._reference is not None:
            await self._reference.stop()
        await self._schedule.stop()
        await self._treasury.stop()
        await self._server.stop()
        await asyncio.to_thread(self._memory.close)
        log.info("stopped")

    async def _run(self, probe: Probe) -> Observation:
        """Run a probe, watching closely how late the loop is meanwhile."""
        with self._lag.closely():
            return await runner.run(probe)

    def _publish(self, observation: Observation) -> None:
        publish(derive(observation, self._derivations), self._sinks)

    def _probes(self) -> Sequence[Probe]:
        return self._roster.probes

    def _models(self, target: str) -> set[str]:
        return self._roster.models(target)

    def _set_interval(self, key: ProbeKey, seconds: float) -> None:
        self._schedule.set_interval(key, seconds)

    def _reference_of(self, assembly: Assembly) -> Reference | None:
        """Return what asks the reference URL, None where none is configured."""
        url = self._settings.reference_url
        if url is None:
            return None
        transport = assembly.reference_transport(self._settings)
        return Reference(url, transport, self._diagnoses.note_reference)

    def _doubt(self) -> None:
        """Ask the reference URL now, since a target fell silent."""
        if self._reference is not None:
            self._reference.hurry()

    def _diagnose(self) -> None:
        """Have the page of metrics tell whose fault it is, and ask the reference."""
        self._metrics.table(catalog.DIAGNOSIS, lambda: _fitting(self._diagnoses.rows()))
        if self._reference is not None:
            self._metrics.table(catalog.EXPORTER_REFERENCE_UP, self._reference.rows)
            self._reference.start()

    def _note_lag(self, seconds: float) -> None:
        self._metrics.record(catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS, seconds)

    def _describe_itself(self) -> None:
        """Record what does not change while the daemon runs."""
        record = self._metrics.record
        python = platform.python_version()
        record(catalog.EXPORTER_BUILD_INFO, 1, (__version__, python))
        record(catalog.EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL, 1)
        record(
            catalog.EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS, time.time()
        )
        for result in ("success", "failure"):
            record(catalog.EXPORTER_CONFIG_RELOADS, 0, (result,))
        record(catalog.EXPORTER_MEASUREMENTS_DISCARDED, 0, (LOOP_LAG,))
        record(catalog.EXPORTER_LEADER, 1)
        shard = self._settings.shard
        record(catalog.EXPORTER_SHARD_INFO, 1, (str(shard.index), str(shard.total)))
        record(catalog.EXPORTER_SHARDS, shard.total)
        self._metrics.table(catalog.TARGET_ACCOUNT_INFO, self._payers)
        self._metrics.table(catalog.MAINTENANCE_ACTIVE, self._maintenance.rows)
        record(catalog.EXPORTER_TIMESTAMP_SOURCE_INFO, 1, ("user_space",))
        for reason, explanation in EXPLANATIONS.items():
            record(catalog.FAILURE_REASON_INFO, 1, (reason, explanation.party))
        self._metrics.mirror(
            catalog.EXPORTER_LOG_LINES_DROPPED, lambda: float(self._logging.dropped)
        )

    def _payers(self) -> dict[tuple[str, ...], float]:
        """Return a row for each inference target whose account is known."""
        pairs = ((t, self._settings.account_of(t)) for t in self._settings.targets)
        return {
            (target.name, target.surface, payer.name): 1.0
            for target, payer in pairs
            if payer is not None and payer is not target
        }

    def _say_what_to_know(self) -> None:
        """Log what a reader of the configuration could overlook."""
        for note in self._report.notes:
            log.info("configuration_note", detail=note)
        for (what, why), targets in self._not_watched().items():
            log.info("not_watched", targets=targets, what=what, why=why)
        for warning in self._report.warnings:
            log.warning("configuration_warning", detail=warning)

    def _not_watched(self) -> dict[tuple[str, str], list[str]]:
        """Return the targets for which the same does not run, by what and why."""
        found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for row in self._report.not_running:
            found[row.probe, row.why].append(row.target)
        return found

    def _sources(self) -> Sources:
        """Return where the pages get what they show."""
        return Sources(
            metrics=Exposition(self._metrics.families),
            healthy=lambda: self._schedule.is_turning,
            ready=lambda: self._schedule.is_ready,
            config=lambda: masked(self._settings),
            status=self._status,
            evidence=self._evidence,
        )

    async def _status(self) -> Status:
        keys = [probe.key for probe in self._roster.probes]
        targets = await self._board.targets_in_turns(keys)
        return Status(
            version=__version__,
            started=self._started,
            ready=self._schedule.is_ready,
            targets=targets,
            not_watched=tuple(
                NotWatched(row.target, row.probe, row.why)
                for row in self._report.not_running
            ),
            maintenance=self._maintenance.status(),
            budget=self._treasury.status(),
            overview=overview(targets),
        )

    def _evidence(self, probe_id: str) -> Transcript | None:
        """Return the transcript of a kept run, None if it is not kept (any more)."""
        run = self._history.find(probe_id)
        if run is None:
            return None
        versions = {
            "tm-exporter": __version__,
            "Python": platform.python_version(),
            **self._board.service_version(run.observation.key.target),
        }
        mask = self._logging.redactor.text
        return transcript(run, versions, self._board.next_step, mask)


async def serve(
    daemon: Daemon, announce: Callable[[str], None], seconds: float | None = None
) -> None:
    """
    Run a daemon until SIGTERM or SIGINT.

    Args:
        daemon: Started here, and stopped.
        announce: Is told the address once it listens.
        seconds: End after this time.

    Raises:
        ListenError: Its address cannot be listened on.
    """
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, _refuse_reload)
    announce(await daemon.start())
    try:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ended.wait()
    finally:
        await daemon.stop()


def _refuse_reload() -> None:
    """Say that a changed configuration wants a restart, instead of ending."""
    log.warning("reload_refused", detail="restart to change the configuration")


def _memory(settings: Settings) -> Memory:
    """Return what survives a restart, or what does not where there is no place."""
    try:
        return Memory(state_directory(settings, os.environ))
    except NoStateDirectory as error:
        log.warning("memory_unusable", detail=str(error))
        return Memory(None)


def _fitting(rows: Mapping[Labels, float]) -> Mapping[Labels, float]:
    """Return rows with label values as all series have them."""
    return {_fit_all(labels): value for labels, value in rows.items()}


@lru_cache(maxsize=20_000)
def _fit_all(labels: Labels) -> Labels:
    """Return label values as all series have them; they recur at each scrape."""
    return tuple(map(fit, labels))


def _thresholds(loaded: Loaded) -> dict[Family, tuple[float, ...]]:
    """Return the bounds that the objectives in force are judged by."""
    settings = loaded.settings
    rows = running(settings, supposed(settings))
    objectives = (row.section.slo for row in rows)
    ttft = {slo.ttft.threshold for slo in objectives if slo and slo.ttft}
    return {catalog.CANARY_TTFT_SECONDS: tuple(ttft)}
