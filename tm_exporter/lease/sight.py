"""What one instance has seen of the lease, and since when it is so."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from tm_exporter.budget.totals import Totals
from tm_exporter.lease.record import Record


_LOOKS_AWAY = 0.4  # of the duration: so long a lease may come and go unseen


class Sight:
    """
    The lease as it was seen last.

    Args:
        identity: Whose sight it is.
        duration: Seconds for which a lease is believed to be its holder's, at least.
        clock: Monotonic seconds.

    Attributes:
        record: As read or written last; None where there was none.
        is_sure: Whether nothing was attempted since that may have changed it.
        account: The totals in it, or, if it is gone, in the last one there was.
    """

    def __init__(
        self, identity: str, duration: float, clock: Callable[[], float]
    ) -> None:
        self.record: Record | None = None
        self.is_sure = False
        self.account: Totals | None = None
        self._identity = identity
        self._duration = duration
        self._clock = clock
        self._held_until = -math.inf
        self._missing_since: float | None = None
        self._looked_at = -math.inf

    @property
    def holder(self) -> str:
        """Who holds the lease; empty where nobody does, or none is there."""
        return "" if self.record is None else self.record.holder

    @property
    def is_ours(self) -> bool:
        """Whether this instance holds it."""
        return self.holder == self._identity

    @property
    def free_in(self) -> float:
        """
        Seconds after which this instance may take the lease.

        Of one that is missing, too: it may just have been deleted, and whoever held
        it may not know yet.
        """
        if self.record is not None and self.holder in ("", self._identity):
            return 0.0
        until = self._held_until
        if self._missing_since is not None:
            until = max(until, self._missing_since + self._duration)
        return max(0.0, until - self._clock())

    def read(self, body: Mapping[str, Any] | None) -> None:
        """
        Take note of the lease as it was just read; None if there is none.

        Raises:
            RecordUnreadable: It says nothing that could be relied on.
        """
        if body is not None:
            self._note(Record.of(body))
            return
        now = self._clock()
        looked_away = now - self._looked_at > self._duration * _LOOKS_AWAY
        if self._missing_since is None or looked_away:  # it may have come and gone
            self._missing_since = now
        self.record, self.is_sure, self._looked_at = None, True, now

    def wrote(self, body: Mapping[str, Any]) -> None:
        """
        Take note of the lease as we just wrote it.

        Raises:
            RecordUnreadable: The answer does not say what it is now.
        """
        self._note(Record.of(body))

    def _note(self, seen: Record) -> None:
        """Count its time from now on, unless it is as it was before."""
        if self.record is None or seen.version != self.record.version:
            lasts = max(self._duration, seen.duration or 0.0) if seen.holder else 0.0
            self._held_until = self._clock() + lasts
        self.record, self.is_sure, self._missing_since = seen, True, None
        self._looked_at = self._clock()
        self.account = seen.totals
