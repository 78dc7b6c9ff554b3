"""What the pages of a daemon show of it, put together when they are asked for."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tm_exporter import __version__
from tm_exporter.assembly.treasury import Treasury
from tm_exporter.config.report import Report
from tm_exporter.lease.leadership import Leadership
from tm_exporter.observation import Probe
from tm_exporter.sinks.history import History
from tm_exporter.views.board import StatusBoard
from tm_exporter.views.evidence import Transcript, transcript
from tm_exporter.views.overview import overview
from tm_exporter.views.status import MaintenanceStatus, NotWatched, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    Answers for the pages, out of the parts of a daemon.

    Attributes:
        started: When the daemon did.
        board: Returns what knows the state of each probe.
        report: Returns what is to know of the configuration in force.
        probes: Returns what runs.
        is_ready: Whether every probe ran once.
        maintenance: Returns the windows that are open or to come.
        treasury: What is spent, and what is left.
        leadership: Who pays.
        history: The last runs.
        mask: Takes secrets out of a text.
    """

    started: datetime
    board: Callable[[], StatusBoard]
    report: Callable[[], Report]
    probes: Callable[[], Sequence[Probe]]
    is_ready: Callable[[], bool]
    maintenance: Callable[[], tuple[MaintenanceStatus, ...]]
    treasury: Treasury
    leadership: Leadership
    history: History
    mask: Callable[[str], str]

    async def status(self) -> Status:
        """Return the status of everything, without holding up the loop."""
        keys = [probe.key for probe in self.probes()]
        targets = await self.board().targets_in_turns(keys)
        return Status(
            version=__version__,
            started=self.started,
            ready=self.is_ready(),
            targets=targets,
            not_watched=tuple(
                NotWatched(row.target, row.probe, row.why)
                for row in self.report().not_running
            ),
            maintenance=self.maintenance(),
            budget=self.treasury.status(),
            lease=self.leadership.standing if self.treasury.competes else None,
            overview=overview(targets),
        )

    def evidence(self, probe_id: str) -> Transcript | None:
        """Return the transcript of a kept run, None if it is not kept (any more)."""
        run = self.history.find(probe_id)
        if run is None:
            return None
        board = self.board()
        versions = {
            "tm-exporter": __version__,
            "Python": platform.python_version(),
            **board.service_version(run.observation.key.target),
        }
        return transcript(run, versions, board.next_step, self.mask)
