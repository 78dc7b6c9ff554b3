"""Say of each target and model whether it is in maintenance, and what for."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

from tm_exporter.config.settings import Settings
from tm_exporter.config.state import NoStateDirectory, state_directory
from tm_exporter.maintenance.notices import Notices
from tm_exporter.maintenance.watch import WindowWatch
from tm_exporter.maintenance.window import OpenWindow
from tm_exporter.observation import Probe, ProbeKey
from tm_exporter.sinks.series import Labels
from tm_exporter.views.status import MaintenanceStatus


class Maintenance:
    """
    Puts windows and deployments that are stopped on purpose together.

    Args:
        settings: Returns the configuration in force.
        is_stopped: Whether the deployment which a probe asks is stopped.
        probes: Returns what runs.
        watch: Knows the windows that are open; its own where it is left out.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        is_stopped: Callable[[ProbeKey], bool],
        probes: Callable[[], Iterable[Probe]],
        watch: WindowWatch | None = None,
    ) -> None:
        self._settings = settings
        self._is_stopped = is_stopped
        self._probes = probes
        self._watch = watch or WindowWatch(
            lambda: settings().maintenance, _notices(settings())
        )

    async def start(self) -> None:
        """Know what is in maintenance, and follow it from now on."""
        await self._watch.start()

    def stop(self) -> None:
        """Follow it no more."""
        self._watch.stop()

    def covers(self, key: ProbeKey) -> bool:
        """Whether a probe's slots are to be skipped now."""
        windows = self._watch.windows()
        return _is_in(windows, key.target, key.model) or self._is_stopped(key)

    def rows(self) -> dict[Labels, float]:
        """Return whether each target, and each of its models, is in maintenance."""
        windows = self._watch.windows()
        rows: dict[Labels, float] = {
            (target.name, target.surface, ""): _is_in(windows, target.name)
            for target in self._settings().targets
        }
        for key in self._asked():
            is_in = _is_in(windows, key.target, key.model) or self._is_stopped(key)
            rows[key.target, key.surface, key.model] = is_in
        return {labels: float(is_in) for labels, is_in in rows.items()}

    def status(self) -> tuple[MaintenanceStatus, ...]:
        """Return what people are told of it."""
        return (*map(_told, self._watch.windows()), *self._stopped())

    def _stopped(self) -> Iterator[MaintenanceStatus]:
        for key in self._asked():
            if self._is_stopped(key):
                yield MaintenanceStatus(
                    name="stopped deployment",
                    origin="deployment",
                    who="",
                    why="its deployment is stopped on purpose",
                    targets=(key.target,),
                    models=(key.model,),
                    since=None,
                    until=None,
                )

    def _asked(self) -> Iterable[ProbeKey]:
        """Return one key for each model of each target."""
        keys = (probe.key for probe in self._probes())
        models = {(key.target, key.model): key for key in keys if key.model}
        return models.values()


def _notices(settings: Settings) -> Notices | None:
    """Return the notices of the state directory, None if there is no such place."""
    try:
        return Notices(state_directory(settings, os.environ))
    except NoStateDirectory:
        return None  # which the memory complains of


def _is_in(windows: Sequence[OpenWindow], target: str, model: str = "") -> bool:
    return any(window.covers(target, model) for window in windows)


def _told(window: OpenWindow) -> MaintenanceStatus:
    return MaintenanceStatus(
        name=window.name,
        origin=window.origin,
        who=window.who,
        why=window.why,
        targets=window.targets,
        models=window.models,
        since=window.since,
        until=window.until,
    )
