"""What requests were seen: the truth against which an exporter is tested."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from tm_exporter.simulator.surfaces import Surface


@dataclass(slots=True, kw_only=True, eq=False)
class Record:
    """
    One request and when its answer left.

    Attributes:
        surface: To which it came.
        method: In upper case.
        path: Below the surface's prefix, without the query.
        header_names: In lower case, in order; values may be secret and are not kept.
        request_id: Answered as `x-request-id`.
        started_at: Seconds since the epoch.
        started: Monotonic seconds at which its header was complete.
        status: Answered; None before, or if nothing was.
        sent: Monotonic seconds just before each part of the body was handed to the
            socket: of a stream each event, of another answer the whole.
        finished: Monotonic seconds at which the answer was complete or given up.
    """

    surface: Surface
    method: str
    path: str
    header_names: tuple[str, ...]
    request_id: str
    started_at: float
    started: float
    status: int | None = None
    sent: list[float] = field(default_factory=list)
    finished: float | None = None


@dataclass(frozen=True, slots=True)
class ForbiddenCall:
    """A request which no exporter may ever make."""

    method: str
    path: str


class RequestLog:
    """
    The last requests, and every forbidden one up to the same bound.

    Attributes:
        total: Requests since the start.
        forbidden: Calls that have a side effect or are not a stable interface.
    """

    def __init__(self, bound: int = 1000) -> None:
        self._records: deque[Record] = deque(maxlen=bound)
        self.total = 0
        self.forbidden: deque[ForbiddenCall] = deque(maxlen=bound)

    def add(self, record: Record) -> None:
        """Keep a request from its beginning on."""
        self._records.append(record)
        self.total += 1

    def __iter__(self) -> Iterator[Record]:
        return iter(tuple(self._records))
