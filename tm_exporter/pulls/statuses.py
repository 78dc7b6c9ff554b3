"""What the status of a deployment means, as far as anyone knows."""

from collections.abc import Iterable
from dataclasses import dataclass


_PREFIX = "MODEL_STATUS_"
_WORKS = {"RUNNING", "ACTIVE", "READY", "DEPLOYED"}
_FAILED = {"FAILED", "ERROR", "CRASHED", "UNHEALTHY"}
_STOPPED = {
    *("STOPPED", "PAUSED", "SUSPENDED", "INACTIVE"),
    *("UNDEPLOYED", "TERMINATED", "DELETED"),
}


@dataclass(frozen=True, slots=True)
class Statuses:
    """
    Which texts of `MODEL_STATUS_*` mean what.

    The service documents none. What is configured is compared as a whole, with the
    prefix or without it; where nothing is, a status is guessed by its words, and one
    that has none of them means nothing.

    Attributes:
        healthy: Texts of a deployment that works; None to guess.
        stopped: Texts of one that is stopped on purpose; None to guess.
    """

    healthy: tuple[str, ...] | None = None
    stopped: tuple[str, ...] | None = None

    def is_stopped(self, status: str) -> bool:
        """Whether a deployment is stopped on purpose."""
        if self.stopped is not None:
            return _bare(status) in map(_bare, self.stopped)
        if self._is_listed_as_healthy(status):
            return False
        return _says(status, _STOPPED)

    def is_healthy(self, status: str) -> bool | None:
        """Whether a deployment works; None if it need not, or the text says nothing."""
        if self._is_listed_as_healthy(status):
            return True
        if self.is_stopped(status) or _bare(status) == "UNSPECIFIED":
            return None
        if self.healthy is not None:
            return False
        if _says(status, _FAILED):
            return False
        return True if _says(status, _WORKS) else None

    def _is_listed_as_healthy(self, status: str) -> bool:
        return self.healthy is not None and _bare(status) in map(_bare, self.healthy)


def _bare(status: str) -> str:
    return status.strip().upper().removeprefix(_PREFIX)


def _says(status: str, words: Iterable[str]) -> bool:
    """Whether a status has one of the words, as a whole and not denied."""
    said = set(_bare(status).split("_"))
    return "NOT" not in said and not said.isdisjoint(words)
