"""The requests of one run of a pull: one after the other, within one timeout."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from tm_exporter.clients.client import ControlPlaneClient
from tm_exporter.exchange import Exchange
from tm_exporter.judging import judge_aside
from tm_exporter.observation import PASSED, Fact, Outcome, Reason, Sample, Verdict
from tm_exporter.verdict import Judged, Promise


T = TypeVar("T")

_MISSING_ROUTE = (404, 501)

_OF_ONE_REQUEST = (
    Reason.BAD_REQUEST,
    Reason.TOO_LARGE,
    Reason.ERROR_BODY,
    Reason.BAD_PAYLOAD,
)
"""What the service may say to one request, and answer the next one."""


class Reading:
    """
    What a run asked so far, and the verdict on it.

    The first request that fails decides the verdict; what others gave is still
    good, so a run may go on after it.

    Args:
        client: Of the account.
        timeout: Seconds from now to the end of the last answer.
        clock: Monotonic seconds.
    """

    def __init__(
        self, client: ControlPlaneClient, timeout: float, clock: Callable[[], float]
    ) -> None:
        self._client = client
        self._timeout = timeout
        self._clock = clock
        self._deadline = clock() + timeout
        self._exchanges: list[Exchange] = []
        self._excused: list[tuple[Exchange, Verdict]] = []
        self._failed: Exchange | None = None
        self._verdict = PASSED
        self._goes_on = True

    @property
    def verdict(self) -> Verdict:
        """Of the first request that failed; passed as long as none did."""
        return self._verdict

    @property
    def goes_on(self) -> bool:
        """Whether the next request may fare better than those that failed."""
        return self._goes_on

    async def ask(
        self,
        path: str,
        read: Callable[[Any], T],
        params: Mapping[str, str] | None = None,
        *,
        may_be_missing: bool = False,
    ) -> T | None:
        """
        Ask for a route.

        Args:
            path: One of the routes that may be read.
            read: Reads the answer, raising ShapeError; what it returns is not None.
            params: Of the query.
            may_be_missing: A route that is not there, or whose answer cannot be
                read, is no failure of the run.

        Returns:
            What was read, None if the request failed.
        """
        left = self._deadline - self._clock()
        if left <= 0:
            detail = f"no end within {self._timeout:g}s"
            self._note(Verdict(Reason.TIMEOUT, detail), None)
            return None
        exchange = await self._client.get(path, timeout=left, params=params)
        judged = await judged_answer(exchange, read)
        exchange = exchange.emptied()
        if may_be_missing and _is_missing(judged.verdict, exchange):
            self._excused.append((exchange, judged.verdict))
        else:
            self._exchanges.append(exchange)
            self._note(judged.verdict, exchange)
        return judged.answer

    def blame_the_missing(self) -> None:
        """Let the first route that was excused fail the run: nothing was read."""
        for exchange, verdict in self._excused[:1]:
            self._note(verdict, exchange)

    def outcome(
        self,
        samples: Iterable[Sample] = (),
        facts: Iterable[Fact] = (),
        *,
        optional: bool = False,
    ) -> Outcome:
        """
        Return the outcome of the run.

        Args:
            samples: What was measured.
            facts: What was learned besides numbers.
            optional: The service may be without the route: then one that is missing,
                or whose answer cannot be read, counts as unsupported.
        """
        return Outcome(
            verdict=self._verdict,
            exchanges=self._failing_last(),
            samples=tuple(samples),
            facts=tuple(facts),
            supported=not (optional and self._is_unsupported()),
        )

    def _note(self, verdict: Verdict, exchange: Exchange | None) -> None:
        if not verdict.passed and verdict.reason not in _OF_ONE_REQUEST:
            self._goes_on = False
        if self._verdict.passed and not verdict.passed:
            self._verdict, self._failed = verdict, exchange

    def _failing_last(self) -> tuple[Exchange, ...]:
        """Return the exchanges, those that the verdict rests on at the end."""
        every = (*(exchange for exchange, _ in self._excused), *self._exchanges)
        if self._failed is None:
            return every
        others = (each for each in every if each is not self._failed)
        return (*others, self._failed)

    def _is_unsupported(self) -> bool:
        return self._failed is not None and _is_missing(self._verdict, self._failed)


def _is_missing(verdict: Verdict, exchange: Exchange) -> bool:
    """Whether the route is not there, or is another one than the one we know."""
    return exchange.status in _MISSING_ROUTE or verdict.reason is Reason.BAD_PAYLOAD


async def judged_answer(exchange: Exchange, read: Callable[[Any], T]) -> Judged[T]:
    """Judge an answer; what an error says of itself may be private, and stays out."""
    promise = Promise(surface="control_plane", read=read)
    judged = await judge_aside(exchange, promise)
    if judged.verdict.reason is not Reason.ERROR_BODY:
        return judged
    said = Verdict(Reason.ERROR_BODY, "the answer is an error")
    return replace(judged, verdict=said)
