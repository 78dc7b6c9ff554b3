"""A window of maintenance that is open now, whoever opened it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from tm_exporter.config.window import WindowSection


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWindow:
    """
    What is in maintenance, why, and until when.

    Attributes:
        name: As configured; of one begun by hand, what it is ended by.
        origin: Where it comes from.
        who: Whoever began it by hand.
        why: For people.
        targets: Their names; all of them where there are none.
        models: Their names; where there are none, the targets as a whole.
        since: When it began.
        until: When it ends, which is no part of it.
    """

    name: str
    origin: Literal["configuration", "command"]
    who: str = ""
    why: str = ""
    targets: tuple[str, ...]
    models: tuple[str, ...]
    since: datetime
    until: datetime

    @property
    def identity(self) -> tuple[object, ...]:
        """What it has in common with its next opening, if it comes again."""
        return (self.origin, self.name, self.targets, self.models)

    def covers(self, target: str, model: str) -> bool:
        """Whether a target's model is in it; the target as a whole without one."""
        is_target = not self.targets or target in self.targets
        return is_target and (not self.models or model in self.models)


def planned(windows: Iterable[WindowSection], now: float) -> Iterator[OpenWindow]:
    """
    Yield the configured windows that are open.

    Args:
        windows: As configured.
        now: Seconds since the epoch.
    """
    for window in windows:
        if (opening := window.opening(now)) is not None:
            yield OpenWindow(
                name=window.name,
                origin="configuration",
                targets=window.targets,
                models=window.models,
                since=datetime.fromtimestamp(opening.since, UTC),
                until=datetime.fromtimestamp(opening.until, UTC),
            )
