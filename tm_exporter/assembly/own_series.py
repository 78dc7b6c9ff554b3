"""What the exporter tells of itself: its build, its configuration, its faults."""

import platform
import time
from collections.abc import Callable, Mapping

from tm_exporter import __version__, catalog
from tm_exporter.clients.stamps import Stamps
from tm_exporter.config.settings import Settings
from tm_exporter.derivations.validity import LOOP_LAG, MEMORY
from tm_exporter.logs.setup import Logging
from tm_exporter.reasons import EXPLANATIONS
from tm_exporter.sinks.labels import fit
from tm_exporter.sinks.metrics import MetricsSink
from tm_exporter.sinks.series import Labels


_RESULTS = ("success", "failure")


class OwnSeries:
    """
    The series of the exporter's own that no run brings.

    Args:
        metrics: Where they are.
        settings: Returns the configuration in force.
        logging: Counts lines that were dropped, and faults.
    """

    def __init__(
        self, metrics: MetricsSink, settings: Callable[[], Settings], logging: Logging
    ) -> None:
        self._metrics = metrics
        self._settings = settings
        self._logging = logging

    def begin(self) -> None:
        """Record what does not change while the daemon runs, and begin to count."""
        self._describe()
        self._count_from_zero()
        self._metrics.table(catalog.TARGET_ACCOUNT_INFO, self._payers)
        self._metrics.table(catalog.EXPORTER_FAULTS, self._logging.faults.rows)
        self._metrics.mirror(
            catalog.EXPORTER_LOG_LINES_DROPPED, lambda: float(self._logging.dropped)
        )

    def note_reload(self, taken: bool) -> None:  # noqa: FBT001 -- what it is told
        """Count a reading of the configuration after the first."""
        record = self._metrics.record
        record(catalog.EXPORTER_CONFIG_RELOADS, 1, (_RESULTS[not taken],))
        record(catalog.EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL, int(taken))
        if taken:
            self._note_reading()

    def note_web_config(self, taken: bool) -> None:  # noqa: FBT001 -- what it is told
        """Count a change of the web configuration."""
        record = self._metrics.record
        record(catalog.EXPORTER_WEB_CONFIG_RELOADS, 1, (_RESULTS[not taken],))
        record(catalog.EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL, int(taken))

    def note_lag(self, seconds: float) -> None:
        """Record how late the event loop was."""
        self._metrics.record(catalog.EXPORTER_EVENT_LOOP_LAG_SECONDS, seconds)

    def show(
        self,
        diagnoses: Callable[[str, Callable[[str], str]], Mapping[Labels, float]],
        maintenance: Callable[[], Mapping[Labels, float]],
        reference: Callable[[], Mapping[Labels, float]],
    ) -> None:
        """Have the page of metrics ask for what others know at each scrape."""
        table = self._metrics.table
        self._metrics.table_of_each(
            catalog.DIAGNOSIS, lambda target: diagnoses(target, fit)
        )
        table(catalog.MAINTENANCE_ACTIVE, maintenance)
        table(catalog.EXPORTER_REFERENCE_UP, reference)

    def show_stamps(self, stamps: Stamps) -> None:
        """Have it tell where the times of what arrives come from."""
        table = self._metrics.table
        table(catalog.EXPORTER_TIMESTAMP_SOURCE_INFO, lambda: {(stamps.source,): 1.0})
        table(
            catalog.EXPORTER_TIMESTAMPS,
            lambda: {(source,): float(n) for source, n in stamps.counts.items()},
        )

    def _describe(self) -> None:
        record, shard = self._metrics.record, self._settings().shard
        python = platform.python_version()
        record(catalog.EXPORTER_BUILD_INFO, 1, (__version__, python))
        record(catalog.EXPORTER_SHARD_INFO, 1, (str(shard.index), str(shard.total)))
        record(catalog.EXPORTER_SHARDS, shard.total)
        record(catalog.EXPORTER_CONFIG_LAST_RELOAD_SUCCESSFUL, 1)
        self._note_reading()
        for reason, explanation in EXPLANATIONS.items():
            record(catalog.FAILURE_REASON_INFO, 1, (reason, explanation.party))

    def _count_from_zero(self) -> None:
        record = self._metrics.record
        for reason in (LOOP_LAG, MEMORY):
            record(catalog.EXPORTER_MEASUREMENTS_DISCARDED, 0, (reason,))
        for result in _RESULTS:
            record(catalog.EXPORTER_CONFIG_RELOADS, 0, (result,))
        if self._settings().server.web_config_file is not None:
            record(catalog.EXPORTER_WEB_CONFIG_LAST_RELOAD_SUCCESSFUL, 1)
            for result in _RESULTS:
                record(catalog.EXPORTER_WEB_CONFIG_RELOADS, 0, (result,))

    def _note_reading(self) -> None:
        self._metrics.record(
            catalog.EXPORTER_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS, time.time()
        )

    def _payers(self) -> dict[Labels, float]:
        """Return a row for each inference target whose account is known."""
        settings = self._settings()
        payers = settings.payers()
        pairs = ((target, payers[target.name]) for target in settings.targets)
        return {
            (target.name, target.surface, payer.name): 1.0
            for target, payer in pairs
            if payer is not None and payer is not target
        }
