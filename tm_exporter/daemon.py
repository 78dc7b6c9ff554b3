"""The daemon: everything put together, started in order, ended in time."""

import asyncio
import contextlib
import platform
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from tm_exporter import __version__, catalog, runner
from tm_exporter.assembly import Assembly
from tm_exporter.catalog import Family
from tm_exporter.config.load import Loaded
from tm_exporter.config.masking import masked
from tm_exporter.config.report import describe
from tm_exporter.config.running import running
from tm_exporter.derivations.derive import Derivation, derive
from tm_exporter.exposition import Exposition
from tm_exporter.logs import Logging
from tm_exporter.loop_lag import watch_lag
from tm_exporter.observation import Observation, Probe, ProbeKey, Skip
from tm_exporter.reasons import EXPLANATIONS, next_step
from tm_exporter.schedule import Schedule
from tm_exporter.sinks.history import History
from tm_exporter.sinks.log import LogSink
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.publish import publish
from tm_exporter.sinks.series import Shape
from tm_exporter.status import NotWatched, Status, StatusBoard
from tm_exporter.web.app import Sources, build
from tm_exporter.web.server import WebServer


log = structlog.get_logger()

_ANY_PROBE = (Skip.OVERLAP, Skip.MISSED, Skip.THROTTLED)


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
        self._history = History()
        self._derivations: tuple[Derivation, ...] = ()
        self._sinks = (self._metrics, self._history, LogSink(next_step))
        self._schedule = Schedule(
            run=runner.run,
            publish=self._publish,
            counter=self._metrics,
            purse=_Unlimited(),
        )
        self._board = StatusBoard(
            metrics=self._metrics,
            history=self._history,
            next_step=next_step,
            next_slot=self._schedule.next_slot,
        )
        self._report = describe(loaded)
        self._server = WebServer(build(self._sources()), listen)
        self._lag: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """
        Listen, then begin to probe.

        Returns:
            The address of its pages.

        Raises:
            ListenError: The address cannot be listened on.
        """
        url = await self._server.start()
        probes = Assembly(tell_secret=self._logging.register_secret).probes(
            self._settings
        )
        self._describe_itself()
        self._watch(probes)
        self._schedule.start(probes)
        self._lag = asyncio.create_task(watch_lag(self._note_lag), name="loop lag")
        log.info("started", version=__version__, url=url, probes=len(probes))
        self._say_what_to_know()
        return url

    async def stop(self) -> None:
        """End within two seconds, whatever hangs."""
        if self._lag is not None:
            self._lag.cancel()
        await self._schedule.stop()
        await self._server.stop()
        log.info("stopped")

    def _publish(self, observation: Observation) -> None:
        publish(derive(observation, self._derivations), self._sinks)

    def _note_lag(self, seconds: float) -> None:
        self._metrics.record(catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS, seconds)

    def _watch(self, probes: Sequence[Probe]) -> None:
        """Begin the series of each probe at zero."""
        for target in self._settings.targets:
            self._metrics.target_info.describe(
                target.name, target.surface, target.labels
            )
        for probe in probes:
            self._metrics.watch(
                probe.key,
                interval=probe.section.interval,
                reasons=probe.reasons,
                skips=_skips(probe),
                starts=probe.starts,
            )

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
        record(catalog.EXPORTER_LEADER, 1)
        shard = self._settings.shard
        record(catalog.EXPORTER_SHARD_INFO, 1, (str(shard.index), str(shard.total)))
        record(catalog.EXPORTER_TIMESTAMP_SOURCE_INFO, 1, ("user_space",))
        for reason, explanation in EXPLANATIONS.items():
            record(catalog.FAILURE_REASON_INFO, 1, (reason, explanation.party))
        self._metrics.mirror(
            catalog.EXPORTER_LOG_LINES_DROPPED, lambda: float(self._logging.dropped)
        )

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
        )

    def _status(self) -> Status:
        keys: list[ProbeKey] = [probe.key for probe in self._schedule.probes]
        return Status(
            version=__version__,
            started=self._started,
            ready=self._schedule.is_ready,
            targets=self._board.targets(keys),
            not_watched=tuple(
                NotWatched(row.target, row.probe, row.why)
                for row in self._report.not_running
            ),
        )


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


class _Unlimited:
    """A purse without bottom."""

    async def reserve(self, probe: Probe) -> object:
        """Reserve nothing."""
        return probe

    async def settle(self, reserved: object, observation: Observation) -> Observation:  # noqa: ARG002
        """Charge nothing."""
        return observation


def _thresholds(loaded: Loaded) -> dict[Family, tuple[float, ...]]:
    """Return the bounds that the objectives in force are judged by."""
    objectives = (row.section.slo for row in running(loaded.settings))
    ttft = {slo.ttft.threshold for slo in objectives if slo and slo.ttft}
    return {catalog.CANARY_TTFT_SECONDS: tuple(ttft)}


def _skips(probe: Probe) -> tuple[Skip, ...]:
    """Return what a probe's slots can be skipped for."""
    return (*_ANY_PROBE, Skip.UNSUPPORTED) if probe.section.optional else _ANY_PROBE
